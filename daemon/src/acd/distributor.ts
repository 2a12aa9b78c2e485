// Brings callers who wait together with agents who are ready. It decides (choose.ts) whenever something has changed: a call
// came into a queue or back into it, an agent became ready, a telephone was put down.
//
//   call.queued → waiting ──assignment──→ ringing ──connected──→ talking → agent's wrap-up → ready
//                    ↑______noAnswer, stationFailed______|
import type { AgentBook, StationBook } from '../agents/index.js';
import type { CallControl, OfferOutcome } from '../calls/index.js';
import type { Agent, LiveEvents } from '../contract/index.js';
import type { QueueRow } from '../db/index.js';
import type { Clock, Log, Timer, TypedEmitter, Unsubscribe } from '../platform/index.js';
import { distribute, type Assignment, type Candidate } from './choose.js';
import type { QueueBook } from './queue-book.js';

export interface DistributorOptions {
  calls: CallControl;
  agents: AgentBook;
  stations: StationBook;
  queues: QueueBook;
  live: TypedEmitter<LiveEvents>;
  /** what those who wait in a queue hear; undefined: ringback tone */
  music: (queue: QueueRow) => Promise<string | undefined>;
  clock: Clock;
  log: Log;
}

interface Waiting {
  callId: string;
  queueId: string;
  enteredAt: number;
  /** an agent's telephone rings for it */
  ringing: boolean;
  /** it has waited too long; what rings for it may still be answered */
  expired: boolean;
  maxWait: Timer;
}

export class Distributor {
  readonly #options: DistributorOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** agents in talk, by call */
  readonly #talking = new Map<string, { agentId: string; queueId: string }>();
  readonly #wrapUps = new Map<string, Timer>();
  #offs: Unsubscribe[] = [];
  #planned = false;
  #stopped = false;

  constructor(options: DistributorOptions) {
    this.#options = options;
  }

  start(): void {
    const { calls, live } = this.#options;
    this.#offs = [
      calls.events.on('call.queued', ({ call, queueId }) => this.#enter(call.id, queueId)),
      calls.events.on('call.connected', ({ call, agentId, queueId }) => {
        if (agentId !== null && queueId !== null) this.#connected(call.id, agentId, queueId);
        else this.#leave(call.id);
      }),
      calls.events.on('call.transferred', ({ call, agentId }) => {
        if (agentId !== null) this.#talkOver(call.id);
      }),
      calls.events.on('call.overflowed', ({ call }) => this.#leave(call.id)),
      calls.events.on('call.released', ({ call }) => this.#released(call.id)),
      live.on('agent.updated', (agent) => this.#agentChanged(agent)),
      live.on('station.updated', () => this.#plan()),
    ];
  }

  stop(): void {
    this.#stopped = true;
    for (const off of this.#offs) off();
    for (const { maxWait } of this.#waiting.values()) maxWait.cancel();
    for (const timer of this.#wrapUps.values()) timer.cancel();
    this.#waiting.clear();
    this.#wrapUps.clear();
  }

  #enter(callId: string, queueId: string): void {
    const { queues, clock, calls, log } = this.#options;
    const queue = queues.find(queueId);
    if (queue === undefined) {
      log.error({ callId, queueId }, 'a flow leads to a queue that is not there');
      calls.overflow(callId);
      return;
    }
    const maxWait = clock.after(queue.maxWaitMs, () => this.#expire(callId));
    this.#waiting.set(callId, {
      callId,
      queueId,
      enteredAt: clock.monotonicMs(),
      ringing: false,
      expired: false,
      maxWait,
    });
    void this.#playMusic(callId, queue);
    this.#plan();
  }

  async #playMusic(callId: string, queue: QueueRow): Promise<void> {
    const { calls, music } = this.#options;
    const file = await music(queue).catch(() => undefined);
    calls.setBackground(callId, file === undefined ? { tone: 'ringback' } : { files: [file] });
  }

  #expire(callId: string): void {
    const waiting = this.#waiting.get(callId);
    if (waiting === undefined) return;
    waiting.expired = true;
    if (!waiting.ringing) this.#options.calls.overflow(callId);
  }

  #leave(callId: string): void {
    this.#waiting.get(callId)?.maxWait.cancel();
    this.#waiting.delete(callId);
  }

  #connected(callId: string, agentId: string, queueId: string): void {
    this.#leave(callId);
    const { agents } = this.#options;
    // He may have been put through from another call to this one.
    if (this.#callOf(agentId) === undefined) agents.beginTalk(agentId, callId);
    else agents.moveTalk(agentId, callId);
    this.#talking.set(callId, { agentId, queueId });
  }

  #released(callId: string): void {
    this.#leave(callId);
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
    if (this.#callOf(talk.agentId) !== undefined) return;
    const wrapUpMs = this.#options.queues.find(talk.queueId)?.wrapUpMs ?? 0;
    this.#options.agents.endTalk(talk.agentId, wrapUpMs > 0);
    if (wrapUpMs === 0) return;
    const timer = this.#options.clock.after(wrapUpMs, () => {
      this.#wrapUps.delete(talk.agentId);
      this.#options.agents.endWrapUp(talk.agentId);
    });
    this.#wrapUps.set(talk.agentId, timer);
  }

  #agentChanged(agent: Agent): void {
    if (agent.state !== 'wrapUp') {
      this.#wrapUps.get(agent.id)?.cancel();
      this.#wrapUps.delete(agent.id);
    }
    if (agent.state === 'ready') this.#plan();
  }

  /** Decides once for all that changes in this turn. */
  #plan(): void {
    if (this.#planned || this.#stopped) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      if (!this.#stopped) this.#decide();
    });
  }

  #decide(): void {
    const waiting = [...this.#waiting.values()].filter(({ ringing, expired }) => !ringing && !expired);
    if (waiting.length === 0) return;
    const { assignments, skips } = distribute(waiting, this.#candidates());
    if (skips.length > 0) this.#options.log.debug({ skips }, 'agents passed over');
    for (const assignment of assignments) void this.#offer(assignment);
  }

  #candidates(): Candidate[] {
    const { agents, stations } = this.#options;
    return agents.list().map((agent) => {
      const station = agent.station === null ? undefined : stations.find(agent.station);
      return {
        agentId: agent.id,
        station: station?.station ?? null,
        readySince: agent.since,
        queues: agent.queues,
        ready: agent.state === 'ready',
        stationReachable: station?.reachable ?? false,
        stationBusy: station?.busy ?? false,
        stationOffHook: station?.offHook ?? false,
      };
    });
  }

  async #offer({ callId, queueId, agentId, station, why }: Assignment): Promise<void> {
    const { agents, calls, queues, log } = this.#options;
    const waiting = this.#waiting.get(callId);
    const queue = queues.find(queueId);
    if (waiting === undefined || queue === undefined || !agents.beginOffer(agentId, callId)) return;
    waiting.ringing = true;
    log.info({ callId, queueId, agentId, station, why }, 'call offered');
    const outcome = await calls.offer(callId, { agentId, station, ringTimeoutMs: queue.ringTimeoutMs, why });
    waiting.ringing = false;
    this.#settleAgent(agentId, outcome);
    if (outcome === 'connected' || outcome === 'pickedUp' || outcome === 'callEnded') return;
    log.info({ callId, queueId, agentId, station, outcome }, 'call goes back to its place');
    if (waiting.expired) calls.overflow(callId);
    else this.#plan();
  }

  #settleAgent(agentId: string, outcome: OfferOutcome): void {
    const { agents } = this.#options;
    if (outcome === 'noAnswer') agents.missOffer(agentId, 'no_answer');
    else if (outcome === 'stationFailed') agents.missOffer(agentId, 'station_failed');
    else if (outcome !== 'connected') agents.withdrawOffer(agentId);
  }
}
