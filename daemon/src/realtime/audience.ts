// Who hears what. Supervisors and administrators hear everything; an agent hears of himself, of the calls that ring for him or are
// on his telephone, of his queues, and of his colleagues whether they are free.
import type { Agent, Call, Colleague, LiveEvents, LiveSnapshot, User } from '../contract/index.js';

export const STAFF_ROOM = 'staff';
/** those who may use a desk and are no staff */
export const DESK_ROOM = 'desk';
export const agentRoom = (id: string): string => `agent:${id}`;
export const queueRoom = (id: string): string => `queue:${id}`;
export const sessionRoom = (id: string): string => `session:${id}`;
export const userRoom = (id: string): string => `user:${id}`;

export function isStaff(user: User): boolean {
  return user.role === 'admin' || user.role === 'supervisor';
}

/** One event for some rooms. */
export type Delivery = {
  [E in keyof LiveEvents]: { event: E; data: LiveEvents[E]; rooms: string[] };
}[keyof LiveEvents];

type Place = Pick<Agent, 'callId' | 'station'>;

/**
 * Remembers whose each call is, because an agent must also hear when a call is no longer his: to him it is removed. And where each
 * agent is: a call that begins to ring for him is told to him, whichever of the two events comes first.
 */
export class Audience {
  readonly #calls = new Map<string, Call>();
  readonly #heard = new Map<string, readonly string[]>();
  readonly #places = new Map<string, Place>();

  /** Takes over what a snapshot says; for what was there before anybody listened. */
  learn(calls: readonly Call[], agents: readonly Agent[] = []): void {
    for (const agent of agents) if (!this.#places.has(agent.id)) this.#placed(agent);
    for (const call of calls) {
      if (this.#calls.has(call.id)) continue;
      this.#calls.set(call.id, call);
      this.#heard.set(call.id, agentsOf(call, this.#places));
    }
  }

  /** Nobody listens: the next one's snapshot is learned from. */
  forget(): void {
    this.#calls.clear();
    this.#heard.clear();
    this.#places.clear();
  }

  deliveries<E extends keyof LiveEvents>(event: E, data: LiveEvents[E]): Delivery[];
  deliveries(...[event, data]: { [E in keyof LiveEvents]: [E, LiveEvents[E]] }[keyof LiveEvents]): Delivery[] {
    switch (event) {
      case 'call.updated':
        this.#calls.set(data.id, data);
        return this.#callUpdated(data);
      case 'call.removed': {
        const rooms = this.#ofCall(data.id);
        this.#calls.delete(data.id);
        this.#heard.delete(data.id);
        return [{ event, data, rooms }];
      }
      case 'call.segment':
        return [{ event, data, rooms: this.#ofCall(data.callId) }];
      case 'agent.updated':
        return [...this.#moved(data), { event, data, rooms: [STAFF_ROOM, agentRoom(data.id)] }];
      case 'colleagues.changed':
        return [{ event, data, rooms: [DESK_ROOM] }];
      case 'queue.updated':
        return [{ event, data, rooms: [STAFF_ROOM, queueRoom(data.id)] }];
      case 'span.updated':
        return [{ event, data, rooms: [STAFF_ROOM] }];
      case 'station.updated':
        return [{ event, data, rooms: [STAFF_ROOM, ...(data.agentId === null ? [] : [agentRoom(data.agentId)])] }];
      case 'calendar.updated':
        return [{ event, data, rooms: [STAFF_ROOM] }];
      case 'routing.changed':
        return [{ event, data, rooms: [STAFF_ROOM] }];
      case 'flow.step':
        return [{ event, data, rooms: this.#ofCall(data.callId) }];
      case 'recording.updated':
        return [{ event, data, rooms: this.#ofCall(data.callId) }];
      case 'conference.updated':
        return [{ event, data, rooms: [STAFF_ROOM, ...data.moderators.map(agentRoom)] }];
      case 'voicemail.updated':
        return [{ event, data, rooms: [STAFF_ROOM, DESK_ROOM] }];
      case 'callback.updated':
        return [{ event, data, rooms: data.agentId === null ? [STAFF_ROOM] : [STAFF_ROOM, agentRoom(data.agentId)] }];
      case 'survey.answered': {
        const { run, shownToAgents } = data;
        const seen = shownToAgents && run.agentId !== null ? [agentRoom(run.agentId)] : [];
        return [{ event, data, rooms: [STAFF_ROOM, ...seen] }];
      }
      case 'agent.message':
        return [{ event, data, rooms: [agentRoom(data.agentId)] }];
      case 'dial.refused':
        return [{ event, data, rooms: [STAFF_ROOM, ...(data.agentId === null ? [] : [agentRoom(data.agentId)])] }];
      case 'recording.alarm':
        return [{ event, data, rooms: [STAFF_ROOM] }];
    }
  }

  #placed({ id, callId, station }: Agent): void {
    this.#places.set(id, { callId, station });
  }

  #callUpdated(call: Call): Delivery[] {
    const before = this.#heard.get(call.id) ?? [];
    const now = agentsOf(call, this.#places);
    this.#heard.set(call.id, now);
    const gone = before.filter((id) => !now.includes(id)).map(agentRoom);
    return [
      { event: 'call.updated', data: call, rooms: this.#ofCall(call.id) },
      ...(gone.length === 0 ? [] : [{ event: 'call.removed' as const, data: { id: call.id }, rooms: gone }]),
    ];
  }

  /** His call, or his telephone, may be another one now: he is told of what is his, and what is so no more. */
  #moved(agent: Agent): Delivery[] {
    const before = this.#places.get(agent.id);
    if (before !== undefined && before.callId === agent.callId && before.station === agent.station) return [];
    this.#placed(agent);
    const room = [agentRoom(agent.id)];
    const deliveries: Delivery[] = [];
    const concerned =
      before?.station === agent.station
        ? [before?.callId, agent.callId].flatMap((id) => (id == null ? [] : (this.#calls.get(id) ?? [])))
        : [...this.#calls.values()];
    for (const call of new Set(concerned)) {
      const heard = this.#heard.get(call.id) ?? [];
      const now = agentsOf(call, this.#places);
      this.#heard.set(call.id, now);
      if (now.includes(agent.id) === heard.includes(agent.id)) continue;
      deliveries.push(
        now.includes(agent.id)
          ? { event: 'call.updated', data: call, rooms: room }
          : { event: 'call.removed', data: { id: call.id }, rooms: room },
      );
    }
    return deliveries;
  }

  #ofCall(id: string): string[] {
    return [STAFF_ROOM, ...(this.#heard.get(id) ?? []).map(agentRoom)];
  }
}

/** Whose call it is, for whom it rings, and who is at a telephone that is in it. */
function agentsOf(call: Call, places: ReadonlyMap<string, Place>): string[] {
  const stations = new Set(call.parties.flatMap(({ station }) => station ?? []));
  const ids = new Set<string>(call.agentId === null ? [] : [call.agentId]);
  for (const [id, { callId, station }] of places)
    if (callId === call.id || (station !== null && stations.has(station))) ids.add(id);
  return [...ids].sort();
}

export function colleagueOf({ id, name, queues, state, since, station }: Agent): Colleague {
  return { id, name, queues, state, since, station };
}

/** The part of a snapshot that this user may see. */
export function snapshotFor(user: User, whole: LiveSnapshot): LiveSnapshot {
  if (isStaff(user)) return whole;
  const self = whole.agents.find((agent) => agent.id === user.agentId);
  const queues = new Set(self?.queues ?? []);
  const places = new Map(self === undefined ? [] : [[self.id, self]]);
  return {
    at: whole.at,
    calls: self === undefined ? [] : whole.calls.filter((call) => agentsOf(call, places).includes(self.id)),
    agents: self === undefined ? [] : [self],
    colleagues: self === undefined ? [] : whole.agents.map(colleagueOf),
    queues: whole.queues.filter((queue) => queues.has(queue.id)),
    spans: [],
    stations: self === undefined ? [] : whole.stations.filter(({ station }) => station === self.station),
    conferences: whole.conferences.filter(({ moderators }) => self !== undefined && moderators.includes(self.id)),
  };
}
