// One caller goes through a survey. Each answer is on the disk before the next question is asked.
//
//   invitation → (1) question → key → answer kept → … → thanks
//                (other) refused     ↘ no answer: asked again, then left out
import { CallEndedError, type FlowSession } from '../calls/index.js';
import type { SurveyAnswer, SurveyQuestion, SurveyRun } from '../contract/index.js';
import type { SurveyRow } from '../db/index.js';
import { errorText, newUlid, type Clock, type Log } from '../platform/index.js';
import { SurveySpeaker, type SurveyVoices } from './survey-words.js';

/** Records what a caller says; a box may have nobody who does. */
export interface CommentRecorder {
  record(
    session: FlowSession,
    options: { maxMs: number; silenceMs: number; terminator: string },
    at: { flow: string; node: string },
  ): Promise<{ file: string; durationMs: number }>;
}

export interface SurveyKeeper {
  begin(run: SurveyRun): Promise<void>;
  /** Resolves when it is on the disk. */
  keep(run: SurveyRun, answer: SurveyAnswer): Promise<void>;
  end(run: SurveyRun, state: SurveyRun['state']): Promise<void>;
}

export interface SurveyRunOptions {
  survey: SurveyRow;
  session: FlowSession;
  run: SurveyRun;
  keeper: SurveyKeeper;
  voices: SurveyVoices;
  recorder: CommentRecorder | undefined;
  clock: Clock;
  log: Log;
}

/** After the 1 of a 10. */
const SECOND_KEY_MS = 1500;
const YES = '1';
type Given = Pick<SurveyAnswer, 'value' | 'choice' | 'file' | 'durationMs'>;
const NOTHING: Given = { value: null, choice: null, file: null, durationMs: null };

/** Resolves with what came of it; rejects with the signal's reason when the call ended, after that was kept, too. */
export async function runSurvey(options: SurveyRunOptions): Promise<SurveyRun['state']> {
  const { survey, session, run, keeper, log } = options;
  const { surveyId, trigger, agentId } = run;
  session.signal.throwIfAborted();
  await keeper.begin(run);
  const segment = session.segment('survey', {
    runId: run.id,
    surveyId,
    trigger,
    ...(agentId === null ? {} : { agentId }),
  });
  const progress = { answers: 0, refused: false };
  let failure: unknown;
  try {
    await ask(options, progress);
  } catch (error) {
    if (!(error instanceof CallEndedError))
      log.error({ err: error, survey: surveyId }, `a survey fails: ${errorText(error)}`);
    failure = error;
  }
  const { answers, refused } = progress;
  const whole = answers === survey.questions.length;
  const state = refused ? 'refused' : whole ? 'complete' : answers > 0 ? 'partial' : 'unanswered';
  segment.end({ outcome: state, answers });
  await keeper.end(run, state);
  if (failure instanceof Error) throw failure;
  return state;
}

async function ask(options: SurveyRunOptions, progress: { answers: number; refused: boolean }): Promise<void> {
  const { survey, session, run, keeper, voices, clock, log } = options;
  const speaker = new SurveySpeaker(session, voices, log);
  session.digits.clear();
  if (survey.invitation !== null) {
    await speaker.say(survey.invitation, 'invitation');
    if ((await speaker.key(survey.timeoutMs)) !== YES) {
      progress.refused = true;
      return;
    }
  }
  for (const question of survey.questions) {
    const given = await answerTo(question, options, speaker);
    if (given !== undefined) {
      const range = question.kind === 'score' ? question : { least: null, most: null };
      await keeper.keep(run, {
        ...{ id: newUlid(), runId: run.id, questionId: question.id, kind: question.kind, at: clock.wallMs() },
        ...{ ...given, least: range.least, most: range.most },
      });
      progress.answers += 1;
    } else if (question.required) return;
    // What was pressed too much is no answer to what comes next.
    session.digits.clear();
  }
  await speaker.say(survey.thanks, 'thanks', false);
}

/** undefined: he has not answered it */
async function answerTo(
  question: SurveyQuestion,
  options: SurveyRunOptions,
  speaker: SurveySpeaker,
): Promise<Given | undefined> {
  const { survey, session } = options;
  if (question.kind === 'comment') return comment(question, options, speaker);
  for (let attempt = 0; attempt <= survey.retries; attempt += 1) {
    await speaker.say(question.say, question.id);
    const key = await speaker.key(survey.timeoutMs);
    const given = key === undefined ? undefined : await meaning(question, key, speaker, session);
    if (given !== undefined) return given;
    if (key !== undefined) await speaker.say(survey.invalid, `${question.id}.invalid`, false);
  }
  return undefined;
}

async function meaning(
  question: Exclude<SurveyQuestion, { kind: 'comment' }>,
  key: string,
  speaker: SurveySpeaker,
  { digits }: FlowSession,
): Promise<Given | undefined> {
  switch (question.kind) {
    case 'score': {
      if (!/^[0-9]$/.test(key)) return undefined;
      let score = Number(key);
      if (question.most === 10 && score === 1) {
        const second = await speaker.key(SECOND_KEY_MS);
        if (second === '0') score = 10;
        else if (second !== undefined && second !== '#') digits.clear();
      }
      return score < question.least || score > question.most ? undefined : { ...NOTHING, value: score };
    }
    case 'yesNo':
      if (key !== question.yes && key !== question.no) return undefined;
      return { ...NOTHING, value: key === question.yes ? 1 : 0 };
    case 'choice': {
      const choice = question.choices.find((one) => one.key === key);
      return choice === undefined ? undefined : { ...NOTHING, choice: choice.name };
    }
  }
}

async function comment(
  question: Extract<SurveyQuestion, { kind: 'comment' }>,
  { survey, session, recorder, log }: SurveyRunOptions,
  speaker: SurveySpeaker,
): Promise<Given | undefined> {
  if (recorder === undefined) return undefined;
  await speaker.say(question.say, question.id);
  session.digits.clear();
  const { maxMs, silenceMs } = question;
  try {
    const { file, durationMs } = await recorder.record(
      session,
      { maxMs, silenceMs, terminator: '#' },
      { flow: survey.id, node: question.id },
    );
    return durationMs === 0 ? undefined : { ...NOTHING, file, durationMs };
  } catch (error) {
    session.signal.throwIfAborted();
    log.warn({ err: error, question: question.id }, `a comment was not recorded: ${errorText(error)}`);
    return undefined;
  }
}
