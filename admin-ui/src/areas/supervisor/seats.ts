import type { Agent, AgentState, Call, CallParty, FloorMoment, LineQuality } from '@cordboard/daemon/contract';

/*
 * agents and calls → seats. Pure. A seat whose agent and call are the same objects as before is the same object, so that
 * its tile is not drawn again.
 */

export type SeatState = AgentState | 'holding';

export interface Seat {
  id: string;
  name: string;
  state: SeatState;
  reason: string | null;
  /** not ready for longer than the reason allows */
  overdue: boolean;
  forced: boolean;
  station: number | null;
  since: number;
  queues: readonly string[];
  callId: string | null;
  /** null: no caller to be shown */
  caller: string | null;
  queueId: string | null;
  /** a supervisor is in the talk */
  watched: boolean;
  /** his line over IP, while it does not sound good; null: it does, or nothing is known */
  badLine: LineQuality | null;
}

export const STATES = ['ringing', 'talking', 'holding', 'wrapUp', 'notReady', 'ready', 'signedOut'] as const;

const WITH_CALLER: ReadonlySet<SeatState> = new Set(['ringing', 'talking', 'holding']);

export const isMonitor = (party: CallParty): boolean => ['listen', 'whisper', 'barge'].includes(party.state);

export function seatOf(agent: Agent, call: Call | undefined, line?: LineQuality): Seat {
  const own = call?.parties.find((party) => party.agentId === agent.id);
  const state: SeatState = agent.state === 'talking' && own?.holds ? 'holding' : agent.state;
  return {
    ...{ id: agent.id, name: agent.name, state, reason: agent.reason, overdue: agent.reasonOverdue },
    ...{ forced: agent.forced, station: agent.station, since: agent.since, queues: agent.queues },
    callId: agent.callId,
    caller: call && WITH_CALLER.has(state) ? (call.direction === 'out' ? call.calledNumber : call.callingNumber) : null,
    queueId: call && WITH_CALLER.has(state) ? call.queueId : null,
    watched: call?.parties.some(isMonitor) ?? false,
    badLine: line === undefined || line.word === 'good' ? null : line,
  };
}

export function pastSeatOf({ call, ...agent }: FloorMoment['agents'][number]): Seat {
  return {
    ...agent,
    ...{ overdue: false, watched: false, badLine: null, callId: call?.id ?? null },
    caller: call && WITH_CALLER.has(agent.state) ? call.callingNumber : null,
    queueId: call && WITH_CALLER.has(agent.state) ? call.queueId : null,
  };
}

/** Keeps the seats of one floor. */
export class SeatBook {
  readonly #known = new Map<
    string,
    { agent: Agent; call: Call | undefined; line: LineQuality | undefined; seat: Seat }
  >();

  seats(
    agents: ReadonlyMap<string, Agent>,
    calls: ReadonlyMap<string, Call>,
    lines: ReadonlyMap<string, LineQuality> = new Map(),
  ): Seat[] {
    const seats: Seat[] = [];
    for (const [id, agent] of agents) {
      const call = agent.callId ? calls.get(agent.callId) : undefined;
      const before = this.#known.get(id);
      const line = lines.get(id);
      if (before?.agent === agent && before.call === call && before.line === line) {
        seats.push(before.seat);
        continue;
      }
      const fresh = seatOf(agent, call, line);
      // a call changes more often than what a tile shows of it
      const seat = before && same(before.seat, fresh) ? before.seat : fresh;
      this.#known.set(id, { agent, call, line, seat });
      seats.push(seat);
    }
    for (const id of this.#known.keys()) if (!agents.has(id)) this.#known.delete(id);
    return seats;
  }
}

function same(one: Seat, other: Seat): boolean {
  return (Object.keys(one) as (keyof Seat)[]).every((key) =>
    key === 'queues' ? one.queues.join() === other.queues.join() : one[key] === other[key],
  );
}

export type SeatOrder = 'attention' | 'number';

/** What a supervisor looks at first stands first; within a state, who has been in it longest. */
const ATTENTION: Record<SeatState, number> = {
  ringing: 1,
  holding: 2,
  notReady: 3,
  wrapUp: 4,
  talking: 5,
  ready: 6,
  signedOut: 7,
};

const numbers = new Intl.Collator('en', { numeric: true });
const byNumber = (a: Seat, b: Seat): number => numbers.compare(a.id, b.id);
const rank = (seat: Seat): number => (seat.overdue || seat.badLine?.word === 'poor' ? 0 : ATTENTION[seat.state]);
const byAttention = (a: Seat, b: Seat): number =>
  rank(a) - rank(b) || (a.state === 'signedOut' ? byNumber(a, b) : a.since - b.since) || byNumber(a, b);

export interface SeatFilter {
  state: SeatState | null;
  queueId: string | null;
  text: string;
}

export function fits(seat: Seat, { state, queueId, text }: SeatFilter): boolean {
  if (state !== null && seat.state !== state) return false;
  if (queueId !== null && !seat.queues.includes(queueId) && seat.queueId !== queueId) return false;
  const wanted = text.trim().toLowerCase();
  return wanted === '' || seat.id.includes(wanted) || seat.name.toLowerCase().includes(wanted);
}

export function ordered(seats: readonly Seat[], order: SeatOrder): Seat[] {
  return [...seats].sort(order === 'number' ? byNumber : byAttention);
}

/** A line of the map: the name of a group, or as many seats as fit beside each other. */
export type SeatLine =
  | { kind: 'group'; key: string; queueId: string | null; signedIn: number; all: number }
  | { kind: 'seats'; key: string; seats: Seat[]; first: number };

/** `groups`: queues in their order; null: all together. Who serves two queues sits in both groups. */
export function linesOf(seats: readonly Seat[], columns: number, groups: readonly string[] | null): SeatLine[] {
  const lines: SeatLine[] = [];
  let first = 0;
  const put = (key: string, some: readonly Seat[]): void => {
    for (let at = 0; at < some.length; at += columns) {
      const part = some.slice(at, at + columns);
      lines.push({ kind: 'seats', key: `${key} ${at}`, seats: part, first });
      first += part.length;
    }
  };
  if (groups === null) {
    put('all', seats);
    return lines;
  }
  for (const queueId of [...groups, null]) {
    const own = seats.filter(({ queues }) => (queueId === null ? queues.length === 0 : queues.includes(queueId)));
    if (own.length === 0) continue;
    const signedIn = own.filter(({ state }) => state !== 'signedOut').length;
    lines.push({ kind: 'group', key: `group ${queueId ?? ''}`, queueId, signedIn, all: own.length });
    put(queueId ?? '', own);
  }
  return lines;
}
