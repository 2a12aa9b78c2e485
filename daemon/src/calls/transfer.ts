// Transfers: a telephone in talk asks for its partner to be put through, to a number (blind, RFC 5589 5) or to the partner of
// another call of its own (attended, RFC 5589 7). The partner's call is kept; the telephone leaves it.
//
//   blind     talking → partner hears music, then ringing → dialling → talking with the new one; the referrer is released
//                     ↘ nobody answers: talking with the referrer again, who is called back when he has hung up
//   attended  two calls → the partners of both talk in one of them, the other ends
import type { JsonObject } from '../contract/index.js';
import type { DialResolution, LegReleased, TransferAsked, TransferOutcome } from '../lines/index.js';
import { errorText } from '../platform/index.js';
import { dial, flowOf, runFlow } from './arrival.js';
import { cause, type CallContext } from './call-context.js';
import { recordFurther, stopRecording } from './call-recording.js';
import type { Leg } from './leg.js';
import type { PreparedFlow } from './flow-session.js';
import { isInTalk, type CallLeg } from './leg-table.js';
import type { LiveCall, Peer, Transfer } from './live-call.js';
import { endMonitorsOf } from './monitor.js';
import { beginTalk, forgetHold, hasLeft } from './parties.js';
import { handedOver, referredToEachOther, referredToNumber } from './refer-away.js';
import { askPlan } from './resolve.js';
import type { Dialled } from './rounds.js';
import { hush, playHoldMusic } from './sounds.js';

type Reply = (outcome: TransferOutcome) => void;

/** Does what was asked for, or tells why not; never rejects. */
export async function transfer(context: CallContext, { leg: number, to, reply }: TransferAsked): Promise<void> {
  const found = context.legs.find(number);
  const refuse = (why: number, reason: string): void => {
    context.log.info({ leg: number, to, why: reason }, 'a transfer is refused');
    reply({ state: 'failed', cause: why });
  };
  if (found === undefined || !isInTalk(found)) return refuse(cause.wrongState, 'nobody is in talk');
  // Only telephones of the box: whoever calls in is not to use its trunks.
  const { station } = found.leg;
  if (station === null) return refuse(cause.callRejected, 'it is no telephone of the box');
  if ('number' in to) {
    await blind(context, found, station, to.number, reply).catch((error: unknown) => {
      found.call.log.error({ err: error }, `the dial plan does not answer: ${errorText(error)}`);
      refuse(cause.temporaryFailure, 'a fault');
    });
    return;
  }
  const other = context.legs.find(to.leg);
  if (other === undefined || other.call === found.call || !isInTalk(other))
    return refuse(cause.wrongState, 'the other call is not in talk');
  // Whoever knows the names of a strange dialog (RFC 3891) does not get into it.
  if (other.leg.station !== station) return refuse(cause.callRejected, 'the other call is not of this telephone');
  if (await referredToEachOther(context, found, other, station, reply)) return;
  // Time may have passed.
  if (!isInTalk(found) || !isInTalk(other)) return refuse(cause.wrongState, 'one of the calls is over');
  attended(context, found, other, station, reply);
}

/** Rejects when the dial plan fails; nothing has happened then. */
async function blind(
  context: CallContext,
  from: CallLeg,
  station: number,
  number: string,
  reply: Reply,
): Promise<void> {
  const { call, leg } = from;
  const found = await askPlan(context, number, leg);
  if (!isInTalk(from)) return reply({ state: 'failed', cause: cause.wrongState });
  if (found.kind === 'incomplete') return reply({ state: 'failed', cause: cause.invalidNumber });
  if (found.kind === 'refused') {
    call.log.info({ number, station, why: found.reason }, 'a transfer leads nowhere');
    return reply({ state: 'failed', cause: found.cause });
  }
  if (found.kind === 'flow') return intoFlow(context, from, station, found, number, reply);
  reply({ state: 'accepted' });
  if (found.kind === 'out' && (await referredToNumber(context, from, station, found, number, reply))) return;
  const referrer = leave(context, call, leg);
  const segment = call.segment('transferred', { by: station, to: number });
  call.machine.fire('transfer');
  call.transfer = { referrer, station, reply, segment };
  if (!call.holds.has(leg)) playHoldMusic(call.leg, context);
  void recordFurther(call, context, call.leg);
  await putThrough(call, context, call.transfer, found, number);
}

async function intoFlow(
  context: CallContext,
  { call, leg }: CallLeg,
  station: number,
  found: Extract<DialResolution, { kind: 'flow' }>,
  number: string,
  reply: Reply,
): Promise<void> {
  const flow = flowOf(call, context, found);
  if (flow === undefined) return reply({ state: 'failed', cause: cause.temporaryFailure });
  reply({ state: 'accepted' });
  // Before its leg ends: what it is told is sent in the dialog of that leg.
  sendIntoFlow(context, { call, leg }, flow, number, () => reply({ state: 'done' }));
}

/** One of the two in talk leaves it, and the other is in a flow from now on. */
export function sendIntoFlow(
  context: CallContext,
  { call, leg }: CallLeg,
  flow: PreparedFlow,
  to: string,
  done?: () => void,
): void {
  const { station } = leg;
  const referrer = leave(context, call, leg);
  // He may have been on hold, and a flow need not play anything.
  hush(call.leg);
  call.happened('transferred', { by: station ?? leg.role, to, outcome: 'flow' });
  call.machine.fire('enterFlow');
  if (flow.flowId !== null && flow.flowId !== '') call.record.update({ flowId: flow.flowId });
  if (station !== null) hasLeft(context, call, referrer, station);
  done?.();
  dismiss(call, leg);
  context.changed(call);
  void recordFurther(call, context, call.leg);
  void runFlow(call, context, flow);
}

/** One of the two in talk leaves it, and those who listened to him; the call hangs on the other from now on. */
export function leave(
  context: CallContext,
  call: LiveCall,
  leg: Leg,
  how: JsonObject = { outcome: 'transferred' },
): Peer {
  const { peer } = call;
  endMonitorsOf(call, context, leg);
  const leaver: Peer = peer?.leg === leg ? peer : { leg, agentId: null, queueId: null };
  call.leg = call.partnerOf(leg) ?? call.leg;
  call.peer = undefined;
  call.talk?.end(how);
  call.talk = undefined;
  call.mix?.arrange([]);
  call.waiting = new Set();
  return leaver;
}

/** Never rejects. */
async function putThrough(
  call: LiveCall,
  context: CallContext,
  transfer: Transfer,
  found: Dialled,
  number: string,
): Promise<void> {
  const { reply, station, segment } = transfer;
  const begun = context.clock.moment();
  let told = false;
  const alerting = (): void => {
    if (!told) reply({ state: 'alerting' });
    told = true;
  };
  const outcome = await dial(call, context, found, number, shown(call), call.leg, {
    ...{ alerting, diverted: found.kind === 'out' },
  });
  if (call.transfer !== transfer) {
    // The one who was put through has gone, and the referrer was told.
    if (outcome.kind === 'answered') void outcome.leg.release(cause.normalClearing);
    return;
  }
  call.transfer = undefined;
  const { referrer } = transfer;
  if (outcome.kind === 'answered') {
    segment.end({ outcome: 'answered' });
    // Before its leg ends: what it is told is sent in the dialog of that leg.
    reply({ state: 'done' });
    if (referrer !== undefined) {
      hasLeft(context, call, referrer, station);
      dismiss(call, referrer.leg);
    }
    connected(call, context, outcome.leg, call.sinceMs(begun));
    return handedOver(context, call, station);
  }
  const flow = outcome.kind === 'flow' ? flowOf(call, context, outcome.found) : undefined;
  if (flow !== undefined && call.machine.fire('enterFlow')) {
    segment.end({ outcome: 'flow' });
    reply({ state: 'done' });
    if (referrer !== undefined) {
      hasLeft(context, call, referrer, station);
      dismiss(call, referrer.leg);
    }
    hush(call.leg);
    context.changed(call);
    return runFlow(call, context, flow);
  }
  const fault = outcome.kind === 'flow' ? cause.temporaryFailure : cause.normalClearing;
  const why = outcome.kind === 'failed' ? outcome.cause : fault;
  segment.end({ outcome: 'failed', cause: why });
  reply({ state: 'failed', cause: why });
  call.log.info({ number, cause: why }, 'a transfer has failed: the call goes back');
  if (referrer?.leg.lives !== true) return callBack(call, context, station, why);
  // As if nothing had been: the agent's talk has never ended.
  if (!call.machine.fire('connect')) return;
  beginTalk(call, context, referrer);
  context.changed(call);
}

/** The referrer has hung up before it was known that nobody answers: his telephone rings for the one he left. */
export async function callBack(call: LiveCall, context: CallContext, station: number, why: number): Promise<void> {
  const begun = context.clock.moment();
  const found = { kind: 'station', station } as const;
  // Whoever was there just now does not want him sent on.
  const outcome = await dial(call, context, found, String(station), shown(call), call.leg, { forwards: false });
  if (outcome.kind === 'failed') context.release(call, why, 'system');
  if (outcome.kind === 'answered') connected(call, context, outcome.leg, call.sinceMs(begun));
}

export function connected(call: LiveCall, context: CallContext, leg: Leg, waitMs: number): void {
  if (call.ending !== undefined || !call.machine.fire('connect')) return void leg.release(cause.normalClearing);
  const { station } = leg;
  const agentId = station === null ? null : context.agentAt(station);
  beginTalk(call, context, { leg, agentId, queueId: null });
  if (agentId !== null) call.record.update({ agentId });
  context.changed(call);
  context.events.emit('call.connected', { call: call.toDto(), queueId: null, agentId, station, waitMs });
}

/** The referrer's leg has gone while his partner is being put through; false: it was not his. */
export function referrerGone(call: LiveCall, context: CallContext, leg: Leg, { cause: why }: LegReleased): boolean {
  const { transfer } = call;
  if (transfer?.referrer?.leg !== leg) return false;
  call.log.info({ station: transfer.station, cause: why }, 'the referrer has left');
  forgetHold(call, leg);
  hasLeft(context, call, transfer.referrer, transfer.station);
  transfer.referrer = undefined;
  return true;
}

/** The call ends while somebody is being put through: who asked for it is told, and released. */
export function endTransfer(call: LiveCall, why: number): void {
  const { transfer } = call;
  if (transfer === undefined) return;
  call.transfer = undefined;
  transfer.segment.end({ outcome: 'callerGone' });
  transfer.reply({ state: 'failed', cause: why });
  void transfer.referrer?.leg.release(cause.normalClearing);
}

/** Who stays, as the new one is shown him. */
export function shown({ leg, row }: LiveCall): { number: string; name: string } {
  const name = leg.role === 'caller' ? row.callingName : '';
  if (leg.station !== null) return { number: String(leg.station), name };
  return { number: leg.role === 'caller' ? row.callingNumber : row.calledNumber, name };
}

/**
 * The partners of two legs of one telephone talk with each other. The call goes on whose recording can, that of a party who
 * stays; when it is neither's, the one that was to be put through is recorded anew.
 */
function attended(context: CallContext, one: CallLeg, other: CallLeg, station: number, reply: Reply): void {
  const [kept, given] = one.call.leg === one.leg && other.call.leg !== other.leg ? [other, one] : [one, other];
  const newcomer = given.call.partnerOf(given.leg);
  if (newcomer === undefined) return reply({ state: 'failed', cause: cause.wrongState });
  const held = given.call.holds.has(newcomer);

  // The call that ends hangs on the telephone's own leg by then, and its partner is out of it.
  const left = leave(context, given.call, newcomer);
  const joining = {
    ...left,
    agentId: left.agentId ?? (newcomer.station === null ? null : context.agentAt(newcomer.station)),
  };
  stopRecording(given.call, newcomer);
  forgetHold(given.call, newcomer);
  given.call.happened('transferred', { by: station, callId: kept.call.id });
  context.legs.put(kept.call, newcomer);
  context.trunks.setCall(newcomer.leg, kept.call.id);

  const leaver = leave(context, kept.call, kept.leg);
  kept.call.happened('transferred', { by: station, callId: given.call.id });
  if (held) kept.call.holds.set(newcomer, kept.call.segment('held', { by: newcomer.role }));
  beginTalk(kept.call, context, joining);
  if (joining.agentId !== null) kept.call.record.update({ agentId: joining.agentId });
  context.changed(kept.call);
  void recordFurther(kept.call, context, kept.call.leg);
  hasLeft(context, kept.call, leaver, station);
  const { agentId, queueId, leg } = joining;
  const now = { call: kept.call.toDto(), agentId, queueId, station: leg.station, waitMs: 0 };
  context.events.emit('call.connected', now);

  reply({ state: 'done' });
  dismiss(kept.call, kept.leg);
  context.release(given.call, cause.normalClearing, given.leg.role);
}

export function dismiss(call: LiveCall, leg: Leg): void {
  forgetHold(call, leg);
  void leg.release(cause.normalClearing);
}
