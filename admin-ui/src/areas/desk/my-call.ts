// What a call is to the one at this desk. Pure: the page gives it the call and his telephone.
import type { Agent, Call, CallParty, Segment } from '@cordboard/daemon/contract';

const TALKERS: readonly CallParty['state'][] = ['alone', 'talking', 'waiting'];

export interface MyPart {
  self: CallParty | undefined;
  /** who was there first */
  partner: CallParty | undefined;
  /** who is consulted, once he has answered */
  consulted: CallParty | undefined;
  /** he is being consulted, or called */
  consulting: boolean;
  /** with whom I talk, of the two */
  turn: 'partner' | 'consulted';
  three: boolean;
  /** it rings for me */
  ringing: boolean;
  /** somebody is being called for me */
  dialling: boolean;
}

/** The call on his telephone, or that which rings for him. */
export function callOf(agent: Agent, calls: ReadonlyMap<string, Call>): Call | undefined {
  const named = agent.callId === null ? undefined : calls.get(agent.callId);
  // what he does the paperwork for has left his telephone
  if (named !== undefined && agent.state !== 'wrapUp') return named;
  if (agent.station === null) return undefined;
  return [...calls.values()].find(({ parties }) =>
    parties.some(({ station, state }) => station === agent.station && TALKERS.includes(state)),
  );
}

export function partOf(call: Call, station: number | null, segments: readonly Segment[]): MyPart {
  const talkers = call.parties.filter(({ state }) => TALKERS.includes(state));
  const self = talkers.find((party) => party.station === station && station !== null);
  const others = talkers.filter((party) => party !== self);
  const open = segments.find(
    ({ kind, endedAt, data }) => kind === 'consult' && endedAt === null && data['by'] === station,
  );
  const partner = others[0];
  const consulted = open === undefined ? undefined : others[1];
  return {
    ...{ self, partner, consulted, consulting: open !== undefined },
    turn: partner?.state === 'waiting' && consulted !== undefined ? 'consulted' : 'partner',
    three: open === undefined && others.length > 1,
    ringing: self === undefined && call.phase === 'offering',
    dialling: self !== undefined && call.phase === 'dialling',
  };
}

/** The one he talks with, where his exchange has told who that is. */
function toldOf(call: Call, station: number | null): CallParty | undefined {
  if (station === null) return undefined;
  const talkers = call.parties.filter(({ state }) => TALKERS.includes(state));
  if (!talkers.some((party) => party.station === station)) return undefined;
  const partner = talkers.find((party) => party.station !== station);
  return partner === undefined || partner.number + partner.name === '' ? undefined : partner;
}

/** The name that was sent with the one at the other end: untrusted text. */
export function sentNameOf(call: Call, station: number | null): string {
  const told = toldOf(call, station);
  return told === undefined ? call.callingName : told.name;
}

/** The number of the one at the other end: as his exchange tells, else of who called, or of whom he has dialled. */
export function numberOf(call: Call, station: number | null): string {
  const told = toldOf(call, station)?.number ?? '';
  if (told !== '') return told;
  if (call.direction === 'in') return call.callingNumber;
  const first = call.parties[0];
  const iDialled = first !== undefined ? first.station === station : call.direction === 'out';
  return iDialled ? call.calledNumber : call.callingNumber;
}
