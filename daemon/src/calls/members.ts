// Three and more who talk: one goes, and the others go on as long as there are two.
import { cause, type CallContext } from './call-context.js';
import { recordFurther } from './call-recording.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { endMonitorsOf } from './monitor.js';
import { arrange, forgetHold, hasLeft } from './parties.js';

/** One of at least three has gone; false: there were not as many, and the call is over without him. */
export function memberGone(call: LiveCall, context: CallContext, leg: Leg): boolean {
  const { members, peer } = call;
  if (members.length === 0 || peer === undefined) return false;
  const at = members.findIndex((member) => member.leg === leg);
  if (at < 0 && leg !== peer.leg && leg !== call.leg) return false;
  forgetHold(call, leg);
  call.muted.delete(leg);
  endMonitorsOf(call, context, leg);
  const leaver = at >= 0 ? members[at] : leg === peer.leg ? peer : { leg, agentId: null, queueId: null };
  if (at >= 0) members.splice(at, 1);
  else {
    const next = members.shift();
    if (leg === call.leg) call.leg = peer.leg;
    call.peer = next;
    if (leg === peer.leg) call.talk?.end({ releasedBy: leg.role });
  }
  call.happened('left', { by: leg.station ?? leg.role });
  arrange(call, context);
  if (leaver !== undefined && leg.station !== null) hasLeft(context, call, leaver, leg.station);
  context.changed(call);
  void recordFurther(call, context, call.leg);
  return true;
}

/** The call ends: nobody of the round stays. */
export function dropMembers(call: LiveCall): void {
  for (const { leg } of call.members.splice(0)) void leg.release(cause.normalClearing);
}
