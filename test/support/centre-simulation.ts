// A call centre in accelerated time: Poisson arrivals, exponential handling and patience, in front of the distributor and its
// matcher as they are. Telephones and callers are made up: an agent lifts at once, and does no paperwork.
import { Distributor, type DistributorOptions } from '../../daemon/src/acd/index.js';
import type { CallEvents } from '../../daemon/src/calls/index.js';
import { QueueEntry, type Agent, type AgentState, type Call, type LiveEvents } from '../../daemon/src/contract/index.js';
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

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { calls: total, arrivalRate, ahtS, agents: staff, patienceS, thresholdS, seed, warmUp = 500 } = options;
  const clock = new FakeClock();
  const random = seeded(seed);
  const exponentialMs = (meanS: number): number => -Math.log(1 - random()) * meanS * 1000;
  const live = new TypedEmitter<LiveEvents>();
  const events = new TypedEmitter<CallEvents>();
  const waitingSince = new Map<string, number>();
  const result = { answered: 0, abandoned: 0, serviceLevel: 0, asaS: 0, faults: 0 };
  let [answeredInTime, abandonedLate, waitMs, arrived] = [0, 0, 0, 0];

  const agents = agentsOf(staff, clock, live, () => (result.faults += 1));
  const call = (id: string): Call => ({ ...callRow({ id }), phase: null, phaseSince: null });
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
    clock.after(exponentialMs(ahtS), () => finish(callId));
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
    } as unknown as DistributorOptions['db'],
    music: () => Promise.resolve(undefined),
  });
  await distributor.start();

  const arrive = (): void => {
    arrived += 1;
    const id = String(arrived);
    waitingSince.set(id, clock.monotonicMs());
    if (patienceS !== undefined) clock.after(exponentialMs(patienceS), () => giveUp(id));
    events.emit('call.queued', { call: call(id), queueId: 'sales', entry: ENTRY, language: 'en' });
    if (arrived < total + warmUp) clock.after(exponentialMs(1 / arrivalRate), arrive);
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
      ...{ since: clock.wallMs(), callId: null },
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
    beginOffer: (id: string) => step(id, ['ready'], 'ringing'),
    beginTalk: (id: string) => void step(id, ['ringing'], 'talking'),
    moveTalk: fault,
    endTalk: (id: string) => void step(id, ['talking'], 'ready'),
    endWrapUp: fault,
    missOffer: fault,
    withdrawOffer: (id: string) => void step(id, ['ringing'], 'ready'),
  };
}
