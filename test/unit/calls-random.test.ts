// Telephones and trunks that do anything at any time. Whatever they do: every call ends, with its rows closed; nothing is left of
// it; whoever asked for a transfer is told once what came of it; and no state table has refused a step.
import { expect, it } from 'vitest';
import type { TransferOutcome } from '../../daemon/src/lines/index.js';
import type { CallDesk } from '../support/call-desk.js';
import { STATIONS, talkDesk } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

const STEPS = Number(process.env['CORDBOARD_RANDOM_STEPS'] ?? 300);

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
];

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
  const world: World = { desk, dice: new Dice(seed), transfers: [], answered: new Set() };
  for (let i = 0; i < STEPS; i += 1) {
    const leg = world.dice.of([...desk.sip.legs.keys()]) ?? 0;
    await world.dice.of(steps)!(world, leg);
    // Some things happen in the same turn as what came before, some before its rows are written, some after.
    const wait = world.dice.below(3);
    if (wait > 0) await turn(1);
    if (wait > 1) await until(() => desk.calls.live().every(({ phase }) => phase !== 'arriving'), 'rows are written');
  }
  desk.sip.go();
  await until(() => {
    for (const leg of [...desk.sip.legs.keys()]) desk.sip.hangsUp(leg);
    return desk.calls.live().length === 0;
  }, 'every call is over');
  await until(() => desk.sip.legs.size === 0, 'every leg is gone');
  await turn(20);
  expect(desk.clock.timers).toBe(0);
  const arrived = desk.seen.filter((event) => event === 'arrived').length;
  expect(arrived).toBeGreaterThan(STEPS / 10);
  expect(desk.seen.filter((event) => event.startsWith('released'))).toHaveLength(arrived);
  expect(desk.seen.filter((event) => event === 'connected').length).toBeGreaterThan(0);
  await desk.calls.stop();
  const rows = await desk.db.calls.list({ limit: 500 });
  expect(rows).toHaveLength(arrived);
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
  expect(await illegalSteps(desk)).toEqual([]);
});
