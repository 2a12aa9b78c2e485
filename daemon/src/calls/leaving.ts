// Who leaves a call, and what it means to the others.
import { dropAside, lenderGone } from './aside.js';
import { cause, type CallContext } from './call-context.js';
import { dropConsult, goneFromConsult } from './consult.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { dropMembers, memberGone } from './members.js';
import { dropMonitors, monitorGone } from './monitor.js';
import { dropParked, takerGone } from './parking.js';
import { dropPicking, pickerGone } from './picking-up.js';
import { leaveAgent } from './queueing.js';
import { endTransfer } from './transfer.js';

/** A leg has gone, and the call goes on without it. */
export function goesOn(call: LiveCall, context: CallContext, leg: Leg): boolean {
  return (
    lenderGone(call, context, leg) ||
    takerGone(call, leg) ||
    pickerGone(call, leg) ||
    monitorGone(call, context, leg) ||
    goneFromConsult(call, context, leg) ||
    memberGone(call, context, leg)
  );
}

/** Stops everything that goes on for the call but the leg it hangs on. */
export function letGo(call: LiveCall, context: CallContext, why: number): void {
  call.abort();
  leaveAgent(call);
  call.toBegin?.ringing.cancel();
  endTransfer(call, why);
  dropConsult(call);
  dropMonitors(call);
  dropMembers(call);
  dropParked(call, context);
  dropPicking(call);
  dropAside(call, context, 'callEnded');
  call.mix?.close();
  call.dialling?.abort();
  void call.peer?.leg.release(cause.normalClearing);
}
