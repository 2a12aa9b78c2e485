// A call in a queue: waiting, rung at an agent's telephone, connected, back at its place, or back in the flow.
// Who is rung is decided by acd/; here is what it does to the call.
import type { JsonObject } from '../contract/index.js';
import { errorText } from '../platform/index.js';
import type { QueueWishes } from './flow-session.js';
import { cause, type CallContext } from './call-context.js';
import { Leg } from './leg.js';
import type { LiveCall, Offer, OfferOutcome } from './live-call.js';
import { beginTalk } from './parties.js';
import { hush, playTo, type Background } from './sounds.js';

/** Which telephone is rung, for whom, and for how long. */
export interface OfferTarget {
  agentId: string;
  station: number;
  ringTimeoutMs: number;
  /** what made it this agent; for the record */
  why: string;
}

/**
 * Puts a call that is in its flow into a queue. Resolves when it overflows, rejects when the call ends; undefined: the call is
 * not in its flow.
 */
export function enterQueue(
  call: LiveCall,
  context: CallContext,
  queueId: string,
  wishes?: QueueWishes,
): Promise<void> | undefined {
  if (call.ending !== undefined || !call.machine.fire('queue')) return undefined;
  const overflowed = new Promise<void>((resolve, reject) => {
    call.signal.addEventListener('abort', () => reject(call.signal.reason as Error), { once: true });
    const segment = call.segment('queued', { queueId, ...wishesData(wishes) });
    call.stay = { queueId, wishes, since: context.clock.moment(), segment, overflow: resolve };
  });
  call.record.update({ queueId });
  context.changed(call);
  context.events.emit('call.queued', { call: call.toDto(), queueId });
  return overflowed;
}

/** What differs from everybody's, for the record. */
function wishesData(wishes: QueueWishes | undefined): JsonObject {
  if (wishes === undefined) return {};
  const { priority, vip, skills, preferredAgent, region, level } = wishes;
  return {
    ...(priority === 5 ? {} : { priority }),
    ...(vip ? { vip } : {}),
    ...(skills.length === 0 ? {} : { skills }),
    ...(preferredAgent === undefined ? {} : { preferredAgent }),
    ...(region === undefined ? {} : { region }),
    ...(level === undefined ? {} : { level }),
  };
}

/** Sends a waiting call back into its flow; false when it is not waiting (it may be ringing an agent). */
export function overflow(call: LiveCall, context: CallContext): boolean {
  const { stay } = call;
  if (call.ending !== undefined || stay === undefined || !call.machine.can('overflow')) return false;
  call.machine.fire('overflow');
  call.stay = undefined;
  hush(call.leg);
  stay.segment.end({ outcome: 'overflow', waitMs: call.sinceMs(stay.since) });
  context.changed(call);
  context.events.emit('call.overflowed', { call: call.toDto(), queueId: stay.queueId });
  stay.overflow();
  return true;
}

/** Plays under a call that waits; in place of what was there. Does nothing when the call does not wait (any more). */
export function setBackground(call: LiveCall, context: CallContext, background: Background): void {
  if (call.ending === undefined && call.stay !== undefined) playTo(call.leg, context, background);
}

/**
 * Rings an agent's telephone for a waiting call. Resolves with what came of it; never rejects. On noAnswer and stationFailed
 * the call waits again.
 */
export function offer(call: LiveCall, context: CallContext, target: OfferTarget): Promise<OfferOutcome> {
  const { stay } = call;
  if (call.ending !== undefined || stay === undefined || !call.machine.can('offer'))
    return Promise.resolve('callEnded');
  call.machine.fire('offer');
  const { agentId, station, why } = target;
  const { queueId } = stay;
  const done = new Promise<OfferOutcome>((resolve) => {
    const segment = call.segment('offer', { queueId, agentId, station, why });
    call.offer = {
      agentId,
      station,
      queueId,
      leg: undefined,
      ringTimer: undefined,
      segment,
      settled: false,
      pickedUp: undefined,
      settle: resolve,
    };
  });
  const offered = call.offer as Offer;
  context.changed(call);
  context.events.emit('call.offered', { call: call.toDto(), queueId, agentId, station });
  void ring(call, context, target, offered);
  return done;
}

/** Never rejects: what goes wrong sends the call back into the queue. */
async function ring(
  call: LiveCall,
  context: CallContext,
  { agentId, station, ringTimeoutMs }: OfferTarget,
  offered: Offer,
): Promise<void> {
  try {
    const { calledNumber, callingNumber, callingName } = call.row;
    const seized = await context.lines.seize({
      target: { kind: 'station', station },
      ...{ calledNumber, callingNumber, callingName },
    });
    const gone = (number: number): void => context.legs.remove(number);
    const leg = new Leg({ ...context, ...seized, role: 'agent', initial: 'seizing', log: call.log, gone });
    context.legs.put(call, leg);
    context.trunks.setCall(leg.leg, call.id);
    offered.leg = leg;
    if (offered.settled) void leg.release(cause.normalClearing);
    else offered.ringTimer = context.clock.after(ringTimeoutMs, () => requeue(call, context, 'noAnswer'));
  } catch (error) {
    call.log.warn({ err: error, station, agentId }, 'the telephone could not be rung');
    if (!offered.settled) requeue(call, context, 'stationFailed');
  }
}

/** The agent did not lift, or his telephone failed: the call goes back to its place. */
export function requeue(call: LiveCall, context: CallContext, why: 'noAnswer' | 'stationFailed'): void {
  const { offer } = call;
  if (offer === undefined || offer.settled || call.ending !== undefined || !call.machine.fire('requeue')) return;
  // The agent has done nothing wrong.
  const reason = offer.pickedUp === undefined ? why : 'withdrawn';
  settle(offer, reason);
  call.offer = undefined;
  offer.segment.end({ outcome: reason });
  void offer.leg?.release(cause.noAnswer);
  context.changed(call);
  const { queueId, agentId } = offer;
  context.events.emit('call.requeued', { call: call.toDto(), queueId, agentId, reason });
}

/** Whether this leg rings at an agent's telephone. */
export function isOffered({ offer }: LiveCall, leg: Leg): boolean {
  return offer !== undefined && offer.leg === leg && !offer.settled && offer.pickedUp === undefined;
}

/** Who picks up an offered call at a telephone; null: no agent. */
export function takerOf({ station: offered, agentId }: Offer, context: CallContext, station: number): string | null {
  return station === offered ? agentId : context.agentAt(station);
}

/** Another telephone has the call from now on, unless it cannot be answered; the agent's rings no more. */
export async function pickUpOffer(call: LiveCall, context: CallContext, leg: Leg, station: number): Promise<void> {
  const { offer } = call;
  if (offer === undefined) return void leg.release(cause.wrongState);
  offer.pickedUp = { station, agentId: takerOf(offer, context, station) };
  offer.ringTimer?.cancel();
  void offer.leg?.release(cause.nonSelectedUser);
  offer.leg = leg;
  try {
    await leg.answer();
  } catch (error) {
    call.log.info({ err: error, station }, `a call was not picked up: ${errorText(error)}`);
    return requeue(call, context, 'stationFailed');
  }
  if (leg.answered) connect(call, context);
}

/** Somebody has lifted: both hear each other from the next tick on. */
export function connect(call: LiveCall, context: CallContext): void {
  const { offer, stay } = call;
  if (offer?.leg === undefined || offer.settled || stay === undefined || call.ending !== undefined) return;
  if (!call.machine.fire('connect')) return;
  const { pickedUp, leg } = offer;
  const { agentId, station } = pickedUp ?? offer;
  settle(offer, agentId === offer.agentId ? 'connected' : 'pickedUp');
  call.stay = undefined;
  // Who is no agent has taken the call out of the queue.
  const queueId = agentId === null ? null : offer.queueId;
  const waitMs = call.sinceMs(stay.since);
  offer.segment.end(pickedUp === undefined ? { outcome: 'answered' } : { outcome: 'pickedUp', by: station });
  stay.segment.end(agentId === null ? { outcome: 'pickedUp', waitMs } : { outcome: 'answered', waitMs, agentId });
  beginTalk(call, context, { leg, agentId, queueId });
  call.offer = undefined;
  if (agentId !== null) call.record.update({ agentId });
  context.changed(call);
  context.events.emit('call.connected', { call: call.toDto(), queueId, agentId, station, waitMs });
}

/** Ends what a queue and an agent have to do with a call that ends: a telephone stops ringing, or gets busy tone. */
export function leaveAgent(call: LiveCall): void {
  const { offer, stay } = call;
  hush(call.leg);
  if (offer !== undefined) {
    if (!offer.settled) {
      settle(offer, 'callEnded');
      offer.segment.end({ outcome: 'callerGone' });
    }
    void offer.leg?.release(cause.normalClearing);
  }
  if (stay !== undefined) {
    stay.segment.end({ outcome: 'abandoned', waitMs: call.sinceMs(stay.since) });
    call.stay = undefined;
  }
}

function settle(offer: Offer, outcome: OfferOutcome): void {
  offer.settled = true;
  offer.ringTimer?.cancel();
  offer.settle(outcome);
}
