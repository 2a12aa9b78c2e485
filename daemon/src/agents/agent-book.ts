// The agents: who is signed in where, and in which state. A state that somebody was promised (he heard the prompt, the page
// said so) is on the disk by then; states that come from calls are written while the call goes on. What is needed to put an agent
// back to where he was (until when his wrap-up lasts, what he is to be after the call) is written with the state.
import type { Agent, AgentState, AgentStateRequest, LiveEvents, Slug } from '../contract/index.js';
import type { AgentRow, AgentStateDetail, AgentStateRow, Db, Writes } from '../db/index.js';
import {
  AppError,
  StateMachine,
  newUlid,
  type Clock,
  type Log,
  type Metrics,
  type TypedEmitter,
  type Unsubscribe,
  word,
} from '../platform/index.js';
import { agentTable, type AgentStep } from './agent-states.js';
import { AgentStore } from './agent-store.js';
import { isBusy, quiet, toDto, type AskedBy, type KnownAgent, type WrapUpRule } from './known-agent.js';
import { ReasonBook } from './reason-book.js';

export interface AgentBookOptions {
  db: Db;
  live: TypedEmitter<LiveEvents>;
  /** who signs in where another one is: refused, or the other one is signed out; default takeOver */
  stationInUse?: 'takeOver' | 'refuse' | undefined;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

type Change = Partial<Pick<KnownAgent, 'callId' | 'reason' | 'station' | 'wrapUp'>>;
type Wanted = { state: AgentStateRequest['state']; reason: string | null };
const BY_PHONE: AskedBy = { by: 'phone', forced: false };
/** where a queue sets no limit */
const LONGEST_WRAP_UP_MS = 4 * 3_600_000;
const STEPS = { ready: 'getReady', notReady: 'pause', signedOut: 'signOut' } as const;

export class AgentBook {
  readonly #options: AgentBookOptions;
  readonly #store: AgentStore;
  readonly #reasons: ReasonBook;
  readonly #agents = new Map<string, KnownAgent>();
  #off: Unsubscribe | undefined;

  constructor(options: AgentBookOptions) {
    this.#options = options;
    this.#store = new AgentStore(options.db, options.log);
    this.#reasons = new ReasonBook(options.db, options.log, () => {
      for (const agent of this.#agents.values()) if (this.#watchReason(agent)) this.#tell(agent);
    });
  }

  /**
   * Puts everybody back to where he was. A call that the last stop ended is over for its agent, too: he is ready, or what he was to
   * be after it. `stationExists`: an agent whose telephone has gone is signed out.
   */
  async start(stationExists: (station: number) => boolean): Promise<void> {
    const { db } = this.#options;
    this.#off = db.events.on('agent.changed', ({ id, removed }) => (removed ? this.#forget(id) : this.#reload(id)));
    await this.#reasons.start();
    const states = new Map((await db.agentStates.list()).map((row) => [row.agentId, row]));
    const paused = new Map((await db.desk.all()).map((row) => [row.agentId, row.pausedQueues]));
    for (const row of await db.agents.list())
      this.#restore(row, states.get(row.id), paused.get(row.id) ?? [], stationExists);
  }

  /** Closes the open segments; the states stay and are restored at the next start. */
  async stop(): Promise<void> {
    this.#off?.();
    this.#reasons.stop();
    for (const agent of this.#agents.values()) quiet(agent);
    const signedIn = [...this.#agents.values()].filter(({ machine }) => machine.state !== 'signedOut');
    const ids = signedIn.map(({ row }) => row.id);
    await this.#store.close(ids, this.#options.clock.wallMs());
  }

  /** By number. */
  list(): Agent[] {
    return [...this.#agents.values()].map(toDto).sort((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
  }

  /** Shows of everybody as much as it takes to count them. */
  eachState(show: (state: AgentState, queues: readonly string[], pausedQueues: readonly string[]) => void): void {
    for (const { machine, row, pausedQueues } of this.#agents.values()) show(machine.state, row.queues, pausedQueues);
  }

  find(id: string): Agent | undefined {
    const agent = this.#agents.get(id);
    return agent === undefined ? undefined : toDto(agent);
  }

  /** Who is signed in at a telephone. */
  atStation(station: number): Agent | undefined {
    for (const agent of this.#agents.values()) if (agent.station === station) return toDto(agent);
    return undefined;
  }

  /**
   * Signs an agent in at a telephone, ready. Whoever was signed in there is signed out (or station_taken, as the settings say), and
   * an agent who was elsewhere moves. agent_not_found; agent_busy when he, or the one he would drive away, is in a call.
   */
  async signIn(id: string, station: number, who: AskedBy = BY_PHONE): Promise<void> {
    const agent = this.#get(id);
    this.#refuseBusy(agent);
    const before = [...this.#agents.values()].find((other) => other !== agent && other.station === station);
    if (before !== undefined) {
      if (this.#options.stationInUse === 'refuse')
        throw new AppError('station_taken', { station, agent: before.row.id });
      this.#refuseBusy(before);
      await this.#step(before, 'signOut', { station: null }, who);
    }
    await this.#step(agent, 'signIn', { station }, who);
  }

  /** agent_not_found, agent_busy. Signing out twice is signing out once. */
  async signOut(id: string): Promise<void> {
    await this.#request(this.#get(id), { state: 'signedOut', reason: null }, BY_PHONE);
  }

  /** agent_not_found, agent_signed_out, agent_busy, disposition_required */
  async ready(id: string): Promise<void> {
    await this.#request(this.#get(id), { state: 'ready', reason: null }, BY_PHONE);
  }

  /** agent_not_found, agent_signed_out, agent_busy, reason_not_found, disposition_required */
  async notReady(id: string, reason: string | null): Promise<void> {
    await this.#request(this.#get(id), { state: 'notReady', reason }, BY_PHONE);
  }

  /**
   * As AgentsPort: what is asked for by a page, or by a supervisor. Of one who is in a call it is done after the call, and told as
   * pending until then. Of a supervisor's there is an audit entry.
   */
  async setState(id: string, { state, reason }: AgentStateRequest, who: AskedBy): Promise<Agent> {
    const agent = this.#get(id);
    const wanted = { state, reason: state === 'notReady' ? (reason ?? null) : null };
    const also = who.forced ? this.#audited(agent, wanted, who) : undefined;
    if (isBusy(agent)) {
      this.#reasons.check(wanted.reason);
      agent.after = { ...wanted, ...who, asked: true };
      this.#tell(agent);
      await this.#store.keep(this.#row(agent), also);
    } else await this.#request(agent, wanted, who, also);
    return toDto(agent);
  }

  /** Makes the wrap-up longer: not_in_wrap_up, wrap_up_at_limit. */
  async extendWrapUp(id: string, byMs: number): Promise<Agent> {
    const agent = this.#get(id);
    const { wrapUp } = agent;
    if (wrapUp === null || wrapUp.endsAt === null)
      throw new AppError('not_in_wrap_up', { id, state: word(agent.machine.state) });
    const endsAt = Math.min(wrapUp.endsAt + byMs, wrapUp.limitAt ?? agent.since + LONGEST_WRAP_UP_MS);
    if (endsAt <= wrapUp.endsAt) throw new AppError('wrap_up_at_limit', { id });
    agent.wrapUp = { ...wrapUp, endsAt };
    this.#timeWrapUp(agent);
    this.#tell(agent);
    await this.#store.keep(this.#row(agent));
    return toDto(agent);
  }

  /** He takes calls of one of his queues, or none for now: agent_not_in_queue. */
  async setQueueActive(id: string, queueId: Slug, active: boolean): Promise<Agent> {
    const agent = this.#get(id);
    if (!agent.row.queues.includes(queueId)) throw new AppError('agent_not_in_queue', { id, queue: queueId });
    const others = agent.pausedQueues.filter((one) => one !== queueId);
    const pausedQueues = active ? others : [...others, queueId];
    await this.#options.db.write(async (tx) => tx.desk.put({ ...(await tx.desk.of(id)), pausedQueues }));
    agent.pausedQueues = pausedQueues;
    this.#tell(agent);
    return toDto(agent);
  }

  /** He has said what the call came to: a wrap-up that waits for it is over. */
  settle(id: string, callId: string): void {
    const agent = this.#agents.get(id);
    if (agent === undefined) return;
    if (agent.callId === callId) agent.settled = callId;
    if (agent.wrapUp?.mode === 'untilDisposition' && agent.wrapUp.callId === callId) this.endWrapUp(id);
  }

  /** A call is offered to him; false when he is not ready (any more). */
  beginOffer(id: string, callId: string): boolean {
    const agent = this.#agents.get(id);
    if (agent?.machine.state !== 'ready') return false;
    agent.callId = callId;
    void this.#step(agent, 'ring', {});
    return true;
  }

  /** Who is signed in at a telephone and can pick up a call there; null: nobody, or a call of his own rings there. */
  takerAt(station: number): string | null {
    const agent = this.atStation(station);
    return agent === undefined || agent.state === 'ringing' ? null : agent.id;
  }

  /** The agent who talks at a telephone. */
  talkerAt(station: number): string | null {
    const agent = this.atStation(station);
    return agent?.state === 'talking' ? agent.id : null;
  }

  /** He has lifted, or picked up a call that was not offered to him. */
  beginTalk(id: string, callId: string): void {
    const agent = this.#agents.get(id);
    if (agent === undefined) return;
    const { machine, reason, changedBy: by, forced } = agent;
    if (machine.state === 'notReady') agent.after = { state: 'notReady', reason, by, forced, asked: false };
    this.#callStep(agent, machine.state === 'ringing' ? 'answer' : 'take', { callId });
  }

  /** He goes on talking, in another call. */
  moveTalk(id: string, callId: string): void {
    const agent = this.#agents.get(id);
    if (agent === undefined || agent.callId === callId) return;
    agent.callId = callId;
    this.#tell(agent);
  }

  /** The offer has ended without him, and not by his doing. */
  withdrawOffer(id: string): void {
    this.#offerOver(id, 'withdraw', null);
  }

  /** He did not lift (no_answer) or his telephone failed (station_failed): he gets no more calls until he says so. */
  missOffer(id: string, reason: string): void {
    this.#offerOver(id, 'miss', reason);
  }

  /** The talk is over; `rule`: he has paperwork. What was asked for meanwhile takes its place. */
  endTalk(id: string, rule: WrapUpRule | null): void {
    const agent = this.#agents.get(id);
    if (agent === undefined) return;
    const done = rule === null || (rule.mode === 'timed' && rule.ms === 0) || agent.callId === null;
    const settled = rule?.mode === 'untilDisposition' && agent.settled === agent.callId;
    if (done || settled || agent.after?.asked === true) return this.#goOn(agent);
    const now = this.#options.clock.wallMs();
    const { queueId, mode, ms, limitMs } = rule;
    this.#callStep(agent, 'wrapUp', {
      wrapUp: {
        ...{ callId: agent.callId ?? '', queueId, mode },
        endsAt: mode === 'timed' ? now + ms : null,
        limitAt: limitMs === 0 ? null : now + limitMs,
      },
    });
    this.#timeWrapUp(agent);
  }

  /** The paperwork is over; does nothing when he is no longer at it. */
  endWrapUp(id: string): void {
    const agent = this.#agents.get(id);
    if (agent?.machine.state === 'wrapUp') this.#goOn(agent);
  }

  /**
   * Ends the wrap-up in its time, which is measured and not read off the wall: a timer that fires a moment before the wall clock is
   * there, or a clock that is set back, would else leave him in it.
   */
  #timeWrapUp(agent: KnownAgent): void {
    const { clock } = this.#options;
    const { wrapUp, since } = agent;
    agent.wrapUpEnd?.cancel();
    agent.wrapUpEnd = undefined;
    if (wrapUp === null) return;
    const end = Math.min(wrapUp.endsAt ?? Infinity, wrapUp.limitAt ?? Infinity);
    if (end === Infinity) return;
    // No longer than it was to last, should the clock have been set back meanwhile.
    const restMs = Math.max(0, Math.min(end - clock.wallMs(), end - since));
    agent.wrapUpEnd = clock.after(restMs, () => this.endWrapUp(agent.row.id));
  }

  /** Notes since when he has been not ready for too long; true: what is shown of it has changed. */
  #watchReason(agent: KnownAgent): boolean {
    const { clock } = this.#options;
    const before = agent.overdue;
    agent.overdueFrom?.cancel();
    agent.overdueFrom = undefined;
    const mostMs = agent.machine.state === 'notReady' ? this.#reasons.mostMs(agent.reason) : undefined;
    const restMs = mostMs === undefined ? Infinity : agent.since + mostMs - clock.wallMs();
    agent.overdue = restMs <= 0;
    if (restMs > 0 && restMs !== Infinity)
      agent.overdueFrom = clock.after(restMs, () => {
        agent.overdue = true;
        this.#tell(agent);
      });
    return before !== agent.overdue;
  }

  #offerOver(id: string, step: 'withdraw' | 'miss', reason: string | null): void {
    const agent = this.#agents.get(id);
    if (agent === undefined) return;
    if (agent.after?.asked === true) this.#goOn(agent);
    else this.#callStep(agent, step, { callId: null, reason });
  }

  /** As before the call, or as was asked for meanwhile. */
  #goOn(agent: KnownAgent): void {
    const { after, machine } = agent;
    if (after === null || after.state === 'ready')
      return this.#callStep(agent, machine.state === 'ringing' ? 'withdraw' : 'finish', { callId: null }, after);
    const gone = after.state === 'signedOut' ? { station: null } : {};
    this.#callStep(agent, STEPS[after.state], { callId: null, reason: after.reason, ...gone }, after);
  }

  #callStep(agent: KnownAgent, step: AgentStep, change: Change, after: AgentStateDetail['after'] = null): void {
    const who = after === null || after.by === null ? undefined : { by: after.by, forced: after.forced };
    void this.#step(agent, step, change, who).catch(() => undefined);
  }

  async #request(
    agent: KnownAgent,
    { state: wanted, reason }: Wanted,
    who: AskedBy,
    also?: (tx: Writes) => Promise<void>,
  ): Promise<void> {
    const { state } = agent.machine;
    const { id } = agent.row;
    if (state === 'signedOut') {
      if (wanted === 'signedOut') return;
      throw new AppError('agent_signed_out', { id });
    }
    this.#refuseBusy(agent);
    this.#reasons.check(reason);
    if (agent.wrapUp?.mode === 'untilDisposition' && !who.forced && wanted !== 'signedOut')
      throw new AppError('disposition_required', { callId: agent.wrapUp.callId });
    if (wanted === 'ready' && state === 'ready') return;
    const gone = wanted === 'signedOut' ? { station: null } : {};
    await this.#step(agent, STEPS[wanted], { reason, callId: null, ...gone }, who, also);
  }

  /** Takes a step and has it written. Rejects when it could not be written; the step stays taken. */
  #step(
    agent: KnownAgent,
    step: AgentStep,
    change: Change,
    who?: AskedBy,
    also?: (tx: Writes) => Promise<void>,
  ): Promise<void> {
    const { id } = agent.row;
    if (!agent.machine.fire(step))
      return Promise.reject(new AppError('agent_busy', { id, state: word(agent.machine.state) }));
    if (step !== 'wrapUp' && step !== 'take' && step !== 'answer') agent.after = null;
    const { reason = null, wrapUp = null, ...rest } = change;
    const by = { changedBy: who?.by ?? null, forced: who?.forced ?? false };
    Object.assign(agent, rest, by, { reason, wrapUp, since: this.#options.clock.wallMs() });
    if (wrapUp === null) this.#timeWrapUp(agent);
    this.#watchReason(agent);
    const { station, machine } = agent;
    this.#options.log.info({ agentId: id, station, state: machine.state, reason, ...by }, 'agent changed state');
    this.#tell(agent);
    return this.#store.enter(this.#row(agent), { also });
  }

  #row({ row, machine, reason, station, since, changedBy, forced, wrapUp, after }: KnownAgent): AgentStateRow {
    const detail = { changedBy, forced, wrapUp, after };
    return { agentId: row.id, state: machine.state, reason, station, since, detail };
  }

  #tell(agent: KnownAgent): void {
    this.#options.live.emit('agent.updated', toDto(agent));
  }

  /** The entry of what a supervisor did to an agent. */
  #audited({ row, machine, reason }: KnownAgent, wanted: Wanted, { by }: AskedBy): (tx: Writes) => Promise<void> {
    const before = { state: machine.state, reason };
    const at = this.#options.clock.wallMs();
    return async (tx) =>
      tx.audit.insert({
        ...{ id: newUlid(), at, actor: by, action: 'forced', objectKind: 'agent', objectId: row.id },
        ...{ before, after: { ...wanted } },
      });
  }

  #refuseBusy(agent: KnownAgent): void {
    if (isBusy(agent)) throw new AppError('agent_busy', { id: agent.row.id, state: word(agent.machine.state) });
  }

  #get(id: string): KnownAgent {
    const agent = this.#agents.get(id);
    if (agent === undefined) throw new AppError('agent_not_found', { id });
    return agent;
  }

  #restore(
    row: AgentRow,
    stored: AgentStateRow | undefined,
    pausedQueues: readonly string[],
    stationExists: (station: number) => boolean,
  ): void {
    const { clock, log } = this.#options;
    const signedIn = stored !== undefined && stored.state !== 'signedOut' && stored.station !== null;
    const now = clock.wallMs();
    if (!signedIn || !stationExists(stored.station as number)) {
      const agent = this.#add(row, 'signedOut', now, pausedQueues);
      if (signedIn) {
        log.warn({ agentId: row.id, station: stored.station }, 'his telephone has gone: he is signed out');
        void this.#store.enter(this.#row(agent));
      } else if (stored !== undefined) agent.since = stored.since;
      return;
    }
    const { detail } = stored;
    const inCall = stored.state === 'ringing' || stored.state === 'talking';
    // A wrap-up that was over while nobody was there to end it, is over.
    const ends = Math.min(detail?.wrapUp?.endsAt ?? Infinity, detail?.wrapUp?.limitAt ?? Infinity);
    const over = inCall || (stored.state === 'wrapUp' && (detail?.wrapUp == null || ends <= now));
    const after = over ? (detail?.after ?? null) : null;
    const state = over ? (after?.state ?? 'ready') : stored.state;
    const agent = this.#add(row, state, over ? now : Math.min(stored.since, now), pausedQueues);
    agent.station = state === 'signedOut' ? null : stored.station;
    agent.reason = over ? (after?.reason ?? null) : stored.reason;
    agent.changedBy = over ? (after?.by ?? null) : (detail?.changedBy ?? null);
    agent.forced = over ? (after?.forced ?? false) : (detail?.forced ?? false);
    if (!over) Object.assign(agent, { wrapUp: detail?.wrapUp ?? null, after: detail?.after ?? null });
    agent.callId = agent.wrapUp?.callId ?? null;
    this.#timeWrapUp(agent);
    this.#watchReason(agent);
    void this.#store.enter(this.#row(agent), { fromMs: now });
  }

  #add(row: AgentRow, initial: AgentState, since: number, pausedQueues: readonly string[] = []): KnownAgent {
    const { clock, log, metrics } = this.#options;
    const machine = new StateMachine<AgentState, AgentStep>({
      name: 'agent',
      table: agentTable,
      initial,
      log: log.child({ agentId: row.id }),
      clock,
      metrics,
    });
    const agent: KnownAgent = {
      ...{ row, machine, reason: null, station: null, since, callId: null, changedBy: null, forced: false },
      ...{ after: null, wrapUp: null, wrapUpEnd: undefined, overdue: false, overdueFrom: undefined },
      ...{ pausedQueues, settled: null },
    };
    this.#agents.set(row.id, agent);
    return agent;
  }

  async #reload(id: string): Promise<void> {
    const row = await this.#options.db.agents.find(id);
    if (row === null) return;
    const agent = this.#agents.get(id);
    if (agent === undefined) this.#add(row, 'signedOut', this.#options.clock.wallMs());
    else agent.row = row;
    this.#tell(this.#get(id));
  }

  /** An agent who is in a call when his row goes ends that call as nobody; the pages only offer it when he is signed out. */
  #forget(id: string): void {
    const agent = this.#agents.get(id);
    if (agent !== undefined) quiet(agent);
    this.#agents.delete(id);
  }
}
