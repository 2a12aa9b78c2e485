// Who is in a call, as the pages see it.
import type { CallParty } from '../contract/index.js';
import { placeText } from '../lines/index.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';

/** The one the call hangs on first, then who talks with him, then who else is there. */
export function partiesOf(call: LiveCall): CallParty[] {
  const { leg, peer, members, consult, monitors, holds, muted, waiting } = call;
  const party = (one: Leg, agentId: string | null, state: CallParty['state']): CallParty => ({
    ...{ role: one.role, station: one.station, place: placeText(one.place), agentId, state },
    ...{ holds: holds.has(one), muted: muted.has(one), number: one.party?.number ?? '', name: one.party?.name ?? '' },
  });
  const talks = (one: Leg): CallParty['state'] => (waiting.has(one) ? 'waiting' : 'talking');
  return [
    party(leg, null, peer === undefined ? 'alone' : talks(leg)),
    ...[...(peer === undefined ? [] : [peer]), ...members].map((one) => party(one.leg, one.agentId, talks(one.leg))),
    ...(consult?.leg === undefined ? [] : [party(consult.leg, null, talks(consult.leg))]),
    ...monitors.map((one) => party(one.leg, null, one.leg.answered ? one.mode : 'ringing')),
  ];
}
