// Surveys and their rules as they are laid down, in memory: call control asks for them when somebody hangs up, and cannot wait.
import type {
  ErrorDetail,
  Language,
  Survey,
  SurveyCreate,
  SurveyPatch,
  SurveyQuestion,
  SurveyRule,
  SurveyRuleCreate,
  SurveyRulePatch,
  SurveyWords,
} from '../contract/index.js';
import type { Db, Writes } from '../db/index.js';
import { AppError, newUlid, type Clock } from '../platform/index.js';

export interface SurveyBookOptions {
  db: Db;
  /** names of those that are there in any language */
  promptNames: () => Promise<ReadonlySet<string>>;
  /** whether comments can be recorded */
  records: () => boolean;
  /** flows that have this survey, by name */
  flowsWith: (surveyId: string) => readonly string[];
  clock: Clock;
}

/** Writes down who has changed what, in the transaction of the change. */
export type Note = (tx: Writes, id: string, states: { before?: unknown; after?: unknown }) => Promise<void>;

/** Of a talk, as far as rules ask for it. */
export interface SurveyFacts {
  direction: 'in' | 'out' | 'internal';
  queueId: string | null;
}

const SEEDED = 'surveysSeededAt';
const LANGUAGES: readonly Language[] = ['zh-CN', 'en'];

export class SurveyBook {
  readonly #options: SurveyBookOptions;
  #surveys: ReadonlyMap<string, Survey> = new Map();
  #rules: readonly SurveyRule[] = [];

  constructor(options: SurveyBookOptions) {
    this.#options = options;
  }

  /** A new box has one survey of one question, in prompts of both languages; what somebody removes does not come back. */
  async start(language: Language): Promise<void> {
    const { db, clock } = this.#options;
    const now = clock.wallMs();
    await db.write(async (tx) => {
      if ((await tx.meta.get(SEEDED)) !== null) return;
      await tx.meta.set(SEEDED, String(now));
      if ((await tx.surveys.find('satisfaction')) !== null) return;
      const words = (...prompts: string[]): SurveyWords => ({ prompts, texts: {} });
      await tx.surveys.insert({
        ...{ id: 'satisfaction', name: language === 'en' ? 'Satisfaction' : '满意度', invitation: null },
        questions: [
          { kind: 'score', id: 'service', say: words('survey-score'), required: false, least: 1, most: 5 },
          { kind: 'yesNo', id: 'solved', say: words('survey-solved'), required: false, yes: '1', no: '2' },
        ],
        ...{ retries: 2, timeoutMs: 7000, invalid: words('survey-invalid'), thanks: words('survey-thanks') },
        ...{ shownToAgents: true, enabled: true, updatedAt: now, updatedBy: '-' },
      });
    });
    await this.#read();
  }

  list(): Survey[] {
    return [...this.#surveys.values()];
  }

  /** AppError survey_not_found. */
  get(id: string): Survey {
    const survey = this.#surveys.get(id);
    if (survey === undefined) throw new AppError('survey_not_found', { id });
    return survey;
  }

  find(id: string): Survey | undefined {
    return this.#surveys.get(id);
  }

  rules(): readonly SurveyRule[] {
    return this.#rules;
  }

  /** The first that is switched on and fits. */
  ruleFor({ direction, queueId }: SurveyFacts): SurveyRule | undefined {
    if (direction === 'internal') return undefined;
    return this.#rules.find(
      (rule) =>
        rule.enabled &&
        (rule.direction ?? direction) === direction &&
        (rule.queueId === null || rule.queueId === queueId) &&
        this.#surveys.get(rule.surveyId)?.enabled === true,
    );
  }

  /** survey_exists, body_invalid */
  async create(survey: SurveyCreate, by: string, note: Note): Promise<Survey> {
    const row = { ...survey, updatedAt: this.#options.clock.wallMs(), updatedBy: by };
    await this.#check(row);
    await this.#options.db.write(async (tx) => {
      await tx.surveys.insert(row);
      await note(tx, row.id, { after: row });
    });
    await this.#read();
    return row;
  }

  /** Those who are being asked keep what they came into. survey_not_found, body_invalid */
  async change(id: string, patch: SurveyPatch, by: string, note: Note): Promise<Survey> {
    const { db, clock } = this.#options;
    const before = this.get(id);
    const row = { ...before, ...given(patch), updatedAt: clock.wallMs(), updatedBy: by };
    await this.#check(row);
    await db.write(async (tx) => {
      await tx.surveys.update(id, { ...given(patch), updatedAt: row.updatedAt, updatedBy: by });
      await note(tx, id, { before, after: row });
    });
    await this.#read();
    return this.get(id);
  }

  /** What was answered stays. survey_not_found, survey_in_use */
  async remove(id: string, note: Note): Promise<void> {
    const before = this.get(id);
    const rule = this.#rules.find(({ surveyId }) => surveyId === id);
    const user = rule?.name ?? this.#options.flowsWith(id)[0];
    if (user !== undefined) throw new AppError('survey_in_use', { id, user });
    await this.#options.db.write(async (tx) => {
      await tx.surveys.remove(id);
      await note(tx, id, { before });
    });
    await this.#read();
  }

  /** body_invalid */
  async createRule(rule: SurveyRuleCreate, note: Note): Promise<SurveyRule> {
    const row = { ...rule, id: newUlid() };
    await this.#checkRule(row);
    await this.#options.db.write(async (tx) => {
      await tx.surveys.insertRule(row);
      await note(tx, row.id, { after: row });
    });
    await this.#read();
    return row;
  }

  /** survey_rule_not_found, body_invalid */
  async changeRule(id: string, patch: SurveyRulePatch, note: Note): Promise<SurveyRule> {
    const before = this.#rule(id);
    const row = { ...before, ...given(patch) };
    await this.#checkRule(row);
    await this.#options.db.write(async (tx) => {
      await tx.surveys.updateRule(id, patch);
      await note(tx, id, { before, after: row });
    });
    await this.#read();
    return row;
  }

  /** survey_rule_not_found */
  async removeRule(id: string, note: Note): Promise<void> {
    const before = this.#rule(id);
    await this.#options.db.write(async (tx) => {
      await tx.surveys.removeRule(id);
      await note(tx, id, { before });
    });
    await this.#read();
  }

  #rule(id: string): SurveyRule {
    const rule = this.#rules.find((one) => one.id === id);
    if (rule === undefined) throw new AppError('survey_rule_not_found', { id });
    return rule;
  }

  async #read(): Promise<void> {
    const { db } = this.#options;
    const [surveys, rules] = await Promise.all([db.surveys.list(), db.surveys.rules()]);
    this.#surveys = new Map(surveys.map((survey) => [survey.id, survey]));
    this.#rules = rules;
  }

  async #checkRule({ surveyId, queueId }: SurveyRule): Promise<void> {
    const wrong: [string, AppError][] = [];
    if (!this.#surveys.has(surveyId)) wrong.push(['surveyId', new AppError('survey_not_found', { id: surveyId })]);
    if (queueId !== null && (await this.#options.db.queues.find(queueId)) === null)
      wrong.push(['queueId', new AppError('queue_not_found', { id: queueId })]);
    refuse(wrong);
  }

  /** Names question and field. */
  async #check({ questions, ...survey }: Survey): Promise<void> {
    const prompts = await this.#options.promptNames();
    const wrong: [string, AppError][] = [];
    const words = (path: string, said: SurveyWords | null): void => {
      if (said === null) return;
      const texts = LANGUAGES.filter((language) => said.texts[language] !== undefined);
      const missing = LANGUAGES.find((language) => said.texts[language] === undefined);
      if (said.prompts.length === 0 && texts.length === 0) wrong.push([path, new AppError('survey_question_silent')]);
      else if (texts.length === 1 && missing !== undefined)
        wrong.push([`${path}.texts.${missing}`, new AppError('survey_text_missing', { language: missing })]);
      said.prompts.forEach((name, i) => {
        if (!prompts.has(name)) wrong.push([`${path}.prompts.${i}`, new AppError('survey_prompt_missing', { name })]);
      });
    };
    for (const part of ['invitation', 'invalid', 'thanks'] as const) words(part, survey[part]);
    const ids = new Set<string>();
    questions.forEach((question, i) => {
      const { id, say } = question;
      if (ids.has(id)) wrong.push([`questions.${i}.id`, new AppError('survey_question_twice', { id })]);
      ids.add(id);
      words(`questions.${i}.say`, say);
      for (const [field, error] of this.#keysOf(question)) wrong.push([`questions.${i}.${field}`, error]);
    });
    refuse(wrong);
  }

  #keysOf(question: SurveyQuestion): [string, AppError][] {
    switch (question.kind) {
      case 'score':
        return question.most > question.least ? [] : [['most', new AppError('survey_range_empty')]];
      case 'yesNo':
        return question.yes === question.no ? [['no', new AppError('survey_key_twice', { key: question.no })]] : [];
      case 'choice':
        return question.choices.flatMap(({ key }, i) =>
          question.choices.findIndex((other) => other.key === key) === i
            ? []
            : [[`choices.${i}.key`, new AppError('survey_key_twice', { key })] as [string, AppError]],
        );
      case 'comment':
        return this.#options.records() ? [] : [['kind', new AppError('survey_no_recorder')]];
    }
  }
}

/** Every field that is there. */
function given<T extends object>(patch: T): { [K in keyof T]-?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as never;
}

function refuse(wrong: readonly [path: string, reason: AppError][]): void {
  if (wrong.length === 0) return;
  const details = (language: Language): ErrorDetail[] =>
    wrong.map(([path, reason]) => ({ path, message: reason.text(language) }));
  throw new AppError('body_invalid', {}, { details });
}
