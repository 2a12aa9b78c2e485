// Call control with a scripted engine, a real database in a folder of its own and a clock that the test moves.
import {
  CallControl,
  type CallRecorder,
  type FlowRunner,
  type FlowSession,
  type RecordingFacts,
  type RecordingOutcome,
  type RecordingWish,
} from '../../daemon/src/calls/index.js';
import type { Call, LiveEvents, Segment } from '../../daemon/src/contract/index.js';
import { type CallRow, type Db, type RecordingRow, type SegmentRow } from '../../daemon/src/db/index.js';
import { Metrics, TypedEmitter, type EventSource, newUlid, silentLog } from '../../daemon/src/platform/index.js';
import { EngineLines, LineSwitch, type E1Trunks, type LegOffered } from '../../daemon/src/lines/index.js';
import { LineBook, TrunkBook } from '../../daemon/src/trunks/index.js';
import { T0 } from './db-rows.js';
import { FakeClock } from './clock-fake.js';
import { until } from './turns.js';
import { ScriptedEngine } from './scripted-engine.js';
import { ScriptedLines } from './scripted-lines.js';
import { ScriptedPlan } from './scripted-plan.js';
import { testDatabase } from './test-database.js';

export interface CallDesk {
  engine: ScriptedEngine;
  /** SIP telephones and trunks */
  sip: ScriptedLines;
  /** what all lines are to call control */
  lines: LineSwitch;
  plan: ScriptedPlan;
  clock: FakeClock;
  db: Db;
  live: TypedEmitter<LiveEvents>;
  trunks: TrunkBook;
  recorder: StubRecorder;
  calls: CallControl;
  /** who is signed in at a telephone; nobody, until a test says otherwise */
  signedIn: { at: (station: number) => string | null };
  /** whether there was something for each who dialled to pick up a call */
  pickedUp: boolean[];
  metrics: Metrics;
  /** names of call events and live events, in order */
  seen: string[];
  /** the row and the segments, once the database has the call as ended */
  ended(callId: string): Promise<{ row: CallRow; segments: SegmentRow[] }>;
}

export class StubRecorder implements CallRecorder {
  readonly started: { row: RecordingRow; port: number }[] = [];
  /** ports whose recording was ended before their leg */
  readonly stopped: number[] = [];
  works = true;
  /** what the rules say */
  wished: (facts: RecordingFacts) => boolean = () => true;
  /** what was asked of recordings under way, with the port */
  readonly controlled: string[] = [];
  end: (outcome: RecordingOutcome) => void = () => undefined;

  wish(facts: RecordingFacts): RecordingWish {
    return { record: this.wished(facts), rule: null };
  }

  plan(callId: string, startedAt: number, part: number): RecordingRow {
    return {
      id: newUlid(),
      callId,
      path: `${callId}-${part}.wav`,
      startedAt,
      endedAt: null,
      durationMs: 0,
      bytes: 0,
      lostMs: 0,
      state: 'recording',
    };
  }

  start(row: RecordingRow, port: number): ReturnType<CallRecorder['start']> {
    this.started.push({ row, port });
    if (!this.works) return Promise.resolve(undefined);
    const ended = new Promise<RecordingOutcome>((resolve) => (this.end = resolve));
    const note = (what: string): void => void this.controlled.push(`${what} ${port}`);
    const started = {
      ended,
      paused: false,
      stop: () => void this.stopped.push(port),
      discard: () => note('discard'),
      pause: () => {
        note('pause');
        started.paused = true;
        return Promise.resolve();
      },
      resume: () => {
        note('resume');
        started.paused = false;
        return Promise.resolve(true);
      },
    };
    return Promise.resolve(started);
  }
}

/** Resolves with the next such event. */
export function nextEvent<Events extends object, E extends keyof Events>(
  source: EventSource<Events>,
  event: E,
): Promise<Events[E]> {
  return new Promise((resolve) => source.once(event, resolve));
}

/** A flow whose course is a function of the test. */
export function flowOf(run: (session: FlowSession) => Promise<void>): FlowRunner {
  return {
    prepare: (flowId) =>
      flowId === 'main' ? { flowId, version: 1, run: (session) => run(session).then(() => undefined) } : undefined,
  };
}

/** The trunk e1 is all E1 of the scripted engine. */
export const ONE_TRUNK: E1Trunks = {
  spansOf: (trunk) => (trunk === 'e1' ? [1, 2] : undefined),
  trunkOf: () => 'e1',
};

export async function callDesk(flows: FlowRunner): Promise<CallDesk> {
  const engine = new ScriptedEngine();
  const clock = new FakeClock(T0);
  const db = await testDatabase();
  await db.write(async (tx) => {
    const definition = { start: 'bye', nodes: { bye: { type: 'hangup' as const, cause: 16 } } };
    await tx.flows.put({ id: 'main', name: 'Main', definition, updatedAt: T0 });
    await tx.routes.insert({ id: newUlid(), calledNumber: '95001', flowId: 'main', language: 'en' });
  });
  const live = new TypedEmitter<LiveEvents>();
  const engineLines = new EngineLines({ engine: engine.client, trunks: ONE_TRUNK, clock, log: silentLog });
  const sip = new ScriptedLines();
  const lines = new LineSwitch({ providers: [engineLines, sip], log: silentLog });
  const plan = new ScriptedPlan();
  const lineBook = new LineBook({
    ...{ analog: engineLines.analogLines, trunkOfLine: () => null, lines, live, log: silentLog },
  });
  const trunks = new TrunkBook({ engine: engine.client, lines, lineBook, live, log: silentLog });
  const recorder = new StubRecorder();
  const metrics = new Metrics();
  const signedIn: CallDesk['signedIn'] = { at: () => null };
  const calls = new CallControl({
    engine: engine.client,
    lines,
    plan,
    db,
    trunks,
    flows,
    recorder,
    holdMusic: () => Promise.resolve(['/hold.wav']),
    agentAt: (station) => signedIn.at(station),
    live,
    clock,
    log: silentLog,
    metrics,
  });
  const booked = trunks.start();
  calls.start();
  await Promise.all([booked, engineLines.start()]);
  // In place of the service desk; what is dialled to pick up are stations.
  const pickedUp: boolean[] = [];
  const desk = (offered: LegOffered): void => {
    const { origin, complete, replaces, calledNumber } = offered;
    if (origin.kind !== 'station' || !complete || replaces !== undefined) return;
    if (calledNumber.startsWith('*8'))
      pickedUp.push(calls.pickUp(offered, calledNumber.slice(2).split(',').map(Number)));
    else if (calledNumber.startsWith('*7')) pickedUp.push(calls.takeParked(offered, Number(calledNumber.slice(2))));
    else calls.dial(offered, calledNumber);
  };
  lines.events.on('leg.offered', desk);
  const seen: string[] = [];
  for (const event of [
    'arrived',
    'answered',
    'digit',
    'queued',
    'offered',
    'dialling',
    'connected',
    'requeued',
    'overflowed',
    'transferred',
  ] as const)
    calls.events.on(`call.${event}`, () => void seen.push(event));
  calls.events.on(
    'call.released',
    ({ call, phase }) => void seen.push(`released ${call.cause} ${call.releasedBy} ${phase}`),
  );
  return {
    ...{ engine, sip, lines, plan, clock, db, live, trunks, recorder, calls, signedIn, pickedUp, metrics, seen },
    async ended(callId) {
      for (;;) {
        const row = await db.calls.find(callId);
        const segments = await db.segments.listByCall(callId);
        if (row?.state === 'ended' && segments.every((segment: Segment) => segment.endedAt !== null))
          return { row, segments };
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    },
  };
}

/** Lets a call come in and be answered; its flow runs when this resolves. */
export async function answeredCall(
  desk: CallDesk,
  over: Parameters<ScriptedEngine['offer']>[0] = {},
): Promise<{ leg: number; callId: string }> {
  const before = desk.calls.live().length;
  const leg = desk.engine.offer(over);
  await until(() => desk.calls.live().length > before, 'the call arrives');
  const callId = desk.calls.live().at(-1)!.id;
  await until(() => desk.calls.find(callId)?.answeredAt != null, 'the call is answered');
  await until(() => desk.engine.sent('detector.set').length > 0, 'digits are listened for');
  return { leg, callId };
}

/** An analog telephone has dialled; resolves with its leg. */
export async function dials(desk: CallDesk, station: number, number: string): Promise<number> {
  const lifted = nextEvent(desk.lines.events, 'leg.offered');
  desk.engine.lift(station);
  const offered = await lifted;
  desk.calls.dial(offered, number);
  return offered.leg;
}

/** The only call there is, or the newest. */
export function newest(desk: CallDesk): Call {
  return desk.calls.live().at(-1)!;
}
