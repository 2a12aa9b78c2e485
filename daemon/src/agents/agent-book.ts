// The agents: who is signed in where, and in which state. A state that somebody was promised (he heard the prompt, the page
// said so) is on the disk by then; states that come from calls are written while the call goes on.
import type { Agent, AgentState, AgentStateRequest, LiveEvents } from '../contract/index.js';
import type { AgentRow, AgentStateRow, Db } from '../db/index.js';
import {
  AppError,
  StateMachine,
  type Clock,
  type Log,
  type Metrics,
  type TypedEmitter,
  type Unsubscribe,
  word,
} from '../platform/index.js';
import { agentTable, type AgentStep } from './agent-states.js';
import { AgentStore } from './agent-store.js';

export interface AgentBookOptions {
  db: Db;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

interface KnownAgent {
  row: AgentRow;
  machine: StateMachine<AgentState, AgentStep>;
  reason: string | null;
  station: number | null;
  since: number;
  callId: string | null;
  /** he has picked up a call while he was not ready, and is so again after it */
  pause: { reason: string | null } | undefined;
}

export class AgentBook {
  readonly #options: AgentBookOptions;
  readonly #store: AgentStore;
  readonly #agents = new Map<string, KnownAgent>();
  #off: Unsubscribe | undefined;

  constructor(options: AgentBookOptions) {
    this.#options = options;
    this.#store = new AgentStore(options.db, options.log);
  }

  /**
   * Puts everybody back to where he was. A call that the last stop ended is over for its agent, too: he is ready.
   * `stationExists`: an agent whose telephone has gone is signed out.
   */
  async start(stationExists: (station: number) => boolean): Promise<void> {
    this.#off = this.#options.db.events.on('agent.changed', ({ id, removed }) =>
      removed ? this.#forget(id) : this.#reload(id),
    );
    const states = new Map((await this.#options.db.agentStates.list()).map((row) => [row.agentId, row]));
    for (const row of await this.#options.db.agents.list()) this.#restore(row, states.get(row.id), stationExists);
  }

  /** Closes the open segments; the states stay and are restored at the next start. */
  async stop(): Promise<void> {
    this.#off?.();
    const signedIn = [...this.#agents.values()].filter(({ machine }) => machine.state !== 'signedOut');
    const ids = signedIn.map(({ row }) => row.id);
    await this.#store.close(ids, this.#options.clock.wallMs());
  }

  /** By number. */
  list(): Agent[] {
    return [...this.#agents.values()].map(toDto).sort((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
  }

  /** Shows of everybody as much as it takes to count them. */
  eachState(show: (state: AgentState, queues: readonly string[]) => void): void {
    for (const { machine, row } of this.#agents.values()) show(machine.state, row.queues);
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
   * Signs an agent in at a telephone, ready. Whoever was signed in there is signed out, and an agent who was elsewhere
   * moves. agent_not_found; agent_busy when he, or the one he would drive away, is in a call.
   */
  async signIn(id: string, station: number): Promise<void> {
    const agent = this.#get(id);
    this.#refuseBusy(agent);
    const before = [...this.#agents.values()].find((other) => other !== agent && other.station === station);
    if (before !== undefined) {
      this.#refuseBusy(before);
      await this.#step(before, 'signOut', { station: null });
    }
    await this.#step(agent, 'signIn', { station });
  }

  /** agent_not_found, agent_busy. Signing out twice is signing out once. */
  async signOut(id: string): Promise<void> {
    await this.#request(this.#get(id), 'signOut', null);
  }

  /** agent_not_found, agent_signed_out, agent_busy */
  async ready(id: string): Promise<void> {
    await this.#request(this.#get(id), 'getReady', null);
  }

  /** agent_not_found, agent_signed_out, agent_busy */
  async notReady(id: string, reason: string | null): Promise<void> {
    await this.#request(this.#get(id), 'pause', reason);
  }

  /** As AgentsPort: what a supervisor asks for. */
  async setState(id: string, { state, reason }: AgentStateRequest): Promise<Agent> {
    if (state === 'signedOut') await this.signOut(id);
    else if (state === 'ready') await this.ready(id);
    else await this.notReady(id, reason ?? null);
    return toDto(this.#get(id));
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

  /** He has lifted, or picked up a call that was not offered to him. */
  beginTalk(id: string, callId: string): void {
    const agent = this.#agents.get(id);
    if (agent === undefined) return;
    const { machine, reason } = agent;
    if (machine.state === 'notReady') agent.pause = { reason };
    this.#callStep(id, machine.state === 'ringing' ? 'answer' : 'take', { callId });
  }

  /** He goes on talking, in another call. */
  moveTalk(id: string, callId: string): void {
    const agent = this.#agents.get(id);
    if (agent === undefined || agent.callId === callId) return;
    agent.callId = callId;
    this.#options.live.emit('agent.updated', toDto(agent));
  }

  /** The offer has ended without him, and not by his doing. */
  withdrawOffer(id: string): void {
    this.#callStep(id, 'withdraw', { callId: null });
  }

  /** He did not lift (no_answer) or his telephone failed (station_failed): he gets no more calls until he says so. */
  missOffer(id: string, reason: string): void {
    this.#callStep(id, 'miss', { callId: null, reason });
  }

  /** The talk is over; `wrapUp`: he has paperwork, and endWrapUp follows. */
  endTalk(id: string, wrapUp: boolean): void {
    if (wrapUp) this.#callStep(id, 'wrapUp', {});
    else this.#goOn(id);
  }

  /** The time for the paperwork is over; does nothing when he is no longer at it. */
  endWrapUp(id: string): void {
    if (this.#agents.get(id)?.machine.state === 'wrapUp') this.#goOn(id);
  }

  /** As before the call. */
  #goOn(id: string): void {
    const pause = this.#agents.get(id)?.pause;
    if (pause === undefined) this.#callStep(id, 'finish', { callId: null });
    else this.#callStep(id, 'pause', { callId: null, reason: pause.reason });
  }

  #callStep(id: string, step: AgentStep, change: Partial<Pick<KnownAgent, 'callId' | 'reason'>>): void {
    const agent = this.#agents.get(id);
    if (agent !== undefined) void this.#step(agent, step, change).catch(() => undefined);
  }

  async #request(agent: KnownAgent, step: 'signOut' | 'getReady' | 'pause', reason: string | null): Promise<void> {
    const { state } = agent.machine;
    if (state === 'signedOut') {
      if (step === 'signOut') return;
      throw new AppError('agent_signed_out', { id: agent.row.id });
    }
    this.#refuseBusy(agent);
    if (step === 'getReady' && state === 'ready') return;
    await this.#step(agent, step, step === 'signOut' ? { station: null, callId: null } : { reason, callId: null });
  }

  /** Takes a step and has it written. Rejects when it could not be written; the step stays taken. */
  #step(
    agent: KnownAgent,
    step: AgentStep,
    change: Partial<Pick<KnownAgent, 'callId' | 'reason' | 'station'>>,
  ): Promise<void> {
    const { id } = agent.row;
    if (!agent.machine.fire(step))
      return Promise.reject(new AppError('agent_busy', { id, state: word(agent.machine.state) }));
    if (step !== 'wrapUp' && step !== 'take') agent.pause = undefined;
    const { reason = null, ...rest } = change;
    Object.assign(agent, rest, { reason, since: this.#options.clock.wallMs() });
    const { station, since } = agent;
    this.#options.log.info({ agentId: id, station, state: agent.machine.state, reason }, 'agent changed state');
    this.#options.live.emit('agent.updated', toDto(agent));
    return this.#store.enter({ agentId: id, state: agent.machine.state, reason, station, since });
  }

  #refuseBusy({ row, machine }: KnownAgent): void {
    if (machine.state === 'ringing' || machine.state === 'talking')
      throw new AppError('agent_busy', { id: row.id, state: word(machine.state) });
  }

  #get(id: string): KnownAgent {
    const agent = this.#agents.get(id);
    if (agent === undefined) throw new AppError('agent_not_found', { id });
    return agent;
  }

  #restore(row: AgentRow, stored: AgentStateRow | undefined, stationExists: (station: number) => boolean): void {
    const { clock } = this.#options;
    const signedIn = stored !== undefined && stored.state !== 'signedOut' && stored.station !== null;
    if (!signedIn || !stationExists(stored.station as number)) {
      const agent = this.#add(row, 'signedOut', clock.wallMs());
      if (signedIn) {
        this.#options.log.warn(
          { agentId: row.id, station: stored.station },
          'his telephone has gone: he is signed out',
        );
        void this.#store.enter({
          agentId: row.id,
          state: 'signedOut',
          reason: null,
          station: null,
          since: agent.since,
        });
      } else if (stored !== undefined) agent.since = stored.since;
      return;
    }
    const paused = stored.state === 'notReady';
    const agent = this.#add(row, paused ? 'notReady' : 'ready', clock.wallMs());
    agent.station = stored.station;
    agent.reason = paused ? stored.reason : null;
    const { reason, station, since, machine } = agent;
    void this.#store.enter({ agentId: row.id, state: machine.state, reason, station, since });
  }

  #add(row: AgentRow, initial: AgentState, since: number): KnownAgent {
    const { clock, log, metrics } = this.#options;
    const machine = new StateMachine<AgentState, AgentStep>({
      name: 'agent',
      table: agentTable,
      initial,
      log: log.child({ agentId: row.id }),
      clock,
      metrics,
    });
    const agent: KnownAgent = { row, machine, reason: null, station: null, since, callId: null, pause: undefined };
    this.#agents.set(row.id, agent);
    return agent;
  }

  async #reload(id: string): Promise<void> {
    const row = await this.#options.db.agents.find(id);
    if (row === null) return;
    const agent = this.#agents.get(id);
    if (agent === undefined) this.#add(row, 'signedOut', this.#options.clock.wallMs());
    else agent.row = row;
    this.#options.live.emit('agent.updated', toDto(this.#get(id)));
  }

  /** An agent who is in a call when his row goes ends that call as nobody; the pages only offer it when he is signed out. */
  #forget(id: string): void {
    this.#agents.delete(id);
  }
}

function toDto({ row, machine, reason, station, since, callId }: KnownAgent): Agent {
  const { id, name, queues, language } = row;
  return { id, name, queues: [...queues], language, state: machine.state, reason, station, since, callId };
}
