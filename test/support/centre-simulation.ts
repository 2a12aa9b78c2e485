// A call centre in accelerated time: Poisson arrivals, exponential handling and patience, in front of the distributor and its
// matcher as they are. Telephones and callers are made up: an agent lifts at once, and does no paperwork.
//
// 10,000 calls of a busy centre are few: its queue remembers for a quarter of an hour, so that the mean wait of such a sample is
// off by half as often as not. So the same callers are also sent through firstComeFirstServed(), which is the model itself, call by
// call: the distributor has to do the same to each of them; and the model, with millions of callers, has to meet the formulas.
import { Distributor, type DistributorOptions } from '../../daemon/src/acd/index.js';
import type { CallEvents } from '../../daemon/src/calls/index.js';
import {
  QueueEntry,
  type Agent,
  type AgentState,
  type Call,
  type LiveEvents,
} from '../../daemon/src/contract/index.js';
import { TypedEmitter, silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from './clock-fake.js';
import { callRow, queueRow } from './db-rows.js';
import { seeded } from './match-input.js';

export interface SimulationOptions {
  calls: number;
  /** a second */
  arrivalRate: number;
  ahtS: number;
  agents: number;
  /** undefined: nobody gives up */
  patienceS?: number | undefined;
  thresholdS: number;
  seed: number;
  /** calls at the beginning that are not counted: the centre begins empty */
  warmUp?: number | undefined;
}

export interface SimulationResult {
  answered: number;
  abandoned: number;
  /** KPI, the default: answered within T / (answered + abandoned after T) */
  serviceLevel: number;
  asaS: number;
  /** offers to an agent who had one, calls taken out of their order: there must be none */
  faults: number;
}

const ENTRY = QueueEntry.parse({});
const WARM_UP = 500;

interface Caller {
  /** since the one before */
  gapMs: number;
  handlingMs: number;
  /** Infinity: he waits for ever */
  patienceMs: number;
}

/** One caller after the other; always the same ones for a seed. */
function callersOf({ seed, arrivalRate, ahtS, patienceS }: SimulationOptions): () => Caller {
  const random = seeded(seed);
  const exponentialMs = (meanS: number): number => -Math.log(1 - random()) * meanS * 1000;
  return () => {
    const [gapMs, handlingMs] = [exponentialMs(1 / arrivalRate), exponentialMs(ahtS)];
    return { gapMs, handlingMs, patienceMs: patienceS === undefined ? Infinity : exponentialMs(patienceS) };
  };
}

/** The model: each caller in his turn has the agent who is free first, unless he has given up by then. */
export function firstComeFirstServed(options: SimulationOptions): SimulationResult {
  const { calls, agents, thresholdS, warmUp = WARM_UP } = options;
  const callers = callersOf(options);
  const freeAt = new Float64Array(agents);
  const result = { answered: 0, abandoned: 0, serviceLevel: 0, asaS: 0, faults: 0 };
  let [answeredInTime, abandonedLate, waitMs] = [0, 0, 0];
  // As in the other one: nobody has the number 0, and the first comes at once.
  callers();
  let nowMs = 0;
  for (let n = 1; n <= calls + warmUp; n += 1) {
    const { gapMs, handlingMs, patienceMs } = callers();
    if (n > 1) nowMs += gapMs;
    let first = 0;
    for (let i = 1; i < agents; i += 1) if (freeAt[i]! < freeAt[first]!) first = i;
    const waitedMs = Math.max(0, freeAt[first]! - nowMs);
    const stays = patienceMs > waitedMs;
    if (stays) freeAt[first] = nowMs + waitedMs + handlingMs;
    if (n <= warmUp) continue;
    if (stays) {
      result.answered += 1;
      waitMs += waitedMs;
      if (waitedMs <= thresholdS * 1000) answeredInTime += 1;
    } else {
      result.abandoned += 1;
      if (patienceMs > thresholdS * 1000) abandonedLate += 1;
    }
  }
  result.serviceLevel = answeredInTime / (result.answered + abandonedLate);
  result.asaS = waitMs / 1000 / result.answered;
  return result;
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { calls: total, agents: staff, patienceS, thresholdS, warmUp = WARM_UP } = options;
  const clock = new FakeClock();
  const callers = callersOf(options);
  const drawn = Array.from({ length: total + warmUp + 1 }, () => callers());
  const of = (callId: string): Caller => drawn[Number(callId)]!;
  const live = new TypedEmitter<LiveEvents>();
  const events = new TypedEmitter<CallEvents>();
  const waitingSince = new Map<string, number>();
  const result = { answered: 0, abandoned: 0, serviceLevel: 0, asaS: 0, faults: 0 };
  let [answeredInTime, abandonedLate, waitMs, arrived] = [0, 0, 0, 0];

  const agents = agentsOf(staff, clock, live, () => (result.faults += 1));
  const call = (id: string): Call => ({
    ...callRow({ id }),
    phase: null,
    phaseSince: null,
    parkingSlot: null,
    parties: [],
  });
  const counted = (callId: string): boolean => Number(callId) > warmUp;

  const finish = (callId: string): void => events.emit('call.released', { call: call(callId), phase: 'talking' });
  const answer = (callId: string, agentId: string): void => {
    const since = waitingSince.get(callId);
    if (since === undefined || since !== Math.min(...waitingSince.values())) result.faults += 1;
    const waitedMs = clock.monotonicMs() - (since ?? 0);
    waitingSince.delete(callId);
    if (counted(callId)) {
      result.answered += 1;
      waitMs += waitedMs;
      if (waitedMs <= thresholdS * 1000) answeredInTime += 1;
    }
    clock.after(of(callId).handlingMs, () => finish(callId));
    events.emit('call.connected', { call: call(callId), queueId: 'sales', agentId, station: 1, waitMs: waitedMs });
  };
  const giveUp = (callId: string): void => {
    const since = waitingSince.get(callId);
    if (since === undefined) return;
    waitingSince.delete(callId);
    if (counted(callId)) {
      result.abandoned += 1;
      if (clock.monotonicMs() - since > thresholdS * 1000) abandonedLate += 1;
    }
    finish(callId);
  };
  const calls: DistributorOptions['calls'] = {
    events,
    offerAll: (callId, targets) => {
      if (!waitingSince.has(callId)) return Promise.resolve(targets.map(() => 'callEnded'));
      answer(callId, targets[0]!.agentId);
      return Promise.resolve(targets.map((_, i) => (i === 0 ? 'connected' : 'withdrawn')));
    },
    overflow: () => false,
    moveToQueue: () => false,
    setBackground: () => undefined,
    release: () => false,
  };
  const queue = queueRow({ id: 'sales', wrapUpMs: 0, maxWaitMs: 14_400_000 });
  const none = (): Promise<never[]> => Promise.resolve([]);
  const distributor = new Distributor({
    ...{ calls, agents, live, clock, log: silentLog },
    stations: {
      find: (station) => ({ station, name: '', reachable: true, offHook: false, ringing: false, busy: false }),
    },
    queues: { find: () => queue, rows: () => [queue] },
    db: {
      events: new TypedEmitter(),
      queueMembers: { list: none, listByAgent: none },
      abilities: { skills: none, scopes: none },
      segments: { list: none },
      agentSegments: { list: none },
    } as unknown as DistributorOptions['db'],
    music: () => Promise.resolve(undefined),
  });
  await distributor.start();

  const arrive = (): void => {
    arrived += 1;
    const id = String(arrived);
    waitingSince.set(id, clock.monotonicMs());
    if (patienceS !== undefined) clock.after(of(id).patienceMs, () => giveUp(id));
    events.emit('call.queued', { call: call(id), queueId: 'sales', entry: ENTRY, language: 'en' });
    if (arrived < total + warmUp) clock.after(of(String(arrived + 1)).gapMs, arrive);
  };
  arrive();
  while (arrived < total + warmUp || waitingSince.size > 0) await clock.advance(600_000);
  distributor.stop();
  result.serviceLevel = answeredInTime / (result.answered + abandonedLate);
  result.asaS = waitMs / 1000 / result.answered;
  return result;
}

/** Agents who do what they are told; `fault` when they are told what cannot be. */
function agentsOf(count: number, clock: FakeClock, live: TypedEmitter<LiveEvents>, fault: () => void) {
  const all = new Map<string, Agent>();
  for (let i = 1; i <= count; i += 1) {
    const id = String(i);
    all.set(id, {
      ...{ id, name: id, queues: ['sales'], language: 'en', state: 'ready', reason: null, station: i },
      ...{ since: clock.wallMs(), callId: null, forced: false, reasonOverdue: false },
      ...{ pending: null, wrapUp: null, pausedQueues: [] },
    });
  }
  const step = (id: string, from: readonly AgentState[], state: AgentState): boolean => {
    const agent = all.get(id)!;
    if (!from.includes(agent.state)) fault();
    Object.assign(agent, { state, since: clock.wallMs() });
    live.emit('agent.updated', { ...agent });
    return true;
  };
  return {
    list: () => [...all.values()],
    find: (id: string) => all.get(id),
    atStation: (station: number) => [...all.values()].find((agent) => agent.station === station),
    beginOffer: (id: string) => step(id, ['ready'], 'ringing'),
    beginTalk: (id: string) => void step(id, ['ringing'], 'talking'),
    moveTalk: fault,
    endTalk: (id: string) => void step(id, ['talking'], 'ready'),
    missOffer: fault,
    withdrawOffer: (id: string) => void step(id, ['ringing'], 'ready'),
  };
}
