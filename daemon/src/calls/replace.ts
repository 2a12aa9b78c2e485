// A leg that comes in to take the place of another (RFC 3891): somebody picks up a call that rings elsewhere, a telephone takes
// over the call of another of the same station, or the one who was consulted takes a call over.
//
//   ringing   dialling, or offered by a queue → the new leg is answered in place of the one that rang → talking
//   talking   talking → the new leg is answered, the old one leaves → talking
import { placeText, type LegOffered, type LegPlace } from '../lines/index.js';
import { errorText } from '../platform/index.js';
import { cause, type CallContext } from './call-context.js';
import { recordFurther } from './call-recording.js';
import { Leg } from './leg.js';
import { isInTalk, type CallLeg } from './leg-table.js';
import { beginTalk, hasLeft } from './parties.js';
import { isOffered, pickUpOffer, takerOf } from './queueing.js';
import { dismiss, leave } from './transfer.js';

/** Does it, or releases the new leg with the reason why not; never rejects. */
export async function replace(context: CallContext, newcomer: LegOffered, replaces: number): Promise<void> {
  const { leg: number, port, origin } = newcomer;
  const found = context.legs.find(replaces);
  const refuse = async (why: number, reason: string): Promise<void> => {
    context.log.info({ leg: number, replaces, place: placeText(origin), why: reason }, 'no call is taken over');
    await context.lines
      .release(number, why)
      .catch((error: unknown) => context.log.debug({ err: error, leg: number }, 'the leg had gone'));
  };
  if (found === undefined || found.call.ending !== undefined) return refuse(cause.wrongState, 'it is over');
  const offered = isOffered(found.call, found.leg);
  const rings = isRinging(found);
  if (!rings && !isInTalk(found)) return refuse(cause.wrongState, 'it is not ringing and nobody talks');
  if (!(rings ? mayPickUp(origin, found) : mayTakeOver(context, origin, found)))
    return refuse(cause.callRejected, 'it is none of his business');
  const { call } = found;
  const { offer } = call;
  const station = origin.kind === 'station' ? origin.station : null;
  const outsider = offered && offer && station !== null && takerOf(offer, context, station) === null;
  const role = outsider ? 'callee' : found.leg.role;
  const leg = new Leg({
    ...{ ...context, leg: number, port, place: origin, role, initial: 'offered', log: call.log },
    gone: (one) => context.legs.remove(one),
  });
  context.legs.put(call, leg);
  context.trunks.setCall(number, call.id);
  if (offered && station !== null) await pickUpOffer(call, context, leg, station);
  else if (rings) await pickUpDialled(found, leg);
  else await takeOver(context, found, leg);
}

/** The leg that has rung longest at one of these telephones, of those that the newcomer may pick up; undefined: there is none. */
export function oldestRinging(
  { legs }: CallContext,
  origin: LegPlace,
  stations: readonly number[],
): CallLeg | undefined {
  const ringing = stations
    .flatMap((station) => legs.ofStation(station))
    .filter((one) => one.call.ending === undefined && isRinging(one) && mayPickUp(origin, one));
  return ringing.sort((a, b) => a.leg.startedAt - b.leg.startedAt)[0];
}

export function isRinging({ call, leg }: CallLeg): boolean {
  return isOffered(call, leg) || call.dialling?.rings(leg) === true;
}

/** Telephones of the box, for telephones of the box; nobody picks up his own call. */
function mayPickUp(origin: LegPlace, { call, leg }: CallLeg): boolean {
  return origin.kind === 'station' && leg.station !== null && origin.station !== call.leg.station;
}

/** Whoever was in the call himself, and whoever he consults just now. */
function mayTakeOver(context: CallContext, origin: LegPlace, { call, leg }: CallLeg): boolean {
  if (origin.kind === 'trunk') {
    const { place } = leg;
    return place.kind === 'trunk' && place.trunk !== null && place.trunk === origin.trunk;
  }
  if (leg.station === null) return false;
  if (leg.station === origin.station) return true;
  if (call.partnerOf(leg)?.station === origin.station) return false;
  return context.legs.ofStation(leg.station).some((other) => {
    return other.call !== call && isInTalk(other) && other.call.partnerOf(other.leg)?.station === origin.station;
  });
}

/** A telephone that is called, not offered a call by a queue: another one has the call. */
export async function pickUpDialled({ call, leg: ringing }: CallLeg, leg: Leg): Promise<void> {
  const { dialling } = call;
  if (dialling?.pickUp(ringing, leg) !== true) return void leg.release(cause.wrongState);
  try {
    await leg.answer();
  } catch (error) {
    call.log.info({ err: error, place: leg.place }, `a call was not picked up: ${errorText(error)}`);
    dialling.released(leg, { leg: leg.leg, cause: cause.temporaryFailure, by: 'fault' });
    return void leg.release(cause.temporaryFailure);
  }
  if (leg.answered) dialling.answered(leg);
}

async function takeOver(context: CallContext, found: CallLeg, leg: Leg): Promise<void> {
  const { call, leg: before } = found;
  try {
    await leg.answer();
  } catch (error) {
    call.log.info({ err: error, place: leg.place }, `a call was not taken over: ${errorText(error)}`);
    return void leg.release(cause.temporaryFailure);
  }
  if (!leg.answered) return;
  if (!isInTalk(found)) return void leg.release(cause.wrongState);
  const leaver = leave(context, call, before);
  const by = before.station ?? placeText(before.place);
  const same = leg.station !== null && leg.station === before.station;
  call.happened('transferred', { by, to: leg.station ?? placeText(leg.place), outcome: 'replaced' });
  // The same person at another of his telephones is who he was.
  const { agentId, queueId } = same ? leaver : { agentId: null, queueId: null };
  beginTalk(call, context, { leg, agentId, queueId });
  context.changed(call);
  if (!same) {
    if (before.station !== null) hasLeft(context, call, leaver, before.station);
    const { station } = leg;
    context.events.emit('call.connected', { call: call.toDto(), queueId, agentId, station, waitMs: 0 });
  }
  dismiss(call, before);
  await recordFurther(call, context, call.leg);
}
