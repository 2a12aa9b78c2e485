// What a caller who wants to be called back hears and presses, and what is taken of it.
import { expect, it } from 'vitest';
import { CallbackDesk, type Wanted } from '../../daemon/src/callback/index.js';
import { CallbackRulePut, QueueEntry, type Callback } from '../../daemon/src/contract/index.js';
import { AppError, silentLog } from '../../daemon/src/platform/index.js';
import { Caller } from '../support/caller.js';

const ENTRY = QueueEntry.parse({ priority: 8 });

class CallerFrom extends Caller {
  override readonly callingNumber: string;
  constructor(number: string) {
    super();
    this.callingNumber = number;
  }
}

function desk(rule: Partial<CallbackRulePut> = {}, refuse: (wanted: Wanted) => AppError | undefined = () => undefined) {
  const taken: Wanted[] = [];
  const book = {
    rule: (queueId: string) => (queueId === 'sales' ? { queueId, ...CallbackRulePut.parse(rule) } : undefined),
    queues: () => ['sales'],
    take(wanted: Wanted) {
      const error = refuse(wanted);
      if (error !== undefined) return Promise.reject(error);
      taken.push(wanted);
      return Promise.resolve({ id: 'CALLBACK' } as Callback);
    },
  };
  const place = { queueId: 'sales', enteredAt: 123, entry: ENTRY };
  const it_ = new CallbackDesk({
    service: { book: book as never },
    places: { placeLeft: () => place },
    normalise: (number) => number.replace(/^\+86/, ''),
    words: (names) => Promise.resolve(names.map((name) => `/${name}.wav`)),
    log: silentLog,
  });
  const run = async (caller: Caller, queueId = 'sales'): Promise<unknown> => {
    let left: unknown;
    const done = it_.run(caller, queueId).then(
      ({ outcome }) => (left = outcome),
      (error: unknown) => (left = error),
    );
    for (let s = 0; s < 300 && left === undefined; s += 1) await caller.clock.advance(1000);
    await done;
    return left;
  };
  return { run, taken };
}

/** Presses what is asked for when a prompt with this word is heard. */
function answering(caller: Caller, answers: Record<string, string>): Caller {
  const play = caller.play.bind(caller);
  caller.play = (files) => {
    for (const [word, keys] of Object.entries(answers))
      if (files.some((file) => file.includes(word))) setImmediate(() => caller.press(...keys));
    return play(files);
  };
  return caller;
}

it('says the number digit by digit, takes it when it is confirmed, and keeps the place', async () => {
  const { run, taken } = desk();
  const caller = answering(new CallerFrom('+8613800'), { 'callback-confirm': '1' });
  expect(await run(caller)).toBe('done');
  expect(caller.log[0]).toBe(
    'play callback-your-number+digit-1+digit-3+digit-8+digit-0+digit-0+callback-confirm+callback-confirm-other',
  );
  expect(caller.log.at(-1)).toBe('play callback-taken');
  expect(taken).toMatchObject([
    { number: '13800', source: 'queue', enteredAt: 123, entry: ENTRY, originalCallId: 'CALL', language: 'en' },
  ]);
  expect(caller.segments).toMatchObject([{ kind: 'callback', data: { callbackId: 'CALLBACK', outcome: 'taken' } }]);
});

it('another number is keyed in, and said again', async () => {
  const { run, taken } = desk();
  let said = 0;
  const caller = new CallerFrom('111');
  const play = caller.play.bind(caller);
  caller.play = (files) => {
    if (files.some((file) => file.includes('callback-your'))) caller.press((said += 1) === 1 ? '2' : '1');
    if (files.some((file) => file.includes('enter-number'))) caller.press(...'22233#');
    return play(files);
  };
  expect(await run(caller)).toBe('done');
  expect(taken.map(({ number }) => number)).toEqual(['22233']);
  expect(caller.log.some((line) => line.includes('digit-2+digit-2+digit-2+digit-3+digit-3'))).toBe(true);
});

it('who withholds his number keys one in, or has none', async () => {
  const keyed = desk({ confirm: false });
  expect(await keyed.run(answering(new CallerFrom(''), { 'enter-number': '5551234#' }))).toBe('done');
  expect(keyed.taken.map(({ number }) => number)).toEqual(['5551234']);
  const silent = desk({ confirm: false });
  expect(await silent.run(new CallerFrom(''))).toBe('refused');
  const closed = desk({ otherNumber: false });
  expect(await closed.run(new CallerFrom(''))).toBe('refused');
  expect([...silent.taken, ...closed.taken]).toEqual([]);
});

it('a number that may not be called is asked for again; one that is there is told of', async () => {
  const reason = { en: 'no', zh: '否' };
  const dear = desk({ confirm: false }, ({ number }) =>
    number === '0044' ? new AppError('callback_number_refused', { number, reason }) : undefined,
  );
  const caller = answering(new CallerFrom('0044'), { 'enter-number': '222333#' });
  expect(await dear.run(caller)).toBe('done');
  expect(caller.log).toContain('play callback-number-refused');
  expect(dear.taken.map(({ number }) => number)).toEqual(['222333']);
  const twice = desk({ confirm: false }, ({ number, queueId }) => new AppError('callback_exists', { number, queueId }));
  const second = new CallerFrom('222');
  expect(await twice.run(second)).toBe('done');
  expect(second.log).toEqual(['play callback-exists']);
  const full = desk({ confirm: false }, ({ queueId }) => new AppError('callback_queue_full', { queueId, most: 1 }));
  expect(await full.run(new CallerFrom('222'))).toBe('full');
});

it('nothing is taken of one who does not confirm, gives up or hangs up', async () => {
  const silent = desk();
  expect(await silent.run(new CallerFrom('222'))).toBe('refused');
  const star = desk();
  expect(await star.run(answering(new CallerFrom('222'), { 'callback-confirm': '*' }))).toBe('refused');
  const gone = desk();
  const caller = new CallerFrom('222');
  caller.clock.after(500, () => caller.hangUp());
  expect(await gone.run(caller)).toBeInstanceOf(Error);
  expect([...silent.taken, ...star.taken, ...gone.taken]).toEqual([]);
  expect(await gone.run(new CallerFrom('222'), 'none')).toBe('refused');
});
