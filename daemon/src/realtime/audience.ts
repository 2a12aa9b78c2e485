// Who hears what. Who watches over the floor and reaches everything hears everything; who watches over some groups hears of those;
// everybody hears of himself, of the calls that ring for him or are on his telephone, of his queues, and of his colleagues whether
// they are free. Beyond the floor, who may see a kind of thing hears of that kind.
import type {
  Agent,
  Call,
  Colleague,
  ConferenceStatus,
  LiveEvents,
  LiveSnapshot,
  Permission,
  Scope,
  User,
} from '../contract/index.js';
import { Reach } from '../platform/index.js';

export const STAFF_ROOM = 'staff';
/** those who may use a desk and are no staff */
export const DESK_ROOM = 'desk';
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
  'call.metered': 'calls.view',
  'call.tariffs': 'calls.view',
  ...{ 'agent.updated': 'agents.view', 'queue.updated': 'queues.view', 'span.updated': 'trunks.view' },
  ...{ 'line.updated': 'trunks.view' },
  ...{ 'station.updated': 'stations.view', 'calendar.updated': 'calendars.view', 'routing.changed': 'routes.view' },
  ...{ 'flow.step': 'flows.view', 'recording.updated': 'calls.view', 'recording.alarm': 'recordings.listen' },
  ...{ 'trunk.updated': 'trunks.view' },
  ...{ 'conference.updated': 'conferences.view', 'voicemail.updated': 'messages.view' },
  ...{ 'callback.updated': 'callbacks.view', 'survey.answered': 'surveys.view' },
};

/** What nobody hears for watching over the floor alone: one of these is needed, unless it is about himself. */
const BEYOND_FLOOR: Partial<Record<keyof LiveEvents, readonly Permission[]>> = {
  'callback.updated': ['callbacks.view'],
  'survey.answered': ['surveys.view'],
  'voicemail.updated': ['messages.view', 'desk.use'],
  'conference.updated': ['conferences.view'],
};

/** Whether one in these rooms may hear it after all. */
export function mayHear({ user, permissions }: Listener, { event, data, rooms }: Delivery): boolean {
  // What is said to an agent is for himself and for who wrote it, not for others who watch over him.
  if (event === 'agent.message' || event === 'missed.updated') return user.agentId === data.agentId;
  if (event === 'agent.messageRead') return user.agentId === data.agentId || user.id === data.fromUserId;
  const needs = BEYOND_FLOOR[event];
  if (needs === undefined || needs.some((one) => permissions.has(one))) return true;
  return user.agentId !== null && rooms.includes(agentRoom(user.agentId));
}

/** The same for everybody, whosoever calls and agents he sees: he hears of all that he may see. */
const OF_NOBODY: readonly Permission[] = ['trunks.view', 'stations.view', 'calendars.view', 'routes.view'];

/** Kinds of which he hears everything. */
export function kindsOf({ permissions, scope }: Listener): Permission[] {
  return [...permissions].filter((one) => scope.kind === 'all' || OF_NOBODY.includes(one));
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
        return this.#callUpdated(data);
      case 'call.removed': {
        const rooms = this.#ofCall(data.id);
        this.#calls.delete(data.id);
        this.#heard.delete(data.id);
        return [{ event, data, rooms }];
      }
      case 'call.segment':
        return [{ event, data, rooms: this.#ofCall(data.callId) }];
      case 'call.metered':
        return [{ event, data, rooms: this.#ofCall(data.callId) }];
      case 'call.tariffs':
        return [{ event, data, rooms: this.#ofCall(data.callId) }];
      case 'agent.updated':
        return [...this.#moved(data), { event, data, rooms: [STAFF_ROOM, agentRoom(data.id)] }];
      case 'agent.line':
        return [{ event, data, rooms: [STAFF_ROOM, agentRoom(data.agentId)] }];
      case 'colleagues.changed':
        return [{ event, data, rooms: [DESK_ROOM] }];
      case 'queue.updated':
        return [{ event, data, rooms: [STAFF_ROOM, queueRoom(data.id)] }];
      case 'line.updated':
        return [{ event, data, rooms: [STAFF_ROOM] }];
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
        return [
          {
            ...{ event, data },
            rooms: [
              STAFF_ROOM,
              ...data.agents.map(agentRoom),
              ...(data.queueId === null ? [] : [queueRoom(data.queueId)]),
            ],
          },
        ];
      case 'callback.updated':
        return [{ event, data, rooms: [STAFF_ROOM, ...ofAgent(data.agentId), watchRoom(data.queueId)] }];
      case 'survey.answered': {
        const { run, shownToAgents } = data;
        const seen = shownToAgents && run.agentId !== null ? [agentRoom(run.agentId)] : [];
        return [{ event, data, rooms: [STAFF_ROOM, ...seen] }];
      }
      case 'agent.message':
        return [{ event, data, rooms: [agentRoom(data.agentId)] }];
      case 'agent.messageRead':
        return [{ event, data, rooms: [agentRoom(data.agentId), userRoom(data.fromUserId)] }];
      case 'missed.updated':
        return [{ event, data, rooms: [agentRoom(data.agentId)] }];
      case 'dial.refused':
        return [{ event, data, rooms: [STAFF_ROOM, ...(data.agentId === null ? [] : [agentRoom(data.agentId)])] }];
      case 'trunk.updated':
        return [{ event, data, rooms: [STAFF_ROOM] }];
      case 'recording.alarm':
        return [{ event, data, rooms: [STAFF_ROOM] }];
    }
  }

  #placed({ id, callId, station }: Agent): void {
    this.#places.set(id, { callId, station });
  }

  #callUpdated(call: Call): Delivery[] {
    const before = this.#ofCall(call.id);
    this.#calls.set(call.id, call);
    this.#heard.set(call.id, agentsOf(call, this.#places));
    const rooms = this.#ofCall(call.id);
    const gone = before.filter((room) => !rooms.includes(room));
    const deliveries: Delivery[] = [{ event: 'call.updated', data: call, rooms }];
    if (gone.length > 0) deliveries.push({ event: 'call.removed', data: { id: call.id }, rooms: gone });
    return deliveries;
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
    const queueId = this.#calls.get(id)?.queueId ?? null;
    const agents = (this.#heard.get(id) ?? []).map(agentRoom);
    return [STAFF_ROOM, ...agents, ...(queueId === null ? [] : [watchRoom(queueId)])];
  }
}

const ofAgent = (id: string | null): string[] => (id === null ? [] : [agentRoom(id)]);

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

/** The part of a snapshot that this one may see. */
export function snapshotFor(listener: Listener, whole: LiveSnapshot): LiveSnapshot {
  const { permissions, scope, user } = listener;
  const moderates = ({ moderators }: ConferenceStatus): boolean =>
    user.agentId !== null && moderators.includes(user.agentId);
  if (isStaff(listener)) {
    if (permissions.has('conferences.view')) return whole;
    return { ...whole, conferences: whole.conferences.filter(moderates) };
  }
  const byId = new Map(whole.agents.map((agent) => [agent.id, agent]));
  const reach = reachOf(listener, (id) => byId.get(id)?.queues ?? []);
  const self = byId.get(user.agentId ?? '');
  const own = self?.id ?? null;
  const places = new Map(self === undefined ? [] : [[self.id, self]]);
  const onMine = (call: Call): boolean => own !== null && agentsOf(call, places).includes(own);
  const sees = (permission: Permission): boolean => scope.kind === 'all' && permissions.has(permission);
  const some = <T>(permission: Permission, all: T[], mine: (one: T) => boolean): T[] =>
    sees(permission) ? all : all.filter(mine);
  const seesStations = permissions.has('stations.view') || permissions.has('simulator.use');
  return {
    at: whole.at,
    calls: some('calls.view', whole.calls, (call) => reach.call(call) || onMine(call)),
    agents: some('agents.view', whole.agents, ({ id }) => reach.agent(id)),
    colleagues: self !== undefined && permissions.has('desk.use') ? whole.agents.map(colleagueOf) : [],
    queues: some('queues.view', whole.queues, ({ id }) => reach.queue(id) || reach.serves(id)),
    spans: permissions.has('trunks.view') || permissions.has('simulator.use') ? whole.spans : [],
    stations: seesStations ? whole.stations : whole.stations.filter(({ station }) => station === self?.station),
    conferences: some('conferences.view', whole.conferences, (room) => {
      const watched = permissions.has('conferences.view') && room.moderators.some((id) => reach.agent(id));
      return watched || moderates(room);
    }),
    lineQualities: whole.lineQualities.filter(({ agentId }) => reach.agent(agentId)),
  };
}
