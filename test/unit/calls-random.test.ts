// Telephones and trunks that do anything at any time. Whatever they do: every call ends, with its rows closed; nothing is left of
// it; whoever asked for a transfer is told once what came of it; and no state table has refused a step.
import { expect, it } from 'vitest';
import type { CallAction, SuperviseAction } from '../../daemon/src/contract/index.js';
import type { TransferOutcome } from '../../daemon/src/lines/index.js';
import { isAppError } from '../../daemon/src/platform/index.js';
import type { CallDesk } from '../support/call-desk.js';
import { STATIONS, talkDesk } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

const STEPS = Number(process.env['CORDBOARD_RANDOM_STEPS'] ?? 600);

/** Mulberry32. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  of<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }
}

interface World {
  desk: CallDesk;
  dice: Dice;
  transfers: TransferOutcome[][];
  /** legs of ours that have been answered: a line says so once */
  answered: Set<number>;
  /** calls that begin when somebody lifts */
  asked: Set<string>;
  /** what pages have asked for */
  underWay: Promise<unknown>[];
}

const NUMBERS = ['1001', '1002', '1003', '1004', '7', '8', '9', '95001', '404', '100', ''];
const CAUSES = [16, 17, 19, 21, 34, 38, 41];

type Step = (world: World, leg: number) => unknown;

/** Each as likely as the others; a step that needs a leg is given one of those there are. */
const steps: readonly Step[] = [
  ({ desk, dice }) => desk.sip.dials(dice.of(STATIONS)!, dice.of(NUMBERS)!),
  ({ desk, dice }) => desk.sip.dials(dice.of(STATIONS)!, dice.of(NUMBERS)!),
  ({ desk, dice }) => desk.sip.callsIn('a', dice.of(NUMBERS)!),
  (world, leg) => rings(world, leg) && world.desk.sip.progress(leg, 'alerting'),
  (world, leg) => rings(world, leg) && world.desk.sip.progress(leg, 'inband'),
  answer,
  answer,
  answer,
  ({ desk, dice }, leg) => desk.sip.hangsUp(leg, dice.of(CAUSES)),
  (world, leg) => rings(world, leg) && world.desk.sip.sendsOn(leg, world.dice.of(NUMBERS)!),
  ({ desk, dice }, leg) => desk.sip.takesOver(dice.of(STATIONS)!, leg),
  ({ desk }, leg) => desk.sip.holds(leg),
  ({ desk }, leg) => desk.sip.retrieves(leg),
  ({ desk }, leg) => desk.sip.presses(leg, '5'),
  ({ desk, dice, transfers }, leg) => transfers.push(desk.sip.refers(leg, { number: dice.of(NUMBERS)! })),
  ({ desk, dice, transfers }, leg) => {
    // Another leg of the same telephone, if it has one.
    const own = [...desk.sip.legs.values()].filter(
      ({ place }) => place.kind === 'station' && sameStation(desk, leg, place),
    );
    return transfers.push(desk.sip.refers(leg, { leg: dice.of(own)?.leg ?? leg }));
  },
  ({ desk, dice }) => desk.clock.advance(dice.below(20_000)),
  ({ desk, dice }) => desk.sip.unregister(dice.of(STATIONS)!),
  ({ desk, dice }) => desk.sip.register(dice.of(STATIONS)!),
  ({ desk }) => desk.sip.hold(),
  ({ desk }) => desk.sip.go(),
  () => turn(1 + 3),
  act,
  act,
  act,
  supervise,
  ({ desk, dice, asked, underWay }) =>
    underWay.push(desk.calls.originate(dice.of(STATIONS)!, dice.of(NUMBERS)!).then(({ id }) => asked.add(id), refused)),
  ({ desk, dice }) => desk.sip.dials(dice.of(STATIONS)!, `*7${dice.below(3) + 1}`),
  ({ desk, dice, underWay }) =>
    underWay.push(desk.calls.pickUpAt(dice.of(STATIONS)!, [dice.of(STATIONS)!]).catch(refused)),
  ({ desk, dice, underWay }) => {
    const call = dice.of(desk.calls.live());
    if (call !== undefined) underWay.push(desk.calls.takeParkedAt(call.id, dice.of(STATIONS)!).catch(refused));
  },
];

const REFUSALS = new Set([
  ...['not_in_call', 'call_wrong_state', 'number_leads_nowhere', 'call_not_found', 'parking_full', 'line_refused'],
  ...['line_unknown', 'nothing_rings'],
]);

/** What pages are told when it cannot be done; anything else is a fault. */
function refused(error: unknown): void {
  if (!isAppError(error) || !REFUSALS.has(error.code)) throw error;
}

const SIMPLE = [
  ...([
    'hold',
    'retrieve',
    'mute',
    'unmute',
    'hangUp',
    'swap',
    'completeConsult',
    'cancelConsult',
    'merge',
    'park',
  ] as const),
  ...(['swap', 'completeConsult', 'merge'] as const),
];

/** Something from a page of one of those in a call; what waits for a line is not waited for. */
function act({ desk, dice, underWay }: World): void {
  const call = dice.of(desk.calls.live());
  const station = dice.of(call?.parties ?? [])?.station ?? dice.of(STATIONS)!;
  if (call === undefined) return;
  const to = dice.of(NUMBERS)!;
  const wanted = dice.of<CallAction>([
    ...SIMPLE.map((action) => ({ action })),
    ...[1, 2, 3].map(() => ({ action: 'consult' as const, to: dice.of(['1001', '1002', '1003', '1004'])! })),
    { action: 'consult', to },
    { action: 'transfer', to },
    { action: 'transferToQueue', queueId: 'sales' },
    { action: 'transferToFlow', flowId: 'main', back: dice.below(2) === 0 },
    { action: 'sendDigits', digits: '12' },
  ])!;
  underWay.push(desk.calls.act(call.id, station, wanted).catch(refused));
}

function supervise({ desk, dice, underWay }: World): void {
  const call = dice.of(desk.calls.live());
  if (call === undefined) return;
  const station = dice.of(STATIONS)!;
  const mode = dice.of(['listen', 'whisper', 'barge'] as const)!;
  const wanted = dice.of<SuperviseAction>([
    { action: 'monitor', station, mode },
    { action: 'monitor', station, mode },
    { action: 'changeMode', station, mode },
    { action: 'stop', station },
    { action: 'takeOver', station },
  ])!;
  underWay.push(desk.calls.supervise(call.id, wanted, 'boss').catch(refused));
}

function rings({ desk, answered }: World, leg: number): boolean {
  return desk.sip.legs.get(leg)?.request !== undefined && !answered.has(leg);
}

function answer(world: World, leg: number): void {
  if (!rings(world, leg)) return;
  world.answered.add(leg);
  world.desk.sip.answers(leg);
}

function sameStation(desk: CallDesk, leg: number, place: { station: number }): boolean {
  const own = desk.sip.legs.get(leg)?.place;
  return own?.kind === 'station' && own.station === place.station;
}

async function illegalSteps(desk: CallDesk): Promise<string[]> {
  return (await desk.metrics.text()).split('\n').filter((line) => line.startsWith('cordboard_illegal_steps_total{'));
}

it.each([1, 2, 3, 4])('all is over when everybody has hung up (%i)', async (seed) => {
  const desk = await talkDesk();
  const stations = [...STATIONS];
  desk.plan.numbers.set('7', { kind: 'group', stations, strategy: 'all', ringTimeoutMs: 15_000 });
  desk.plan.numbers.set('8', { kind: 'group', stations, strategy: 'sequence', ringTimeoutMs: 5000 });
  const world: World = {
    desk,
    dice: new Dice(seed),
    transfers: [],
    answered: new Set(),
    asked: new Set(),
    underWay: [],
  };
  for (let i = 0; i < STEPS; i += 1) {
    const leg = world.dice.of([...desk.sip.legs.keys()]) ?? 0;
    await world.dice.of(steps)!(world, leg);
    // Some things happen in the same turn as what came before, some before its rows are written, some after.
    const wait = world.dice.below(3);
    if (wait > 0) await turn(1);
    if (wait > 1)
      await until(
        () => desk.calls.live().every(({ id, phase }) => phase !== 'arriving' || world.asked.has(id)),
        'rows are written',
      );
  }
  desk.sip.go();
  await Promise.all(world.underWay);
  await until(() => {
    // Those who found nobody at a parking place, too: nobody has them.
    for (const leg of [...desk.sip.legs.keys()]) desk.sip.hangsUp(leg);
    return desk.calls.live().length === 0 && desk.sip.legs.size === 0;
  }, 'every call is over, and every leg is gone');
  await turn(20);
  expect(desk.clock.timers).toBe(0);
  const arrived = desk.seen.filter((event) => event === 'arrived').length;
  expect(arrived).toBeGreaterThan(STEPS / 20);
  expect(desk.seen.filter((event) => event.startsWith('released'))).toHaveLength(arrived);
  expect(desk.seen.filter((event) => event === 'connected').length).toBeGreaterThan(0);
  await desk.calls.stop();
  const rows = await desk.db.calls.list({ limit: 500 });
  expect(rows).toHaveLength(Math.min(arrived, 500));
  for (const { id, state } of rows) {
    expect(state).toBe('ended');
    for (const segment of await desk.db.segments.listByCall(id)) {
      // The recorder of this test never ends a recording by itself; the call's end does.
      expect(segment.endedAt, JSON.stringify(segment)).not.toBeNull();
    }
  }
  for (const outcomes of world.transfers) {
    const states = outcomes.map(({ state }) => state);
    expect(states.filter((state) => state === 'done' || state === 'failed')).toHaveLength(1);
    expect(['done', 'failed']).toContain(states.at(-1));
  }
  expect(desk.engine.sent('conference.close')).toHaveLength(desk.engine.conferences.length);
  expect(await illegalSteps(desk)).toEqual([]);
});
