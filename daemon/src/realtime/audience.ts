// Who hears what. Supervisors and administrators hear everything; an agent hears of himself, of his calls and of his queues.
import type { Call, LiveEvents, LiveSnapshot, User } from '../contract/index.js';

export const STAFF_ROOM = 'staff';
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

/**
 * Remembers whose each call is, because an agent must also hear when a call is no longer his: to him it is removed.
 */
export class Audience {
  readonly #owners = new Map<string, string | null>();

  /** Takes over what a snapshot says; for calls that were there before anybody listened. */
  learn(calls: readonly Call[]): void {
    for (const call of calls) if (!this.#owners.has(call.id)) this.#owners.set(call.id, call.agentId);
  }

  /** Nobody listens: the next one's snapshot is learned from. */
  forget(): void {
    this.#owners.clear();
  }

  deliveries<E extends keyof LiveEvents>(event: E, data: LiveEvents[E]): Delivery[];
  deliveries(...[event, data]: { [E in keyof LiveEvents]: [E, LiveEvents[E]] }[keyof LiveEvents]): Delivery[] {
    switch (event) {
      case 'call.updated':
        return this.#callUpdated(data);
      case 'call.removed': {
        const rooms = this.#ofCall(data.id);
        this.#owners.delete(data.id);
        return [{ event, data, rooms }];
      }
      case 'call.segment':
        return [{ event, data, rooms: this.#ofCall(data.callId) }];
      case 'agent.updated':
        return [{ event, data, rooms: [STAFF_ROOM, agentRoom(data.id)] }];
      case 'queue.updated':
        return [{ event, data, rooms: [STAFF_ROOM, queueRoom(data.id)] }];
      case 'span.updated':
        return [{ event, data, rooms: [STAFF_ROOM] }];
      case 'station.updated':
        return [{ event, data, rooms: [STAFF_ROOM] }];
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
        return [{ event, data, rooms: [STAFF_ROOM] }];
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

  #callUpdated(call: Call): Delivery[] {
    const before = this.#owners.get(call.id) ?? null;
    this.#owners.set(call.id, call.agentId);
    const deliveries: Delivery[] = [{ event: 'call.updated', data: call, rooms: this.#ofCall(call.id) }];
    if (before !== null && before !== call.agentId) {
      deliveries.push({ event: 'call.removed', data: { id: call.id }, rooms: [agentRoom(before)] });
    }
    return deliveries;
  }

  #ofCall(id: string): string[] {
    const owner = this.#owners.get(id) ?? null;
    return owner === null ? [STAFF_ROOM] : [STAFF_ROOM, agentRoom(owner)];
  }
}

/** The part of a snapshot that this user may see. */
export function snapshotFor(user: User, whole: LiveSnapshot): LiveSnapshot {
  if (isStaff(user)) return whole;
  const self = whole.agents.find((agent) => agent.id === user.agentId);
  const queues = new Set(self?.queues ?? []);
  return {
    at: whole.at,
    calls: self === undefined ? [] : whole.calls.filter((call) => call.agentId === self.id),
    agents: self === undefined ? [] : [self],
    queues: whole.queues.filter((queue) => queues.has(queue.id)),
    spans: [],
    stations: [],
    conferences: whole.conferences.filter(({ moderators }) => self !== undefined && moderators.includes(self.id)),
  };
}
