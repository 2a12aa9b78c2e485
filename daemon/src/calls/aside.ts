// An agent lends his caller to a flow, for a password or a survey, and gets him back: he hears music meanwhile, and talks with him again when
// the flow is through. When he hangs up the caller stays in the flow, and his call ends with it.
import type { JsonObject } from '../contract/index.js';
import { recordFurther } from './call-recording.js';
import { runFlow } from './arrival.js';
import { cause, type CallContext } from './call-context.js';
import type { PreparedFlow } from './flow-session.js';
import type { Leg } from './leg.js';
import type { CallLeg } from './leg-table.js';
import type { LiveCall } from './live-call.js';
import { beginTalk, forgetHold, hasLeft } from './parties.js';
import { hush, playHoldMusic } from './sounds.js';
import { leave } from './transfer.js';

/** `leg` waits, and its partner is in a flow from now on. */
export function lendToFlow(context: CallContext, { call, leg }: CallLeg, flow: PreparedFlow, to: string): void {
  // He waits for the flow now; when he has his caller back the two talk.
  forgetHold(call, leg);
  const lender = leave(context, call, leg);
  hush(call.leg);
  const segment = call.segment('lent', { by: leg.station ?? leg.role, to });
  call.machine.fire('enterFlow');
  call.aside = { lender, segment };
  playHoldMusic(leg, context);
  context.changed(call);
  void recordFurther(call, context, call.leg);
  void runFlow(call, context, flow, (results) => comeBack(call, context, results));
}

/** The flow is through, with what it has found out for the agent; false: there is nobody to come back to. */
function comeBack(call: LiveCall, context: CallContext, results: JsonObject = {}): boolean {
  const { aside } = call;
  if (aside === undefined || call.ending !== undefined || !call.machine.fire('back')) return false;
  call.aside = undefined;
  aside.segment.end({ outcome: 'back', ...(Object.keys(results).length === 0 ? {} : { results }) });
  hush(aside.lender.leg);
  beginTalk(call, context, aside.lender);
  context.changed(call);
  return true;
}

/** Who lent him has hung up; false: it was somebody else. */
export function lenderGone(call: LiveCall, context: CallContext, leg: Leg): boolean {
  const { aside } = call;
  if (aside?.lender.leg !== leg) return false;
  call.aside = undefined;
  hush(leg);
  aside.segment.end({ outcome: 'agentGone' });
  if (leg.station !== null) hasLeft(context, call, aside.lender, leg.station);
  context.changed(call);
  return true;
}

/** The caller goes elsewhere, or the call ends: nobody comes back. */
export function dropAside(call: LiveCall, context: CallContext, outcome: string): void {
  const { aside } = call;
  if (aside === undefined) return;
  call.aside = undefined;
  aside.segment.end({ outcome });
  const { leg } = aside.lender;
  hush(leg);
  if (call.ending === undefined && leg.station !== null) hasLeft(context, call, aside.lender, leg.station);
  void leg.release(cause.normalClearing);
}
