// One of two in talk asks somebody else while his partner hears music: he talks with the one and the other in turn, has them talk
// with each other and goes, makes it a talk of three, or lets it be.
//
//   talking → consulting → answered ⇄ swapped → completed: the partner and the one consulted talk
//                       ↘ nobody answers       → merged: all three talk
//                         the partner is back  → cancelled: as before
import { AppError } from '../platform/index.js';
import { dial } from './arrival.js';
import { cause, type CallContext } from './call-context.js';
import { recordFurther } from './call-recording.js';
import type { Leg } from './leg.js';
import { isInTalk } from './leg-table.js';
import type { Consult, LiveCall } from './live-call.js';
import { arrange, beginTalk, forgetHold, hasLeft } from './parties.js';
import { handedOver } from './refer-away.js';
import { askPlan } from './resolve.js';
import { dismiss, leave } from './transfer.js';

/** Q.850 and the plan's reason as an error for who asked. */
function leadsNowhere(number: string, reason: string): AppError {
  return new AppError('number_leads_nowhere', { number, reason });
}

export function wrongState(call: LiveCall): AppError {
  return new AppError('call_wrong_state', { id: call.id, phase: call.phase });
}

/**
 * Begins to call somebody for `self`, one of the two in talk. Resolves when he is being called. Rejects with call_wrong_state,
 * number_leads_nowhere.
 */
export async function consult(call: LiveCall, context: CallContext, self: Leg, number: string): Promise<void> {
  const free = (): boolean =>
    isInTalk({ call, leg: self }) &&
    call.consult === undefined &&
    call.dialling === undefined &&
    call.transfer === undefined;
  if (!free() || call.members.length > 0) throw wrongState(call);
  const found = await askPlan(context, number, self);
  if (!free()) throw wrongState(call);
  if (found.kind === 'refused') throw leadsNowhere(number, found.reason);
  if (found.kind === 'incomplete') throw leadsNowhere(number, 'it is not complete');
  if (found.kind === 'flow') throw leadsNowhere(number, 'it leads to a flow');
  const segment = call.segment('consult', { by: self.station ?? self.role, number });
  const mine: Consult = { self, leg: undefined, turn: 'target', number, segment };
  call.consult = mine;
  arrange(call, context);
  context.changed(call);
  void ring(call, context, mine, found);
}

/** Never rejects. */
async function ring(
  call: LiveCall,
  context: CallContext,
  mine: Consult,
  found: Parameters<typeof dial>[2],
): Promise<void> {
  const { self, number } = mine;
  const shown = { number: self.station === null ? '' : String(self.station), name: '' };
  const outcome = await dial(call, context, found, number, shown, self, { forwards: false });
  if (outcome.kind === 'answered') {
    if (call.ending !== undefined || call.consult !== mine) return void outcome.leg.release(cause.normalClearing);
    mine.leg = outcome.leg;
    arrange(call, context);
    context.changed(call);
    tellAgent(call, context, outcome.leg, true);
    return;
  }
  if (call.consult === mine) endConsult(call, context, { outcome: 'failed', ...causeOf(outcome) });
}

const causeOf = (outcome: { kind: string; cause?: number }): { cause?: number } =>
  outcome.cause === undefined ? {} : { cause: outcome.cause };

/** Who is consulted is in talk, if he is an agent; nobody gives him another call. */
function tellAgent(call: LiveCall, context: CallContext, { station }: Leg, talking: boolean): void {
  const agentId = station === null ? null : context.agentAt(station);
  if (station === null || agentId === null) return;
  context.events.emit('call.consulted', { call: call.toDto(), agentId, station, talking });
}

/** The partner is back. */
function endConsult(call: LiveCall, context: CallContext, data: { outcome: string; cause?: number }): void {
  const { consult: over } = call;
  if (over === undefined) return;
  call.consult = undefined;
  over.segment.end(data);
  if (over.leg !== undefined) forgetHold(call, over.leg);
  arrange(call, context);
  context.changed(call);
  if (over.leg !== undefined) tellAgent(call, context, over.leg, false);
}

function underWay(call: LiveCall, self: Leg): Consult {
  const { consult: mine } = call;
  if (call.ending !== undefined || mine?.self !== self) throw wrongState(call);
  return mine;
}

function answered(call: LiveCall, self: Leg): Consult & { leg: Leg } {
  const mine = underWay(call, self);
  if (mine.leg?.answered !== true) throw wrongState(call);
  return mine as Consult & { leg: Leg };
}

/** He talks with the other of the two. */
export function swap(call: LiveCall, context: CallContext, self: Leg): void {
  const mine = answered(call, self);
  mine.turn = mine.turn === 'target' ? 'partner' : 'target';
  arrange(call, context);
  context.changed(call);
}

/** Who was consulted, or is being called, is released. */
export function cancelConsult(call: LiveCall, context: CallContext, self: Leg): void {
  const { leg } = underWay(call, self);
  endConsult(call, context, { outcome: 'cancelled' });
  call.dialling?.abort();
  void leg?.release(cause.normalClearing);
}

/** All three talk with each other. */
export function merge(call: LiveCall, context: CallContext, self: Leg): void {
  const { leg, segment } = answered(call, self);
  call.consult = undefined;
  segment.end({ outcome: 'merged' });
  const agentId = leg.station === null ? null : context.agentAt(leg.station);
  call.members.push({ leg, agentId, queueId: null });
  for (const one of [...call.holds.keys()]) forgetHold(call, one);
  arrange(call, context);
  context.changed(call);
}

/** The partner and the one consulted talk; `self` leaves. */
export function completeConsult(call: LiveCall, context: CallContext, self: Leg): void {
  const { leg: target, segment, number } = answered(call, self);
  call.consult = undefined;
  segment.end({ outcome: 'completed' });
  forgetHold(call, self);
  const leaver = leave(context, call, self);
  call.happened('transferred', { by: self.station ?? self.role, to: number, outcome: 'consulted' });
  const { station } = target;
  const agentId = station === null ? null : context.agentAt(station);
  const queueId = agentId === null ? null : leaver.queueId;
  beginTalk(call, context, { leg: target, agentId, queueId });
  if (agentId !== null) call.record.update({ agentId });
  context.changed(call);
  if (self.station !== null) hasLeft(context, call, leaver, self.station);
  context.events.emit('call.connected', { call: call.toDto(), agentId, queueId, station, waitMs: 0 });
  if (self.lives) dismiss(call, self);
  void recordFurther(call, context, call.leg);
  void handedOver(context, call, self.station ?? self.role);
}

/** A leg has gone that has to do with a consultation; false: it goes on as if there were none. */
export function goneFromConsult(call: LiveCall, context: CallContext, leg: Leg): boolean {
  const { consult: mine } = call;
  if (mine === undefined) return false;
  if (leg === mine.leg) {
    endConsult(call, context, { outcome: 'targetGone' });
    return true;
  }
  if (leg !== mine.self) return false;
  // Who hangs up has put them through; who does before anybody has answered wants no more of it.
  if (mine.leg?.answered === true && mine.leg.lives) {
    completeConsult(call, context, leg);
    return true;
  }
  endConsult(call, context, { outcome: 'cancelled' });
  call.dialling?.abort();
  return false;
}

/** The call ends: whoever was consulted is released. */
export function dropConsult(call: LiveCall): void {
  const { consult: mine } = call;
  call.consult = undefined;
  mine?.segment.end({ outcome: 'callEnded' });
  void mine?.leg?.release(cause.normalClearing);
}
