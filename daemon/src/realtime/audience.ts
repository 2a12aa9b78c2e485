// Who hears what. Who watches over the floor and reaches everything hears everything; who watches over some groups hears of those;
// everybody hears of himself, of his calls and of his queues. Beyond the floor, who may see a kind of thing hears of that kind.
import type { Call, LiveEvents, LiveSnapshot, Permission, Scope, User } from '../contract/index.js';
import { Reach } from '../platform/index.js';

export const STAFF_ROOM = 'staff';
export const agentRoom = (id: string): string => `agent:${id}`;
export const queueRoom = (id: string): string => `queue:${id}`;
export const sessionRoom = (id: string): string => `session:${id}`;
export const userRoom = (id: string): string => `user:${id}`;

/** calls of a queue, for those who watch over it; not for those who serve it */
export const watchRoom = (queueId: string): string => `watch:${queueId}`;
/** who may see this kind of thing, and reaches everything */
export const kindRoom = (permission: Permission): string => `may:${permission}`;

export interface Listener {
  user: User;
  permissions: ReadonlySet<Permission>;
  scope: Scope;
}

export function isStaff({ permissions, scope }: Listener): boolean {
  return permissions.has('floor.view') && scope.kind === 'all';
}

/** What of the floor he watches over; without leave to see it, what is his own. */
export function reachOf(
  { user, permissions, scope }: Listener,
  queuesOf: (agentId: string) => readonly string[],
): Reach {
  return new Reach(permissions.has('floor.view') ? scope : { kind: 'own' }, user.agentId, queuesOf);
}

/** By event, whom it concerns beyond those who watch over the floor. */
export const KIND_OF: Partial<Record<keyof LiveEvents, Permission>> = {
  ...{ 'call.updated': 'calls.view', 'call.removed': 'calls.view', 'call.segment': 'calls.view' },
  ...{ 'agent.updated': 'agents.view', 'queue.updated': 'queues.view', 'span.updated': 'trunks.view' },
  ...{ 'station.updated': 'stations.view', 'calendar.updated': 'calendars.view', 'routing.changed': 'routes.view' },
  ...{ 'flow.step': 'flows.view', 'recording.updated': 'calls.view', 'recording.alarm': 'recordings.listen' },
  ...{ 'conference.updated': 'conferences.view', 'voicemail.updated': 'messages.view' },
  ...{ 'callback.updated': 'callbacks.view', 'survey.answered': 'surveys.view' },
};

/** One event for some rooms. */
export type Delivery = {
  [E in keyof LiveEvents]: { event: E; data: LiveEvents[E]; rooms: string[] };
}[keyof LiveEvents];

/**
 * Remembers whose each call is, because an agent must also hear when a call is no longer his: to him it is removed.
 */
export class Audience {
  readonly #owners = new Map<string, { agentId: string | null; queueId: string | null }>();

  /** Takes over what a snapshot says; for calls that were there before anybody listened. */
  learn(calls: readonly Call[]): void {
    for (const call of calls) if (!this.#owners.has(call.id)) this.#owners.set(call.id, call);
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
        return [{ event, data, rooms: [STAFF_ROOM, ...ofAgent(data.agentId), watchRoom(data.queueId)] }];
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
    const before = this.#ofCall(call.id);
    const { agentId, queueId } = call;
    this.#owners.set(call.id, { agentId, queueId });
    const rooms = this.#ofCall(call.id);
    const gone = before.filter((room) => !rooms.includes(room));
    const deliveries: Delivery[] = [{ event: 'call.updated', data: call, rooms }];
    if (gone.length > 0) deliveries.push({ event: 'call.removed', data: { id: call.id }, rooms: gone });
    return deliveries;
  }

  #ofCall(id: string): string[] {
    const { agentId = null, queueId = null } = this.#owners.get(id) ?? {};
    return [STAFF_ROOM, ...ofAgent(agentId), ...(queueId === null ? [] : [watchRoom(queueId)])];
  }
}

const ofAgent = (id: string | null): string[] => (id === null ? [] : [agentRoom(id)]);

/** The part of a snapshot that this one may see. */
export function snapshotFor(listener: Listener, whole: LiveSnapshot): LiveSnapshot {
  if (isStaff(listener)) return whole;
  const { permissions, scope, user } = listener;
  const byId = new Map(whole.agents.map((agent) => [agent.id, agent]));
  const reach = reachOf(listener, (id) => byId.get(id)?.queues ?? []);
  const own = byId.has(user.agentId ?? '') ? user.agentId : null;
  const sees = (permission: Permission): boolean => scope.kind === 'all' && permissions.has(permission);
  const some = <T>(permission: Permission, all: T[], mine: (one: T) => boolean): T[] =>
    sees(permission) ? all : all.filter(mine);
  return {
    at: whole.at,
    calls: some('calls.view', whole.calls, (call) => reach.call(call)),
    agents: some('agents.view', whole.agents, ({ id }) => reach.agent(id)),
    queues: some('queues.view', whole.queues, ({ id }) => reach.queue(id) || reach.serves(id)),
    spans: permissions.has('trunks.view') || permissions.has('simulator.use') ? whole.spans : [],
    stations: permissions.has('stations.view') || permissions.has('simulator.use') ? whole.stations : [],
    conferences: some('conferences.view', whole.conferences, ({ moderators }) =>
      moderators.some((id) => reach.agent(id) || (own !== null && id === own)),
    ),
  };
}
