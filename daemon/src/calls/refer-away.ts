// Putting a caller through without us: where he came over a trunk that he would leave by again, its carrier may connect the two
// itself (REFER, RFC 3515), when the trunk is set up so. The box then records and counts nothing of what follows; where the carrier
// does not want to, the box stays in the path.
import type { DialResolution, TransferOutcome } from '../lines/index.js';
import { cause, type CallContext } from './call-context.js';
import { isInTalk, type CallLeg } from './leg-table.js';
import type { LiveCall } from './live-call.js';
import { hasLeft } from './parties.js';

/**
 * A transfer to a number that was accepted. true: it is done with, one way or the other, and `reply` has been told; false: the box has
 * to do it.
 */
export async function referredToNumber(
  context: CallContext,
  from: CallLeg,
  station: number,
  found: Extract<DialResolution, { kind: 'out' }>,
  number: string,
  reply: (outcome: TransferOutcome) => void,
): Promise<boolean> {
  const { call, leg } = from;
  const partner = call.partnerOf(leg);
  const [attempt] = found.attempts;
  const { referring } = context.lines;
  if (
    partner === undefined ||
    attempt === undefined ||
    found.emergency === true ||
    !mayRefer(context, from, attempt.trunk, 'number')
  )
    return false;
  const result = await referring?.refer(partner.leg, { number: attempt.number });
  return settled(context, from, station, number, result?.done === true, reply);
}

/** The partners of two calls of one telephone. true: they talk without us, and both calls are ending. */
export async function referredToEachOther(
  context: CallContext,
  one: CallLeg,
  other: CallLeg,
  station: number,
  reply: (outcome: TransferOutcome) => void,
): Promise<boolean> {
  const [moved, target] = [one.call.partnerOf(one.leg), other.call.partnerOf(other.leg)];
  if (moved === undefined || target?.place.kind !== 'trunk' || !mayRefer(context, one, target.place.trunk, 'leg'))
    return false;
  reply({ state: 'accepted' });
  const result = await context.lines.referring?.refer(moved.leg, { leg: target.leg });
  const done = result?.done === true;
  if (!settled(context, one, station, other.call.id, done, reply)) return false;
  if (done) {
    other.call.happened('transferred', { by: station, callId: one.call.id, outcome: 'referred' });
    context.release(other.call, cause.normalClearing, other.leg.role);
  }
  return true;
}

/**
 * Two outside talk whom somebody here has put through, over one trunk of ISDN both: its exchange is asked to join them itself. Nobody hears
 * anything of it, and where the exchange does not want to, they talk on through the box.
 */
export async function handedOver(context: CallContext, call: LiveCall, by: number | string): Promise<void> {
  const { leg, peer } = call;
  const { referring } = context.lines;
  if (peer === undefined || leg.place.kind !== 'trunk' || peer.leg.place.kind !== 'trunk') return;
  const sameTrunk = leg.place.trunk !== null && leg.place.trunk === peer.leg.place.trunk;
  if (!sameTrunk || call.members.length > 0 || referring?.may(leg.leg, 'leg') !== true) return;
  // One that could be asked by number has been, before.
  if (referring.may(leg.leg, 'number')) return;
  const { done } = await referring.refer(leg.leg, { leg: peer.leg.leg });
  if (!done) return call.log.info({ by }, 'the exchange does not join the two; they stay here');
  // The far end may have cleared them already.
  call.happened('transferred', { by, outcome: 'referred' });
  context.release(call, cause.normalClearing, 'callee');
}

function mayRefer({ lines }: CallContext, { call, leg }: CallLeg, trunk: string | null, to: 'number' | 'leg'): boolean {
  const partner = call.partnerOf(leg);
  if (partner?.place.kind !== 'trunk' || trunk === null || partner.place.trunk !== trunk) return false;
  return lines.referring?.may(partner.leg, to) === true;
}

function settled(
  context: CallContext,
  from: CallLeg,
  station: number,
  to: string,
  done: boolean,
  reply: (outcome: TransferOutcome) => void,
): boolean {
  const { call, leg } = from;
  if (done) {
    reply({ state: 'done' });
    if (!isInTalk(from)) return true;
    call.happened('transferred', { by: station, to, outcome: 'referred' });
    const { peer } = call;
    hasLeft(context, call, peer?.leg === leg ? peer : { leg, agentId: null, queueId: null }, station);
    context.release(call, cause.normalClearing, leg.role);
    return true;
  }
  call.log.info({ to, station }, 'the carrier does not take the call over; it stays here');
  if (isInTalk(from)) return false;
  reply({ state: 'failed', cause: cause.wrongState });
  return true;
}
