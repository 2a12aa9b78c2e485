// Brings callers who wait together with agents who are ready. It decides (matcher/) whenever something has changed: a call came
// into a queue or back into it, has waited long enough for the next step of relaxing, an agent became ready, a telephone was put
// down.
//
//   call.queued → waiting ──offer──→ ringing ──connected──→ talking → agent's wrap-up → ready
//                    ↑______noAnswer, stationFailed______|
//                    |__ too long, full, a key → flow, another queue, released
import type { AgentBook, StationBook } from '../agents/index.js';
import type { CallControl, OfferOutcome, QueueLeft } from '../calls/index.js';
import type {
  Agent,
  Call,
  JsonObject,
  Language,
  LiveEvents,
  QueueEntry,
  QueueTarget,
  QueueWaiting,
  WaitEstimate,
} from '../contract/index.js';
import type { Db, QueueRow } from '../db/index.js';
import type { Clock, Log, Metrics, Timer, TypedEmitter, Unsubscribe } from '../platform/index.js';
import { AgentRoster } from './agent-roster.js';
import { HandlingTimes } from './handling-times.js';
import {
  Matcher,
  boundariesOf,
  dueOf,
  type MatchReason,
  type Offer,
  type Preference,
  type WaitingCall,
} from './matcher/index.js';
import type { QueueBook } from './queue-book.js';
import { estimateWait } from './wait-estimate.js';
import { WaitSounds, type Sayer } from './wait-sounds.js';

export interface DistributorOptions {
  calls: Pick<CallControl, 'events' | 'offerAll' | 'overflow' | 'moveToQueue' | 'setBackground' | 'release'>;
  agents: Pick<
    AgentBook,
    'list' | 'find' | 'beginOffer' | 'beginTalk' | 'moveTalk' | 'endTalk' | 'missOffer' | 'withdrawOffer'
  >;
  stations: Pick<StationBook, 'find'>;
  queues: Pick<QueueBook, 'find' | 'rows'>;
  db: Pick<Db, 'queueMembers' | 'abilities' | 'segments' | 'calls' | 'events'>;
  live: TypedEmitter<LiveEvents>;
  /** what those who wait in a queue hear; undefined: ringback tone */
  music: (queue: QueueRow) => Promise<string | undefined>;
  /** default: nothing is said */
  say?: Sayer | undefined;
  /** 0 ≤ x < 1, for the strategy random */
  random?: (() => number) | undefined;
  /** default: nobody asks how long decisions take */
  metrics?: Metrics | undefined;
  clock: Clock;
  log: Log;
}

/** s: the goal is 0.005 */
const DECISION_BUCKETS = [0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5];

interface Waiting {
  call: WaitingCall;
  entry: QueueEntry;
  language: Language;
  /** an agent's telephone rings for it */
  ringing: boolean;
  /** it is to leave; what rings for it may still be answered */
  leaving: { why: QueueLeft['why']; target: QueueTarget; key: string | null } | undefined;
  timers: Timer[];
  sounds: WaitSounds;
}

/** Q.850: normal clearing */
const CAUSE_NORMAL = 16;
const DAY_MS = 86_400_000;
/** A caller goes through so many queues, should they lead in a circle. */
const MOST_QUEUES = 5;
/** of agents whom a call's reason names as having missed it */
const MOST_MISSES_KEPT = 100;

export class Distributor {
  readonly #options: DistributorOptions;
  readonly #matcher: Matcher;
  readonly #roster: AgentRoster;
  readonly #handling: HandlingTimes;
  readonly #waiting = new Map<string, Waiting>();
  /** queues that a call has been in */
  readonly #hops = new Map<string, number>();
  /** agents in talk, by call */
  readonly #talking = new Map<string, { agentId: string; queueId: string; since: number }>();
  /** offers in a row that an agent has missed */
  readonly #misses = new Map<string, number>();
  readonly #rows = new Map<string, QueueRow>();
  #offs: Unsubscribe[] = [];
  readonly #decisions: ReturnType<Metrics['histogram']> | undefined;
  #planned = false;
  #stopped = false;

  constructor(options: DistributorOptions) {
    this.#options = options;
    this.#matcher = new Matcher(options.random);
    this.#decisions = options.metrics?.histogram(
      'acd_decision_seconds',
      'From something that changes who gets which call to the telephones that are to ring',
      DECISION_BUCKETS,
    );
    this.#handling = new HandlingTimes(options.clock);
    this.#roster = new AgentRoster({ ...options, matcher: this.#matcher, freed: () => this.#plan() });
  }

  /** Resolves when what agents can do has been read; it works before. */
  start(): Promise<void> {
    const { calls, live } = this.#options;
    this.#offs = [
      calls.events.on('call.queued', ({ call, queueId, entry, language }) =>
        this.#enter(call, queueId, entry, language),
      ),
      calls.events.on('call.connected', ({ call, agentId, queueId }) => {
        if (agentId !== null && queueId !== null) this.#connected(call.id, agentId, queueId);
        else this.#leave(call.id);
      }),
      calls.events.on('call.transferred', ({ call, agentId }) => {
        if (agentId !== null) this.#talkOver(call.id);
      }),
      calls.events.on('call.overflowed', ({ call }) => this.#leave(call.id)),
      calls.events.on('call.released', ({ call }) => this.#released(call.id)),
      calls.events.on('call.digit', ({ call, digit }) => this.#key(call.id, digit)),
    ];
    const read = this.#roster.start();
    this.#offs.push(live.on('agent.updated', (agent) => this.#agentChanged(agent)));
    return read;
  }

  stop(): void {
    this.#stopped = true;
    for (const off of this.#offs) off();
    this.#roster.stop();
    for (const waiting of this.#waiting.values()) quiet(waiting);
    this.#waiting.clear();
  }

  /** How long the one who waits in a call, or who came into a queue now, will wait. */
  estimate(queueId: string, callId?: string): WaitEstimate {
    const now = this.#options.clock.monotonicMs();
    return estimateWait({
      ...this.#handling.situation(this.#matcher, queueId, callId, now),
      handling: this.#handling.of(queueId),
    });
  }

  /** The place of a call in its queue, from 1; undefined: it does not wait. Those who ring an agent come before all. */
  position(callId: string): number | undefined {
    const waiting = this.#waiting.get(callId);
    if (waiting === undefined || waiting.ringing) return undefined;
    const { queueId } = waiting.call;
    const ringing = [...this.#waiting.values()].filter((one) => one.ringing && one.call.queueId === queueId).length;
    return ringing + this.#matcher.waitingIn(queueId).findIndex((one) => one.callId === callId) + 1;
  }

  /** The calls of a queue, first the one that is due first, with what keeps each from being served. */
  waiting(queueId: string): QueueWaiting[] {
    const now = this.#options.clock.monotonicMs();
    const ringing = [...this.#waiting.values()].filter((one) => one.ringing && one.call.queueId === queueId);
    const policy = this.#matcher.policy(queueId);
    if (policy === undefined) return [];
    return [...ringing.map(({ call }) => call), ...this.#matcher.waitingIn(queueId)].map((call, at) => {
      const why = at < ringing.length ? undefined : this.#matcher.explain(call.callId, now);
      return {
        ...{ callId: call.callId, position: at < ringing.length ? null : at + 1, vip: call.vip },
        waitedMs: Math.round(now - call.enteredAt),
        points: Math.round(dueOf(call, policy, now).points * 1000) / 1000,
        why: why === undefined ? null : { code: why.code, counts: why.counts as Record<string, number> },
        estimate: this.estimate(queueId, call.callId),
      };
    });
  }

  #enter({ id: callId, callingNumber }: Call, queueId: string, entry: QueueEntry, language: Language): void {
    const { queues, clock, calls, log } = this.#options;
    const queue = queues.find(queueId);
    if (queue === undefined) {
      log.error({ callId, queueId }, 'a flow leads to a queue that is not there');
      calls.overflow(callId);
      return;
    }
    const already = [...this.#waiting.values()].filter(({ call }) => call.queueId === queueId).length;
    const { routing } = queue;
    const named = entry.preferredAgent;
    const last = named?.agentId === 'last';
    const waitMs = named === null ? routing.lastAgentWaitMs : last ? named.waitMs : null;
    const call: WaitingCall = {
      ...{ callId, queueId, enteredAt: clock.monotonicMs() },
      ...{ priority: entry.priority ?? routing.priority, vip: entry.vip, skills: entry.skills },
      ...{ region: entry.region, customerLevel: entry.customerLevel },
      preferred: named === null || last ? null : { ...named, rule: 'named_agent' },
    };
    const sounds = this.#soundsOf(callId, queue, language);
    const waiting: Waiting = { call, entry, language, ringing: false, leaving: undefined, timers: [], sounds };
    this.#waiting.set(callId, waiting);
    waiting.timers.push(clock.after(queue.maxWaitMs, () => this.#send(callId, 'overflow', queue.overflow)));
    if (queue.maxLength > 0 && already >= queue.maxLength) return this.#send(callId, 'full', queue.overflow);
    if (waitMs === null || callingNumber === '') return this.#wait(waiting, queue);
    void this.#lastAgent(callingNumber, routing.lastAgentDays).then((agentId) => {
      if (this.#waiting.get(callId) !== waiting) return;
      const preferred: Preference | null = agentId === null ? null : { agentId, rule: 'last_agent', waitMs };
      waiting.call = { ...call, preferred };
      this.#wait(waiting, queue);
    });
  }

  /** It is in its place from now on. */
  #wait(waiting: Waiting, queue: QueueRow): void {
    const { clock } = this.#options;
    this.#syncQueue(queue);
    const passedMs = clock.monotonicMs() - waiting.call.enteredAt;
    for (const afterMs of boundariesOf(waiting.call, {
      ...queue.routing,
      queueId: queue.id,
      strategy: queue.strategy,
    })) {
      if (afterMs > passedMs) waiting.timers.push(clock.after(afterMs - passedMs, () => this.#plan()));
    }
    this.#matcher.putCall(waiting.call);
    this.#plan();
  }

  async #lastAgent(callingNumber: string, days: number): Promise<string | null> {
    const { db, clock, log } = this.#options;
    try {
      return await db.calls.lastAgentOf(callingNumber, clock.wallMs() - days * DAY_MS);
    } catch (error) {
      log.warn({ err: error }, 'the agent whom a caller had last is not known');
      return null;
    }
  }

  #soundsOf(callId: string, queue: QueueRow, language: Language): WaitSounds {
    const { calls, music, say = () => Promise.resolve([]), clock, log } = this.#options;
    const silence = (error: unknown): undefined => {
      log.error(
        { err: error, callId, queueId: queue.id },
        'a caller hears ringing in place of music, which could not be found',
      );
    };
    return new WaitSounds({
      ...{ announcements: queue.announcements, language, say, clock },
      music: () => music(queue).catch(silence),
      play: (background) => calls.setBackground(callId, background),
      position: () => this.position(callId),
      estimate: () => this.estimate(queue.id, callId),
    });
  }

  #key(callId: string, digit: string): void {
    const waiting = this.#waiting.get(callId);
    const queue = waiting === undefined ? undefined : this.#options.queues.find(waiting.call.queueId);
    const exit = queue?.exits.find(({ key }) => key === digit);
    if (exit !== undefined) this.#send(callId, 'key', exit.target, digit);
  }

  /** Sends a caller away from the queue, once no telephone rings for him any more. */
  #send(callId: string, why: QueueLeft['why'], target: QueueTarget, key: string | null = null): void {
    const waiting = this.#waiting.get(callId);
    if (waiting === undefined) return;
    waiting.leaving = { why, target, key };
    this.#matcher.removeCall(callId);
    if (waiting.ringing) return;
    const { calls, queues, log } = this.#options;
    const { queueId } = waiting.call;
    log.info({ callId, queueId, why, target }, 'a caller leaves the queue unserved');
    if (target.to === 'hangUp') return void calls.release(callId, CAUSE_NORMAL);
    const hops = (this.#hops.get(callId) ?? 1) + 1;
    if (target.to === 'queue' && queues.find(target.queueId) !== undefined && hops <= MOST_QUEUES) {
      this.#hops.set(callId, hops);
      return void calls.moveToQueue(callId, target.queueId, waiting.entry);
    }
    calls.overflow(callId, { why, target, key });
  }

  #leave(callId: string): void {
    const waiting = this.#waiting.get(callId);
    if (waiting === undefined) return;
    quiet(waiting);
    this.#waiting.delete(callId);
    this.#matcher.removeCall(callId);
  }

  #connected(callId: string, agentId: string, queueId: string): void {
    this.#leave(callId);
    const { agents, clock } = this.#options;
    this.#misses.delete(agentId);
    this.#roster.answered(agentId, queueId);
    // He may have been put through from another call to this one.
    if (this.#callOf(agentId) === undefined) agents.beginTalk(agentId, callId);
    else agents.moveTalk(agentId, callId);
    this.#talking.set(callId, { agentId, queueId, since: clock.monotonicMs() });
  }

  #released(callId: string): void {
    this.#leave(callId);
    this.#hops.delete(callId);
    this.#talkOver(callId);
  }

  #callOf(agentId: string): string | undefined {
    for (const [callId, talk] of this.#talking) if (talk.agentId === agentId) return callId;
    return undefined;
  }

  /** The agent is out of the call, which may go on without him. */
  #talkOver(callId: string): void {
    const talk = this.#talking.get(callId);
    if (talk === undefined) return;
    this.#talking.delete(callId);
    const { agentId, queueId, since } = talk;
    const { agents, clock, queues } = this.#options;
    const talkMs = clock.monotonicMs() - since;
    this.#roster.talked(agentId, queueId, talkMs);
    this.#handling.talked(agentId, queueId, talkMs);
    if (this.#callOf(agentId) !== undefined) return;
    const queue = queues.find(queueId);
    if (queue === undefined) return agents.endTalk(agentId, null);
    const { wrapUpMode: mode, wrapUpMs: ms, wrapUpLimitMs: limitMs } = queue;
    agents.endTalk(agentId, { queueId, mode, ms, limitMs });
  }

  #agentChanged(agent: Agent): void {
    this.#handling.agentChanged(agent.id, agent.state);
  }

  /** Decides once for all that changes in this turn. */
  #plan(): void {
    if (this.#planned || this.#stopped) return;
    this.#planned = true;
    const { clock } = this.#options;
    const sinceMs = clock.monotonicMs();
    setImmediate(() => {
      this.#planned = false;
      if (this.#stopped || this.#waiting.size === 0) return;
      this.#decide();
      this.#decisions?.observe((clock.monotonicMs() - sinceMs) / 1000);
    });
  }

  #decide(): void {
    for (const queue of this.#options.queues.rows()) this.#syncQueue(queue);
    for (const offer of this.#matcher.decide(this.#options.clock.monotonicMs())) void this.#offer(offer);
  }

  /** As it is laid down now. */
  #syncQueue(queue: QueueRow): void {
    if (this.#rows.get(queue.id) === queue) return;
    this.#rows.set(queue.id, queue);
    this.#matcher.putQueue({ ...queue.routing, queueId: queue.id, strategy: queue.strategy });
  }

  async #offer({ callId, queueId, agents: chosen }: Offer): Promise<void> {
    const { agents, calls, queues, log } = this.#options;
    const waiting = this.#waiting.get(callId);
    const queue = queues.find(queueId);
    if (waiting === undefined) return;
    // It was removed while he waited.
    if (queue === undefined) return this.#send(callId, 'overflow', { to: 'flow', node: null });
    const rung = chosen.filter(({ agentId }) => agents.beginOffer(agentId, callId));
    if (rung.length === 0) return;
    waiting.ringing = true;
    this.#matcher.removeCall(callId);
    for (const { agentId, station, reason } of rung) {
      this.#roster.rung(agentId, queueId);
      log.info({ callId, queueId, agentId, station, why: reason.code, waitedMs: reason.waitedMs }, 'call offered');
    }
    const targets = await Promise.all(
      rung.map(async ({ agentId, station, reason }) => {
        const greeting = await this.#greeting(agentId, queue, waiting.language);
        return { agentId, station, ringTimeoutMs: queue.ringTimeoutMs, why: reasonData(reason), greeting };
      }),
    );
    const outcomes = await calls.offerAll(callId, targets);
    waiting.ringing = false;
    rung.forEach(({ agentId }, i) => this.#settleAgent(agentId, outcomes[i] ?? 'withdrawn', queue));
    if (this.#waiting.get(callId) !== waiting) return;
    log.info({ callId, queueId, outcomes }, 'call goes back to its place');
    const missed = rung.filter((_, i) => outcomes[i] === 'noAnswer').map(({ agentId }) => agentId);
    const missedBy = new Set([...(waiting.call.missedBy ?? []), ...missed].slice(-MOST_MISSES_KEPT));
    waiting.call = { ...waiting.call, missedBy };
    const { leaving } = waiting;
    if (leaving !== undefined) return this.#send(callId, leaving.why, leaving.target, leaving.key);
    this.#matcher.putCall(waiting.call);
    this.#plan();
  }

  /** Waited for by nobody when there is nothing to be said. */
  async #greeting(agentId: string, { announcements }: QueueRow, language: Language) {
    const { agents, say } = this.#options;
    const { whisper, agentNumber } = announcements;
    if (say === undefined || (whisper === null && !agentNumber)) return undefined;
    const spoken = agents.find(agentId)?.language ?? language;
    const none = (): string[] => [];
    const [agent, caller] = await Promise.all([
      whisper === null ? [] : say({ kind: 'prompt', name: whisper }, spoken).catch(none),
      agentNumber ? say({ kind: 'agent', agentId }, language).catch(none) : [],
    ]);
    return { agent, caller };
  }

  #settleAgent(agentId: string, outcome: OfferOutcome, { noAnswer }: QueueRow): void {
    const { agents } = this.#options;
    if (outcome === 'stationFailed') return agents.missOffer(agentId, 'station_failed');
    if (outcome === 'connected') return;
    if (outcome !== 'noAnswer') return agents.withdrawOffer(agentId);
    const misses = (this.#misses.get(agentId) ?? 0) + 1;
    if (noAnswer.action === 'notReady' && misses >= noAnswer.misses) {
      this.#misses.delete(agentId);
      return agents.missOffer(agentId, 'no_answer');
    }
    this.#misses.set(agentId, misses);
    // Before he is ready, so that nothing is offered to him meanwhile.
    if (noAnswer.restMs > 0) this.#roster.rest(agentId, noAnswer.restMs);
    agents.withdrawOffer(agentId);
  }
}

function quiet({ timers, sounds }: Waiting): void {
  for (const timer of timers) timer.cancel();
  sounds.stop();
}

/** As it is stored: plain data. */
function reasonData(reason: MatchReason): JsonObject {
  return JSON.parse(JSON.stringify(reason)) as JsonObject;
}
