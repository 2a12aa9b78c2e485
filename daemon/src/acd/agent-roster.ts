// The agents as the matcher sees them, kept in step with what they do, where they sit, which queues they are in, what they can,
// and what they have done today (counted from the stored segments of kind `talk`).
import type { AgentBook, StationBook } from '../agents/index.js';
import type { Agent, AgentState, LiveEvents } from '../contract/index.js';
import type { Db, QueueMemberRow } from '../db/index.js';
import { errorText, type Clock, type Log, type Timer, type TypedEmitter, type Unsubscribe } from '../platform/index.js';
import type { Matcher, Membership, Unavailable } from './matcher/index.js';
import { midnightAfter, midnightBefore } from './queue-figures.js';

export interface AgentRosterOptions {
  matcher: Matcher;
  agents: Pick<AgentBook, 'list' | 'find'>;
  stations: Pick<StationBook, 'find'>;
  db: Pick<Db, 'queueMembers' | 'abilities' | 'segments' | 'events'>;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
  /** somebody can be rung who could not */
  freed: () => void;
}

interface Abilities {
  skills: Map<string, number>;
  regions: Set<string>;
  customerLevels: Set<string>;
}

/** Of today, in one queue. */
interface Done {
  calls: number;
  talkMs: number;
}

const STATES: Record<AgentState, Unavailable | null> = {
  signedOut: 'signed_out',
  ready: null,
  ringing: 'ringing',
  talking: 'talking',
  wrapUp: 'wrap_up',
  notReady: 'not_ready',
};

const MOST_SEGMENTS_OF_A_DAY = 1_000_000;

export class AgentRoster {
  readonly #options: AgentRosterOptions;
  /** by agent, then by queue */
  readonly #members = new Map<string, Map<string, QueueMemberRow>>();
  readonly #abilities = new Map<string, Abilities>();
  readonly #done = new Map<string, Map<string, Done>>();
  readonly #lastRung = new Map<string, Map<string, number>>();
  readonly #resting = new Map<string, Timer>();
  #midnight: Timer | undefined;
  #offs: Unsubscribe[] = [];

  constructor(options: AgentRosterOptions) {
    this.#options = options;
  }

  /** Everybody is known at once; places, skills and the day's figures as soon as they are read. */
  async start(): Promise<void> {
    const { live, db, agents, log } = this.#options;
    this.#offs = [
      live.on('agent.updated', (agent) => this.#refresh(agent)),
      live.on('station.updated', ({ agentId, station }) => this.#stationChanged(agentId, station)),
      db.events.on('agent.changed', ({ id, removed }) => (removed ? this.#forget(id) : this.#reload(id))),
    ];
    this.#beginDay();
    this.refreshAll();
    try {
      for (const row of await db.queueMembers.list()) this.#putMember(row);
      for (const { agentId, skill, level } of await db.abilities.skills())
        this.#abilitiesOf(agentId).skills.set(skill, level);
      for (const { agentId, kind, value } of await db.abilities.scopes()) {
        const { regions, customerLevels } = this.#abilitiesOf(agentId);
        (kind === 'region' ? regions : customerLevels).add(value);
      }
      await this.#readDay();
    } catch (error) {
      log.error({ err: error }, `what agents can do was not read: ${errorText(error)}`);
    }
    for (const { id } of agents.list()) this.refresh(id);
  }

  stop(): void {
    for (const off of this.#offs) off();
    for (const timer of this.#resting.values()) timer.cancel();
    this.#resting.clear();
    this.#midnight?.cancel();
  }

  refreshAll(): void {
    for (const agent of this.#options.agents.list()) this.#refresh(agent);
  }

  refresh(agentId: string): void {
    const agent = this.#options.agents.find(agentId);
    if (agent !== undefined) this.#refresh(agent);
  }

  /** His telephone rings for a queue. */
  rung(agentId: string, queueId: string): void {
    of(this.#lastRung, agentId).set(queueId, this.#options.clock.monotonicMs());
  }

  /** He has answered a call of a queue. */
  answered(agentId: string, queueId: string): void {
    this.#doneIn(agentId, queueId).calls += 1;
  }

  talked(agentId: string, queueId: string, talkMs: number): void {
    this.#doneIn(agentId, queueId).talkMs += talkMs;
    this.refresh(agentId);
  }

  /** Leaves him alone for a while, though he is ready. */
  rest(agentId: string, forMs: number): void {
    this.#resting.get(agentId)?.cancel();
    const timer = this.#options.clock.after(forMs, () => {
      this.#resting.delete(agentId);
      this.refresh(agentId);
    });
    this.#resting.set(agentId, timer);
    this.refresh(agentId);
  }

  #refresh(agent: Agent): void {
    const { matcher, clock } = this.#options;
    const { regions, customerLevels, skills } = this.#abilitiesOf(agent.id);
    const done = this.#done.get(agent.id);
    const [station, unavailable] = this.#placeOf(agent);
    const known = matcher.agent(agent.id);
    const before = known?.unavailable;
    const queues = agent.queues.filter((queueId) => !agent.pausedQueues.includes(queueId));
    const more = queues.some((queueId) => known?.queues.has(queueId) === false);
    const total = [...(done?.values() ?? [])];
    matcher.putAgent({
      ...{ agentId: agent.id, station, unavailable, skills, regions, customerLevels },
      // On the clock that calls are counted on.
      readySince: clock.monotonicMs() - Math.max(0, clock.wallMs() - agent.since),
      queues: new Map(queues.map((queueId) => [queueId, this.#membership(agent.id, queueId, done?.get(queueId))])),
      calls: total.reduce((sum, { calls }) => sum + calls, 0),
      talkMs: total.reduce((sum, { talkMs }) => sum + talkMs, 0),
    });
    if (unavailable === null && (before !== null || more)) this.#options.freed();
  }

  #placeOf(agent: Agent): [station: number | null, unavailable: Unavailable | null] {
    const state = STATES[agent.state];
    const station = agent.station === null ? undefined : this.#options.stations.find(agent.station);
    if (state !== null) return [agent.station, state];
    if (station === undefined) return [null, 'no_station'];
    if (!station.reachable) return [station.station, 'station_unreachable'];
    if (station.busy) return [station.station, 'station_busy'];
    if (station.offHook) return [station.station, 'station_off_hook'];
    return [station.station, this.#resting.has(agent.id) ? 'resting' : null];
  }

  #membership(agentId: string, queueId: string, done: Done | undefined): Membership {
    const { position = 0, penalty = 0, weight = 1 } = this.#members.get(agentId)?.get(queueId) ?? {};
    const lastRungAt = this.#lastRung.get(agentId)?.get(queueId) ?? null;
    return { position, penalty, weight, calls: done?.calls ?? 0, talkMs: done?.talkMs ?? 0, lastRungAt };
  }

  #stationChanged(agentId: string | null, station: number): void {
    if (agentId !== null) return this.refresh(agentId);
    for (const agent of this.#options.agents.list()) if (agent.station === station) this.#refresh(agent);
  }

  async #reload(agentId: string): Promise<void> {
    const { db } = this.#options;
    const [members, abilities] = await Promise.all([db.queueMembers.listByAgent(agentId), db.abilities.find(agentId)]);
    this.#members.delete(agentId);
    for (const row of members) this.#putMember(row);
    this.#abilities.set(agentId, {
      skills: new Map(abilities.skills.map(({ skill, level }) => [skill, level])),
      regions: new Set(abilities.regions),
      customerLevels: new Set(abilities.customerLevels),
    });
    this.refresh(agentId);
    // What he can do now may be what somebody waits for.
    this.#options.freed();
  }

  #forget(agentId: string): void {
    for (const map of [this.#members, this.#abilities, this.#done, this.#lastRung]) map.delete(agentId);
    this.#resting.get(agentId)?.cancel();
    this.#resting.delete(agentId);
    this.#options.matcher.removeAgent(agentId);
  }

  #putMember(row: QueueMemberRow): void {
    of(this.#members, row.agentId).set(row.queueId, row);
  }

  #abilitiesOf(agentId: string): Abilities {
    const known = this.#abilities.get(agentId) ?? { skills: new Map(), regions: new Set(), customerLevels: new Set() };
    this.#abilities.set(agentId, known);
    return known;
  }

  #doneIn(agentId: string, queueId: string): Done {
    const queues = of(this.#done, agentId);
    const done = queues.get(queueId) ?? { calls: 0, talkMs: 0 };
    queues.set(queueId, done);
    return done;
  }

  /** Every day begins at zero. */
  #beginDay(): void {
    const { clock } = this.#options;
    const nowMs = clock.wallMs();
    this.#midnight = clock.after(midnightAfter(nowMs) - nowMs, () => {
      this.#beginDay();
      this.#done.clear();
      this.refreshAll();
    });
  }

  /** What is stored of this day is counted. */
  async #readDay(): Promise<void> {
    const { clock, db } = this.#options;
    const nowMs = clock.wallMs();
    const query = { kind: 'talk', fromMs: midnightBefore(nowMs), limit: MOST_SEGMENTS_OF_A_DAY } as const;
    for (const { data, startedAt, endedAt } of await db.segments.list(query)) {
      const { agentId, queueId } = data;
      // Those under way are counted as they go on.
      if (typeof agentId !== 'string' || typeof queueId !== 'string' || endedAt === null) continue;
      this.answered(agentId, queueId);
      this.#doneIn(agentId, queueId).talkMs += endedAt - startedAt;
    }
  }
}

function of<T>(map: Map<string, Map<string, T>>, key: string): Map<string, T> {
  const inner = map.get(key) ?? new Map<string, T>();
  map.set(key, inner);
  return inner;
}
