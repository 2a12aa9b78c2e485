// What a caller is asked and what is kept of it, with a caller who presses what the test wants; the real paths are in
// integration/surveys.test.ts.
import { describe, expect, test } from 'vitest';
import type { Language, LiveEvents, SurveyQuestion } from '../../daemon/src/contract/index.js';
import { SurveyCreate } from '../../daemon/src/contract/index.js';
import { TypedEmitter, isAppError } from '../../daemon/src/platform/index.js';
import type { CommentRecorder } from '../../daemon/src/surveys/index.js';
import { figuresOf } from '../../daemon/src/surveys/survey-figures.js';
import { Caller } from '../support/caller.js';
import { callRow } from '../support/db-rows.js';
import { surveyDesk } from '../support/survey-desk.js';
import { testDatabase } from '../support/test-database.js';
import { until } from '../support/turns.js';

const say = { prompts: ['survey-score'], texts: {} };
const note = (): Promise<void> => Promise.resolve();

async function desk(questions: object[], over: object = {}, recorder?: CommentRecorder) {
  const db = await testDatabase();
  const caller = new Caller();
  await db.write((tx) => tx.calls.insert(callRow({ id: caller.callId })));
  const live = new TypedEmitter<LiveEvents>();
  const { surveys, book } = await surveyDesk({
    ...{ db, live, clock: caller.clock },
    ...(recorder === undefined ? {} : { recorder }),
  });
  await book.create(SurveyCreate.parse({ id: 'asked', name: 'Asked', questions, ...over }), 'root', note);
  const kept = async () => {
    const [run] = await db.surveys.runs({ callId: caller.callId }, 1);
    return { run, answers: await db.surveys.answers(run === undefined ? [] : [run.id]) };
  };
  /** Resolves when he is told this. */
  const told = (text: string, times = 1): Promise<void> =>
    until(() => caller.log.filter((one) => one === `play ${text}`).length >= times, `${text} is played`);
  return { db, caller, surveys, book, kept, told };
}

const score = (over: object = {}) => ({ kind: 'score', id: 'service', say, ...over });

describe('a question', () => {
  test('of ten points takes the 10, and 1 when nothing follows', async () => {
    for (const [keys, value] of [
      [['1', '0'], 10],
      [['1'], 1],
      [['7'], 7],
    ] as const) {
      const { caller, surveys, kept, told } = await desk([score({ least: 0, most: 10 })]);
      const done = surveys.port.run(caller, 'asked');
      await told('survey-score');
      caller.press(...keys);
      await until(() => caller.clock.timers > 0 || caller.log.includes('play survey-thanks'), 'he may press another');
      if (!caller.log.includes('play survey-thanks')) await caller.clock.advance(1500);
      await told('survey-thanks');
      await caller.clock.advance(2000);
      expect(await done).toMatchObject({ outcome: 'done' });
      expect((await kept()).answers).toMatchObject([{ value, least: 0, most: 10 }]);
    }
  });

  test('that nobody answers is asked as often as it may be, and left out', async () => {
    const { caller, surveys, kept, told } = await desk([score(), score({ id: 'second' })], { retries: 1 });
    const done = surveys.port.run(caller, 'asked');
    for (let times = 1; times <= 2; times += 1) {
      await told('survey-score', times);
      await caller.clock.advance(2000);
      await caller.clock.advance(7000);
    }
    await told('survey-score', 3);
    caller.press('2');
    await told('survey-thanks');
    await caller.clock.advance(2000);
    await done;
    const { run, answers } = await kept();
    expect(run?.state).toBe('partial');
    expect(answers).toMatchObject([{ questionId: 'second', value: 2 }]);
  });

  test('that must be answered ends the survey when it is not', async () => {
    const { caller, surveys, kept, told } = await desk([score({ required: true }), score({ id: 'second' })], {
      retries: 0,
    });
    const done = surveys.port.run(caller, 'asked');
    await told('survey-score');
    await caller.clock.advance(2000);
    await caller.clock.advance(7000);
    await done;
    expect((await kept()).run?.state).toBe('unanswered');
    expect(caller.log.filter((one) => one.startsWith('play'))).toEqual(['play survey-score']);
  });

  test('is spoken in his language, and a comment recorded', async () => {
    const recorder: CommentRecorder = {
      record: (_session, { maxMs }) => Promise.resolve({ file: 'comment.wav', durationMs: maxMs / 10 }),
    };
    const texts = { 'zh-CN': '请留言', en: 'Tell us' };
    const question = { kind: 'comment', id: 'words', say: { prompts: [], texts }, maxMs: 30_000 };
    const { caller, surveys, kept, told } = await desk([question], { thanks: null }, recorder);
    caller.setLanguage('zh-CN');
    const done = surveys.port.run(caller, 'asked');
    await told('zh-CN 请留言');
    await caller.clock.advance(2000);
    expect(await done).toEqual({ outcome: 'done', values: { state: 'complete' } });
    expect((await kept()).answers).toMatchObject([{ file: 'comment.wav', durationMs: 3000, value: null }]);
  });
});

test('what he has answered is on the disk when the next question is asked, and counts when the daemon dies then', async () => {
  const { db, caller, surveys, kept, told, book } = await desk([score(), score({ id: 'second' })]);
  void surveys.port.run(caller, 'asked').catch(() => undefined);
  await told('survey-score');
  caller.press('5');
  await told('survey-score', 2);
  expect(await kept()).toMatchObject({ run: { state: 'running', endedAt: null }, answers: [{ value: 5 }] });

  const next = await surveyDesk({ db, live: new TypedEmitter<LiveEvents>(), clock: caller.clock });
  const nobody = { events: { on: () => () => undefined }, find: () => undefined };
  await next.surveys.start(nobody as never);
  const { run, answers } = await kept();
  expect(run).toMatchObject({ state: 'partial', endedAt: answers[0]?.at });
  expect(next.book.list().map(({ id }) => id)).toEqual(book.list().map(({ id }) => id));
});

test('a survey that is switched off, or is not there, is refused', async () => {
  const { caller, surveys, book } = await desk([score()]);
  await book.change('asked', { enabled: false }, 'root', note);
  expect(await surveys.port.run(caller, 'asked')).toMatchObject({ outcome: 'refused' });
  expect(await surveys.port.run(caller, 'nothing')).toMatchObject({ outcome: 'refused' });
});

test('what cannot be asked is refused, each with its question and its field, in both languages', async () => {
  const { book } = await desk([score()]);
  const questions: object[] = [
    score({ least: 5, most: 5 }),
    { kind: 'yesNo', id: 'service', say: { prompts: ['no-such-prompt'] }, yes: '1', no: '1' },
    {
      kind: 'choice',
      id: 'why',
      say: { texts: { en: 'Why?' } },
      choices: [
        { key: '1', name: 'a' },
        { key: '1', name: 'b' },
      ],
    },
    { kind: 'comment', id: 'words', say: {} },
  ];
  const survey = SurveyCreate.parse({ id: 'wrong', name: 'Wrong', questions });
  const error = await book.create(survey, 'root', note).catch((reason: unknown) => reason);
  if (!isAppError(error, 'body_invalid')) throw error;
  expect(error.details('en').map(({ path }) => path)).toEqual([
    'questions.0.most',
    'questions.1.id',
    'questions.1.say.prompts.0',
    'questions.1.no',
    'questions.2.say.texts.zh-CN',
    'questions.2.choices.1.key',
    'questions.3.say',
    'questions.3.kind',
  ]);
  for (const language of ['en', 'zh-CN'] as Language[])
    expect(error.details(language).every(({ message }) => message.length > 5)).toBe(true);
  expect(book.find('wrong')).toBeUndefined();
});

test('figures: mean, share of the two best and response rate, by the definition', () => {
  const runs = [
    { key: '2001', state: 'complete', runs: 3, answered: 3 },
    { key: '2001', state: 'refused', runs: 1, answered: 0 },
    { key: '2001', state: 'unanswered', runs: 4, answered: 0 },
  ] as const;
  const answer = (value: number, count: number, over: object = {}) => ({
    ...{ key: '2001', surveyId: 'asked', questionId: 'service', kind: 'score' as SurveyQuestion['kind'] },
    ...{ value, count, least: 1, most: 5, choice: null, ...over },
  });
  const name = (key: string | number | null): string => String(key);
  expect(figuresOf(runs, [answer(5, 1), answer(4, 1), answer(1, 1)], name)).toEqual([
    {
      ...{ key: '2001', offered: 8, answered: 3, complete: 3, refused: 1, responseRate: 0.375 },
      ...{ scores: 3, mean: 10 / 3, topTwo: 2 / 3 },
      questions: [
        {
          ...{ surveyId: 'asked', questionId: 'service', kind: 'score', least: 1, most: 5 },
          ...{ answers: 3, mean: 10 / 3, topTwo: 2 / 3, choices: {} },
        },
      ],
    },
  ]);
  // A mean of points out of five and of points out of ten says nothing.
  const mixed = figuresOf(runs, [answer(5, 1), answer(9, 1, { questionId: 'other', least: 0, most: 10 })], name);
  expect(mixed[0]).toMatchObject({ mean: null, topTwo: 1, scores: 2 });
});

test('figures are counted in the database, by agent and by day', async () => {
  const { db, surveys, caller } = await desk([score()]);
  const at = Date.UTC(2026, 10, 22, 10, 7);
  await db.write(async (tx) => {
    for (const [i, agentId] of ['2001', '2001', '2002'].entries()) {
      const run = { id: `run${i}`, surveyId: 'asked', callId: caller.callId, segmentId: null, agentId, queueId: null };
      await tx.surveys.insertRun({
        ...{ ...run, direction: 'in', number: '1', trigger: 'rule', language: 'en', state: 'complete' },
        ...{ startedAt: at + i * 86_400_000, endedAt: null },
      });
      await tx.surveys.insertAnswer({
        ...{
          id: `answer${i}`,
          runId: run.id,
          questionId: 'service',
          kind: 'score',
          at,
          value: 3 + i,
          least: 1,
          most: 5,
        },
        ...{ choice: null, file: null, durationMs: null },
      });
    }
  });
  expect(await surveys.figures({ by: 'agent' })).toMatchObject([
    { key: '2001', offered: 2, answered: 2, mean: 3.5, topTwo: 0.5 },
    { key: '2002', offered: 1, mean: 5, topTwo: 1 },
  ]);
  expect(await surveys.figures({ by: 'day', from: at + 1 })).toMatchObject([
    { key: '2026-11-23', mean: 4 },
    { key: '2026-11-24', mean: 5 },
  ]);
  expect(await surveys.figures({ by: 'survey', agentId: '2002' }, [])).toEqual([]);
  expect((await surveys.results({ limit: 2 })).results.map(({ id }) => id)).toEqual(['run2', 'run1']);
  expect(await db.surveys.lastAsked('1')).toBe(at + 2 * 86_400_000);
});
