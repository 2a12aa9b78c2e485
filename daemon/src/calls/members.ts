// Three and more who talk: one goes, and the others go on as long as there are two.
import { cause, type CallContext } from './call-context.js';
import { recordFurther } from './call-recording.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { endMonitorsOf } from './monitor.js';
import { arrange, beginTalk, forgetHold, hasLeft } from './parties.js';

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
  const next = at >= 0 ? undefined : members.shift();
  if (at >= 0) members.splice(at, 1);
  else if (leg === call.leg) {
    call.leg = peer.leg;
    call.peer = next;
  }
  call.happened('left', { by: leg.station ?? leg.role });
  const heir = leg === peer.leg ? next : undefined;
  if (heir === undefined) arrange(call, context);
  else {
    call.talk?.end({ releasedBy: leg.role });
    beginTalk(call, context, { ...heir, queueId: heir.agentId === null ? null : peer.queueId });
    if (heir.agentId !== null) call.record.update({ agentId: heir.agentId });
  }
  if (leaver !== undefined && leg.station !== null) hasLeft(context, call, leaver, leg.station);
  context.changed(call);
  if (heir !== undefined && call.peer !== undefined) {
    const { agentId, queueId } = call.peer;
    const { station } = heir.leg;
    context.events.emit('call.connected', { call: call.toDto(), agentId, queueId, station, waitMs: 0 });
  }
  void recordFurther(call, context, call.leg);
  return true;
}

/** The call ends: nobody of the round stays. */
export function dropMembers(call: LiveCall): void {
  for (const { leg } of call.members.splice(0)) void leg.release(cause.normalClearing);
}
