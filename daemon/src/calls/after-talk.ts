// What follows a talk: the agent has hung up, or asks for it, and the one he talked with stays on the line in a flow (a survey). The
// agent is free at once.
//
//   talking → the agent's leg goes, or he sends his partner → inFlow → released
import type { Call } from '../contract/index.js';
import { AppError, type Timer } from '../platform/index.js';
import { runFlow } from './arrival.js';
import type { CallContext } from './call-context.js';
import { recordFurther } from './call-recording.js';
import type { PreparedFlow } from './flow-session.js';
import type { Leg } from './leg.js';
import { isInTalk, type CallLeg } from './leg-table.js';
import type { LiveCall } from './live-call.js';
import { endMonitorsOf } from './monitor.js';
import { forgetHold, hasLeft } from './parties.js';
import { hush } from './sounds.js';
import { dismiss, leave } from './transfer.js';

/** Call control asks; who answers is none of its business. */
export interface AfterTalk {
  /** keys by which one in talk asks for it at his telephone, such as *9; empty: there are none */
  readonly keys: string;
  /** What the partner of the one at this telephone, who has hung up, is led through; undefined: the call is over. */
  hungUp(call: Call, station: number): PreparedFlow | undefined;
  /** The same when he has pressed the keys; undefined: they mean nothing in this call. */
  asked(call: Call, station: number): PreparedFlow | undefined;
}

/** Between two keys. */
const KEYS_WITHIN_MS = 3000;

/** A leg has gone; true: its partner is in a flow, and the call goes on. */
export function followsTalk(context: CallContext, call: LiveCall, leg: Leg, by: 'remote' | 'local' | 'fault'): boolean {
  const { afterTalk } = context;
  const partner = call.partnerOf(leg);
  // What broke down is no end of a talk.
  if (afterTalk === undefined || by === 'fault' || leg.station === null || partner?.lives !== true) return false;
  if (call.ending !== undefined || call.phase !== 'talking' || !isSimpleTalk(call)) return false;
  const flow = afterTalk.hungUp(call.toDto(), leg.station);
  if (flow === undefined) return false;
  leadOn(context, { call, leg }, flow);
  return true;
}

/** One in talk sends his partner into it and is released. AppError not_in_call, call_wrong_state. */
export function sendAfterTalk(context: CallContext, call: LiveCall, station: number, flow: PreparedFlow): void {
  const leg = [call.leg, call.peer?.leg].find((one) => one?.station === station && one.lives);
  if (leg === undefined) throw new AppError('not_in_call', { id: call.id, station });
  if (!isInTalk({ call, leg }) || !isSimpleTalk(call))
    throw new AppError('call_wrong_state', { id: call.id, phase: call.phase });
  leadOn(context, { call, leg }, flow);
}

/** Nobody but the two, and neither is being put through. */
function isSimpleTalk({ consult, members, transfer, dialling, aside }: LiveCall): boolean {
  return members.length === 0 && [consult, transfer, dialling, aside].every((one) => one === undefined);
}

function leadOn(context: CallContext, { call, leg }: CallLeg, flow: PreparedFlow): void {
  const { station } = leg;
  const partner = call.partnerOf(leg);
  // Whoever they listened to: there is no talk any more.
  for (const one of [leg, partner]) if (one !== undefined) endMonitorsOf(call, context, one);
  const leaver = leave(context, call, leg, { releasedBy: leg.role });
  for (const one of [leg, call.leg]) forgetHold(call, one);
  call.muted.clear();
  hush(call.leg);
  call.machine.fire('enterFlow');
  if (station !== null) hasLeft(context, call, leaver, station);
  if (leg.lives) dismiss(call, leg);
  context.changed(call);
  void recordFurther(call, context, call.leg);
  void runFlow(call, context, flow);
}

/** The keys of those at telephones of the box, in talk. */
export class TalkKeys {
  readonly #pressed = new WeakMap<Leg, { keys: string; timer: Timer }>();

  /** One more; true when the keys are complete. */
  press(context: CallContext, leg: Leg, key: string): boolean {
    const { afterTalk, clock } = context;
    if (afterTalk === undefined || afterTalk.keys === '' || leg.station === null) return false;
    const before = this.#pressed.get(leg);
    before?.timer.cancel();
    const keys = ((before?.keys ?? '') + key).slice(-afterTalk.keys.length);
    if (keys === afterTalk.keys) {
      this.#pressed.delete(leg);
      return true;
    }
    this.#pressed.set(leg, { keys, timer: clock.after(KEYS_WITHIN_MS, () => void this.#pressed.delete(leg)) });
    return false;
  }
}

/** He has pressed the keys. */
export function askedByKeys(context: CallContext, call: LiveCall, leg: Leg): void {
  const { afterTalk } = context;
  if (leg.station === null || !isInTalk({ call, leg }) || !isSimpleTalk(call)) return;
  const flow = afterTalk?.asked(call.toDto(), leg.station);
  if (flow !== undefined) leadOn(context, { call, leg }, flow);
}
