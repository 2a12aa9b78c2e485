// Satisfaction: mean score and share of the two best scores, with the response rate. Computed from what is stored, each time.
import type { SurveyFigures, SurveyQuestionFigures } from '../contract/index.js';
import type { SurveyAnswerCount, SurveyRunCount } from '../db/index.js';

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
const sum = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0);

/** `nameOf`: what counts as one; counts of the same name are added up. Those who were not asked do not appear. */
export function figuresOf(
  runs: readonly SurveyRunCount[],
  answers: readonly SurveyAnswerCount[],
  nameOf: (key: string | number | null) => string | null,
): SurveyFigures[] {
  const names = [...new Set(runs.map(({ key }) => nameOf(key)))].sort((a, b) => (a ?? '').localeCompare(b ?? ''));
  return names.map((key) => {
    const asked = runs.filter((run) => nameOf(run.key) === key);
    const said = answers.filter((answer) => nameOf(answer.key) === key);
    const offered = sum(asked, (run) => run.runs);
    const answered = sum(asked, (run) => run.answered);
    const inState = (state: string): number => sum(asked, (run) => (run.state === state ? run.runs : 0));
    return {
      ...{ key, offered, answered, complete: inState('complete'), refused: inState('refused') },
      ...{ responseRate: share(answered, offered), ...scoresOf(said), questions: questionsOf(said) },
    };
  });
}

/** Scores of different ranges have no mean together; the share of the two best ones of each they have. */
function scoresOf(said: readonly SurveyAnswerCount[]): Pick<SurveyFigures, 'scores' | 'mean' | 'topTwo'> {
  const scored = said.filter(({ kind, value }) => kind === 'score' && value !== null);
  const ranges = new Set(scored.map(({ least, most }) => `${least} ${most}`));
  const scores = sum(scored, ({ count }) => count);
  return {
    scores,
    mean:
      ranges.size === 1
        ? share(
            sum(scored, ({ value, count }) => (value ?? 0) * count),
            scores,
          )
        : null,
    topTwo: share(
      sum(scored, (one) => (isTop(one) ? one.count : 0)),
      scores,
    ),
  };
}

const isTop = ({ value, most }: SurveyAnswerCount): boolean => value !== null && most !== null && value >= most - 1;

function questionsOf(said: readonly SurveyAnswerCount[]): SurveyQuestionFigures[] {
  const byQuestion = new Map<string, SurveyAnswerCount[]>();
  for (const one of said) {
    // Asked in another range it is another question.
    const key = [one.surveyId, one.questionId, one.kind, one.least, one.most].join(' ');
    byQuestion.set(key, [...(byQuestion.get(key) ?? []), one]);
  }
  return [...byQuestion.values()].map((all) => {
    const { surveyId, questionId, kind, least, most } = all[0] as SurveyAnswerCount;
    const answers = sum(all, ({ count }) => count);
    const valued = all.filter(({ value }) => value !== null);
    const chosen = new Map<string, number>();
    for (const { choice, count } of all) if (choice !== null) chosen.set(choice, (chosen.get(choice) ?? 0) + count);
    return {
      ...{ surveyId, questionId, kind, least, most, answers },
      mean: share(
        sum(valued, ({ value, count }) => (value ?? 0) * count),
        sum(valued, ({ count }) => count),
      ),
      topTwo:
        kind === 'score'
          ? share(
              sum(all, (one) => (isTop(one) ? one.count : 0)),
              answers,
            )
          : null,
      choices: Object.fromEntries(chosen),
    };
  });
}
