// Somebody at a page wants a call that rings at another telephone: his own rings, and has the call when he lifts while the other still rings.
import { AppError } from '../platform/index.js';
import { cause, type CallContext } from './call-context.js';
import { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { isOffered, pickUpOffer } from './queueing.js';
import { isRinging, oldestRinging, pickUpDialled } from './replace.js';

/** Who has not lifted by then does not want it. */
const RING_MS = 30_000;

/** Rings a telephone that is to have the call which has rung longest at these. Rejects with nothing_rings, or with what the line says. */
export async function pickUpAt(context: CallContext, station: number, from: readonly number[]): Promise<LiveCall> {
  const others = from.filter((one) => one !== station);
  const found = oldestRinging(context, { kind: 'station', station }, others);
  if (found === undefined || found.call.picking !== undefined) throw new AppError('nothing_rings');
  const { call, leg: wanted } = found;
  const { callingNumber, callingName } = call.row;
  const told = { calledNumber: String(station), callingNumber, callingName };
  const seized = await context.lines.seize({ target: { kind: 'station', station }, ...told });
  const gone = (number: number): void => context.legs.remove(number);
  const role = isOffered(call, wanted) ? 'agent' : 'callee';
  const leg = new Leg({ ...context, ...seized, role, initial: 'seizing', log: call.log, gone });
  // Both were asked meanwhile: the one that rang, and somebody else at another page.
  if (call.ending !== undefined || !isRinging(found) || call.picking !== undefined) {
    void leg.release(cause.normalClearing);
    throw new AppError('nothing_rings');
  }
  context.legs.put(call, leg);
  context.trunks.setCall(leg.leg, call.id);
  call.picking = { leg, wanted, ringing: context.clock.after(RING_MS, () => void leg.release(cause.noAnswer)) };
  return call;
}

/** A telephone was lifted; false: it is none that picks a call up. Where the other was lifted the one that was to pick up rings no more. */
export function pickerAnswered(call: LiveCall, context: CallContext, leg: Leg): boolean {
  const { picking } = call;
  if (picking?.wanted === leg) dropPicking(call);
  if (picking?.leg !== leg) return false;
  forget(call);
  const { wanted } = picking;
  if (leg.station !== null && isOffered(call, wanted)) void pickUpOffer(call, context, leg, leg.station);
  else void pickUpDialled({ call, leg: wanted }, leg);
  return true;
}

/** The one that rang rings no more, or the other has hung up before; false: it was not he who was to pick up. */
export function pickerGone(call: LiveCall, leg: Leg): boolean {
  const { picking } = call;
  if (picking?.wanted === leg) dropPicking(call);
  if (picking?.leg !== leg) return false;
  forget(call);
  return true;
}

/** Nobody picks the call up any more. */
export function dropPicking(call: LiveCall): void {
  const { picking } = call;
  forget(call);
  void picking?.leg.release(cause.nonSelectedUser);
}

function forget(call: LiveCall): void {
  call.picking?.ringing.cancel();
  call.picking = undefined;
}
