// Brings callers who wait together with agents who are ready. It decides (matcher/) whenever something has changed: a call came
// into a queue or back into it, has waited long enough for the next step of relaxing, an agent became ready, a telephone was put
// down.
//
//   call.queued → waiting ──offer──→ ringing ──connected──→ talking → agent's wrap-up → ready
//                    ↑______noAnswer, stationFailed______|
//                    |__ too long, full, a key → flow, another queue, released
//
// Who waits is a party (calls/queue-party.ts): a caller on the line, or a customer who is called back when it is his turn.
import type { AgentBook, StationBook } from '../agents/index.js';
import type {
  CallControl,
  CallEvents,
  OfferOutcome,
  QueueLeft,
  QueueParty,
  QueuePlace,
  QueuePlaces,
} from '../calls/index.js';
import type {
  Agent,
  Language,
  LiveEvents,
  QueueEntry,
  QueueTarget,
  QueueWaiting,
  WaitEstimate,
} from '../contract/index.js';
import type { Db, QueueRow } from '../db/index.js';
import {
  errorText,
  type Clock,
  type Log,
  type Metrics,
  type TypedEmitter,
  type Unsubscribe,
} from '../platform/index.js';
import { greetingFor } from './agent-greeting.js';
import { AgentRoster } from './agent-roster.js';
import { HandlingTimes } from './handling-times.js';
import { Matcher, boundariesOf, dueOf, type Offer, type Preference, type WaitingCall } from './matcher/index.js';
import { lastAgentOf } from './last-agent.js';
import { waitingText } from './match-words.js';
import { Misses } from './misses.js';
import type { QueueBook } from './queue-book.js';
import { QueueTalks } from './queue-talks.js';
import { estimateWait } from './wait-estimate.js';
import { quiet, reasonData, type Waiting } from './waiting.js';
import { WaitSounds, type Sayer } from './wait-sounds.js';

export interface DistributorOptions {
  calls: Pick<CallControl, 'events' | 'offerAll' | 'overflow' | 'moveToQueue' | 'setBackground' | 'release'>;
  agents: Pick<
    AgentBook,
    'list' | 'find' | 'atStation' | 'beginOffer' | 'beginTalk' | 'moveTalk' | 'endTalk' | 'missOffer' | 'withdrawOffer'
  >;
  stations: Pick<StationBook, 'find'>;
  queues: Pick<QueueBook, 'find' | 'rows'>;
  db: Pick<Db, 'queueMembers' | 'abilities' | 'segments' | 'agentSegments' | 'calls' | 'events'>;
  live: TypedEmitter<LiveEvents>;
  /** what those who wait in a queue hear; undefined: ringback tone */
  music: (queue: QueueRow) => Promise<string[] | undefined>;
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
const DECISION_BUCKETS = [
  ...[0.0002, 0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.003, 0.004, 0.005, 0.006, 0.008],
  ...[0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.5],
];

/** Q.850: normal clearing */
const CAUSE_NORMAL = 16;
/** A caller goes through so many queues, should they lead in a circle. */
const MOST_QUEUES = 5;
/** decisions in one turn of the event loop that come before everything else */
const MOST_IN_TURN = 50;
/** Whose telephone is lifted while it is to ring is not asked again before the telephone itself can have told of it. */
const BUSY_REST_MS = 1000;
/** A call that cannot be offered to anybody is about to end; should it not, it waits again. */
const ENDING_MS = 500;
/** of agents whom a call's reason names as having missed it */
const MOST_MISSES_KEPT = 100;

export class Distributor implements QueuePlaces {
  readonly #options: DistributorOptions;
  readonly #matcher: Matcher;
  readonly #roster: AgentRoster;
  readonly #handling: HandlingTimes;
  /** by the id of the party: that of the call for one who is on the line */
  readonly #waiting = new Map<string, Waiting>();
  /** where live calls were before they left unserved */
  readonly #left = new Map<string, QueuePlace>();
  /** queues that a call has been in */
  readonly #hops = new Map<string, number>();
  readonly #talks: QueueTalks;
  readonly #misses = new Misses();
  readonly #rows = new Map<string, QueueRow>();
  #offs: Unsubscribe[] = [];
  readonly #decisions: ReturnType<Metrics['histogram']> | undefined;
  #planned = false;
  /** decisions in this turn of the event loop */
  #inTurn = 0;
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
    this.#talks = new QueueTalks({
      ...options,
      talked: (agentId, queueId, talkMs) => {
        this.#roster.talked(agentId, queueId, talkMs);
        this.#handling.talked(agentId, queueId, talkMs);
      },
    });
  }

  /** Resolves when what agents can do has been read; it works before. */
  start(): Promise<void> {
    const { calls, live } = this.#options;
    this.#offs = [
      calls.events.on('call.queued', (queued) => this.#enter(queued)),
      calls.events.on('call.connected', ({ call, agentId, queueId }) => {
        if (agentId !== null && queueId !== null) return this.#connected(call.id, agentId, queueId);
        this.#leave(call.id);
        if (agentId !== null) this.#talks.others.begin(agentId, call.id);
        this.#talks.others.connected(call);
      }),
      calls.events.on('call.transferred', ({ call, agentId, station }) => {
        if (agentId === null) this.#talks.others.leftAt(station, call.id);
        else this.#talks.left(agentId, call.id);
      }),
      calls.events.on('call.consulted', ({ call, agentId, talking }) =>
        talking ? this.#talks.others.begin(agentId, call.id) : this.#talks.others.end(agentId, call.id),
      ),
      calls.events.on('call.overflowed', ({ call }) => this.#leave(call.id)),
      calls.events.on('call.released', ({ call }) => this.#released(call.id)),
      calls.events.on('call.digit', ({ call, digit }) => this.#key(call.id, digit)),
    ];
    const read = [this.#roster.start(), this.#readPast()];
    this.#offs.push(live.on('agent.updated', (agent) => this.#agentChanged(agent)));
    return Promise.all(read).then(() => undefined);
  }

  async #readPast(): Promise<void> {
    const { db, clock, log } = this.#options;
    try {
      await Promise.all([this.#misses.read(db, clock.wallMs()), this.#handling.read(db, clock.wallMs())]);
    } catch (error) {
      log.error({ err: error }, `what agents have done before the start was not read: ${errorText(error)}`);
    }
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
  waiting(queueId: string, language: Language = 'zh-CN'): QueueWaiting[] {
    const now = this.#options.clock.monotonicMs();
    const ringing = [...this.#waiting.values()].filter((one) => one.ringing && one.call.queueId === queueId);
    const policy = this.#matcher.policy(queueId);
    if (policy === undefined) return [];
    return [...ringing.map(({ call }) => call), ...this.#matcher.waitingIn(queueId)].map((call, at) => {
      const why = at < ringing.length ? undefined : this.#matcher.explain(call.callId, now);
      return {
        kind: this.#waiting.get(call.callId)?.sounds === undefined ? 'callback' : 'call',
        ...{ callId: call.callId, position: at < ringing.length ? null : at + 1, vip: call.vip },
        waitedMs: Math.round(now - call.enteredAt),
        points: Math.round(dueOf(call, policy, now).points * 1000) / 1000,
        why:
          why === undefined
            ? null
            : { code: why.code, counts: why.counts as Record<string, number>, text: waitingText(why, language) },
        estimate: this.estimate(queueId, call.callId),
      };
    });
  }

  put(party: QueueParty, enteredAt: number): void {
    const { queues, clock } = this.#options;
    const queue = queues.find(party.queueId);
    if (queue === undefined) return party.leave({ why: 'overflow', target: { to: 'flow', node: null }, key: null });
    this.remove(party.id);
    // On the clock that calls are counted on, which may have begun after he came.
    const since = clock.monotonicMs() - Math.max(0, clock.wallMs() - enteredAt);
    this.#place(this.#add(party, queue, since), queue);
  }

  remove(id: string): void {
    this.#leave(id);
  }

  placeLeft(callId: string): QueuePlace | undefined {
    return this.#left.get(callId);
  }

  #enter({ call: { id: callId, callingNumber, treatment }, ...queued }: CallEvents['call.queued']): void {
    const { queueId, language, placeId } = queued;
    const { queues, clock, calls, log } = this.#options;
    const queue = queues.find(queueId);
    if (queue === undefined) {
      log.error({ callId, queueId }, 'a flow leads to a queue that is not there');
      calls.overflow(callId);
      return;
    }
    // At least so high as the lists say.
    const priority = Math.max(queued.entry.priority ?? queue.routing.priority, treatment?.priority ?? 0);
    const entry: QueueEntry = { ...queued.entry, priority };
    const party: QueueParty = {
      ...{ id: callId, callId, queueId, entry, language, callingNumber, mostAgents: Infinity },
      ring: (targets) => calls.offerAll(callId, targets),
      leave: (how) => this.#sendOn(callId, queueId, entry, how),
    };
    const already = [...this.#waiting.values()].filter(
      ({ call, sounds }) => call.queueId === queueId && sounds !== undefined,
    ).length;
    const before = placeId === undefined ? undefined : this.#waiting.get(placeId);
    const waiting = before === undefined ? this.#add(party, queue, clock.monotonicMs()) : this.#takeOver(before, party);
    waiting.sounds = this.#soundsOf(callId, queue, language);
    waiting.timers.push(clock.after(queue.maxWaitMs, () => this.#send(callId, 'overflow', queue.overflow)));
    if (before !== undefined) return;
    if (queue.maxLength > 0 && already >= queue.maxLength) return this.#send(callId, 'full', queue.overflow);
    this.#place(waiting, queue);
  }

  #add(party: QueueParty, { id: queueId, routing }: QueueRow, enteredAt: number): Waiting {
    const { entry } = party;
    const named = entry.preferredAgent;
    const call: WaitingCall = {
      ...{ callId: party.id, queueId, enteredAt },
      ...{ priority: entry.priority ?? routing.priority, vip: entry.vip, skills: entry.skills },
      ...{ region: entry.region, customerLevel: entry.customerLevel },
      preferred: named === null || named.agentId === 'last' ? null : { ...named, rule: 'named_agent' },
    };
    const waiting: Waiting = { party, call, ringing: false, leaving: undefined, timers: [], sounds: undefined };
    this.#waiting.set(party.id, waiting);
    return waiting;
  }

  /** A customer who was called has the place that was kept for him. */
  #takeOver(waiting: Waiting, party: QueueParty): Waiting {
    const { callId } = waiting.call;
    this.#waiting.delete(callId);
    this.#matcher.removeCall(callId);
    waiting.party = party;
    waiting.call = { ...waiting.call, callId: party.id };
    this.#waiting.set(party.id, waiting);
    return waiting;
  }

  /** Into the matcher, once it is known whom he had last where that matters. */
  #place(waiting: Waiting, queue: QueueRow): void {
    const { party, call } = waiting;
    const { routing } = queue;
    const named = party.entry.preferredAgent;
    const waitMs = named === null ? routing.lastAgentWaitMs : named.agentId === 'last' ? named.waitMs : null;
    if (waitMs === null || party.callingNumber === '') return this.#wait(waiting, queue);
    void lastAgentOf(this.#options, party.callingNumber, routing.lastAgentDays).then((agentId) => {
      if (this.#waiting.get(party.id) !== waiting) return;
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
    const { clock, log } = this.#options;
    const { party, call } = waiting;
    const { queueId } = call;
    log.info({ callId, queueId, why, target }, 'a caller leaves the queue unserved');
    const waitedMs = Math.max(0, Math.round(clock.monotonicMs() - call.enteredAt));
    this.#left.set(callId, { queueId, enteredAt: clock.wallMs() - waitedMs, entry: party.entry });
    party.leave(waiting.leaving);
  }

  /** A caller on the line goes where the queue, or his key, says. */
  #sendOn(callId: string, queueId: string, entry: QueueEntry, how: QueueLeft): void {
    const { calls, queues } = this.#options;
    const { target } = how;
    if (target.to === 'hangUp') return void calls.release(callId, CAUSE_NORMAL);
    const hops = (this.#hops.get(callId) ?? 1) + 1;
    if (target.to === 'queue' && queues.find(target.queueId) !== undefined && hops <= MOST_QUEUES) {
      this.#hops.set(callId, hops);
      return void calls.moveToQueue(callId, target.queueId, entry);
    }
    calls.overflow(callId, how);
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
    this.#misses.forgive(agentId);
    this.#roster.answered(agentId, queueId);
    this.#talks.begin(agentId, callId, queueId);
  }

  #released(callId: string): void {
    this.#leave(callId);
    this.#hops.delete(callId);
    this.#left.delete(callId);
    this.#talks.released(callId);
  }

  #agentChanged(agent: Agent): void {
    this.#handling.agentChanged(agent.id, agent.state);
  }

  /** Decides once for all that one event changes. */
  #plan(): void {
    if (this.#planned || this.#stopped) return;
    this.#planned = true;
    const { clock } = this.#options;
    const sinceMs = clock.monotonicMs();
    const decide = (): void => {
      this.#planned = false;
      if (this.#stopped || this.#waiting.size === 0) return;
      this.#decide();
      this.#decisions?.observe((clock.monotonicMs() - sinceMs) / 1000);
    };
    if (this.#inTurn === 0) setImmediate(() => (this.#inTurn = 0));
    this.#inTurn += 1;
    // Before the next event is taken up: in a rush dozens lie there already. Decisions that lead to one another let others go first.
    if (this.#inTurn <= MOST_IN_TURN) process.nextTick(decide);
    else setImmediate(decide);
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
    const { agents, queues, say, clock, log } = this.#options;
    const waiting = this.#waiting.get(callId);
    const queue = queues.find(queueId);
    if (waiting === undefined) return;
    // It was removed while he waited.
    if (queue === undefined) return this.#send(callId, 'overflow', { to: 'flow', node: null });
    const { party } = waiting;
    const rung: typeof chosen = [];
    for (const one of chosen)
      if (rung.length < party.mostAgents && agents.beginOffer(one.agentId, party.callId)) rung.push(one);
    if (rung.length === 0) return;
    waiting.ringing = true;
    this.#matcher.removeCall(callId);
    for (const { agentId, station, reason } of rung) {
      this.#roster.rung(agentId, queueId);
      log.info({ callId, queueId, agentId, station, why: reason.code, waitedMs: reason.waitedMs }, 'call offered');
    }
    const targets = await Promise.all(
      rung.map(async ({ agentId, station, reason }) => {
        const { language } = party;
        const spoken = agents.find(agentId)?.language ?? language;
        const greeting = await greetingFor(say, queue.announcements, { agentId, spoken, language });
        return { agentId, station, ringTimeoutMs: queue.ringTimeoutMs, why: reasonData(reason), greeting };
      }),
    );
    const outcomes = await party.ring(targets);
    waiting.ringing = false;
    rung.forEach(({ agentId }, i) => this.#settleAgent(agentId, outcomes[i] ?? 'withdrawn', queue));
    // A customer who was called first is there under another name now.
    const id = waiting.call.callId;
    if (this.#waiting.get(id) !== waiting) return;
    if (outcomes.includes('connected')) return this.#leave(id);
    log.info({ callId: id, queueId, outcomes }, 'call goes back to its place');
    const missed = rung.filter((_, i) => outcomes[i] === 'noAnswer').map(({ agentId }) => agentId);
    const missedBy = new Set([...(waiting.call.missedBy ?? []), ...missed].slice(-MOST_MISSES_KEPT));
    waiting.call = { ...waiting.call, missedBy };
    const { leaving } = waiting;
    if (leaving !== undefined) return this.#send(id, leaving.why, leaving.target, leaving.key);
    const again = (): void => {
      this.#matcher.putCall(waiting.call);
      this.#plan();
    };
    // Whoever asks for it again at once has agents rung, and not rung, without end until it is gone.
    if (outcomes.includes('callEnded')) waiting.timers.push(clock.after(ENDING_MS, again));
    else again();
  }

  #settleAgent(agentId: string, outcome: OfferOutcome, { noAnswer }: QueueRow): void {
    const { agents } = this.#options;
    if (outcome === 'stationFailed') return agents.missOffer(agentId, 'station_failed');
    if (outcome === 'connected') return;
    if (outcome === 'stationBusy') this.#roster.rest(agentId, BUSY_REST_MS);
    if (outcome !== 'noAnswer') return agents.withdrawOffer(agentId);
    if (this.#misses.missed(agentId) >= noAnswer.misses && noAnswer.action === 'notReady') {
      this.#misses.forgive(agentId);
      return agents.missOffer(agentId, 'no_answer');
    }
    // Before he is ready, so that nothing is offered to him meanwhile.
    if (noAnswer.restMs > 0) this.#roster.rest(agentId, noAnswer.restMs);
    agents.withdrawOffer(agentId);
  }
}
