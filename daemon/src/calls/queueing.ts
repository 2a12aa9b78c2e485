// A call in a queue: waiting, rung at an agent's telephone, connected, back at its place, or back in the flow.
// Who is rung is decided by acd/; here is what it does to the call.
import type { JsonObject, QueueEntry } from '../contract/index.js';
import { seizeCause, type LegReleased } from '../lines/index.js';
import { errorText } from '../platform/index.js';
import { dropAside } from './aside.js';
import { withFacts } from './caller-facts.js';
import { cause, type CallContext } from './call-context.js';
import type { RequeueReason } from './call-events.js';
import type { QueueLeft } from './flow-session.js';
import { greet } from './greeting.js';
import { Leg } from './leg.js';
import type { Greeting, LiveCall, Offer, OfferOutcome, QueueStay, Rung } from './live-call.js';
import { beginTalk } from './parties.js';
import { hush, playTo, type Background } from './sounds.js';

/** Which telephone is rung, for whom, and for how long. */
export interface OfferTarget {
  agentId: string;
  station: number;
  ringTimeoutMs: number;
  /** what made it this agent; for the record */
  why: string | JsonObject;
  greeting?: Greeting | undefined;
}

/**
 * Puts a call that is in its flow into a queue. Resolves when it leaves the queue unserved, rejects when the call ends;
 * undefined: the call is not in its flow. `place`: whose place he takes who waits already, and what is written down of it.
 */
export function enterQueue(
  call: LiveCall,
  context: CallContext,
  queueId: string,
  entry: QueueEntry,
  place?: { id: string; data: JsonObject },
): Promise<QueueLeft> | undefined {
  if (call.ending !== undefined || !call.machine.fire('queue')) return undefined;
  return new Promise<QueueLeft>((resolve, reject) => {
    call.signal.addEventListener('abort', () => reject(call.signal.reason as Error), { once: true });
    beginStay(call, context, queueId, withFacts(entry, call.row), resolve, place);
  });
}

function beginStay(
  call: LiveCall,
  context: CallContext,
  queueId: string,
  entry: QueueEntry,
  left: QueueStay['left'],
  place?: { id: string; data: JsonObject },
): void {
  const segment = call.segment('queued', { queueId, ...askedData(entry), ...place?.data });
  call.stay = { queueId, since: context.clock.moment(), segment, background: undefined, left };
  // He is not lent any more: somebody else is to have him.
  dropAside(call, context, 'queued');
  call.record.update({ queueId });
  context.changed(call);
  const { language } = call;
  context.events.emit('call.queued', { call: call.toDto(), queueId, entry, language, placeId: place?.id });
}

/** What differs from everybody's, for the record. */
function askedData({ priority, vip, skills, preferredAgent, region, customerLevel }: QueueEntry): JsonObject {
  return {
    ...(priority === null ? {} : { priority }),
    ...(vip ? { vip } : {}),
    ...(skills.length === 0 ? {} : { skills }),
    ...(preferredAgent === null ? {} : { preferredAgent: preferredAgent.agentId }),
    ...(region === null ? {} : { region }),
    ...(customerLevel === null ? {} : { customerLevel }),
  };
}

/** Sends a waiting call back into its flow; false when it is not waiting (it may be ringing an agent). */
export function overflow(call: LiveCall, context: CallContext, how: QueueLeft): boolean {
  const { stay } = call;
  if (call.ending !== undefined || stay === undefined || !call.machine.can('overflow')) return false;
  call.machine.fire('overflow');
  leaveStay(call, context, stay, { outcome: how.why, ...(how.key === null ? {} : { key: how.key }) });
  stay.left({ ...how, queueId: stay.queueId });
  return true;
}

/** Takes a waiting call to another queue, behind those who wait there; false when it is not waiting. */
export function moveToQueue(call: LiveCall, context: CallContext, queueId: string, entry: QueueEntry): boolean {
  const { stay } = call;
  if (call.ending !== undefined || stay === undefined || call.phase !== 'queued') return false;
  leaveStay(call, context, stay, { outcome: 'moved', to: queueId });
  beginStay(call, context, queueId, entry, stay.left);
  return true;
}

function leaveStay(call: LiveCall, context: CallContext, stay: QueueStay, data: JsonObject): void {
  call.stay = undefined;
  hush(call.leg);
  stay.segment.end({ ...data, waitMs: call.sinceMs(stay.since) });
  context.changed(call);
  context.events.emit('call.overflowed', { call: call.toDto(), queueId: stay.queueId });
}

/** Plays under a call that waits; in place of what was there. Does nothing when the call does not wait (any more). */
export function setBackground(call: LiveCall, context: CallContext, background: Background): void {
  if (call.ending !== undefined || call.stay === undefined) return;
  call.stay.background = background;
  playTo(call.leg, context, background);
}

/**
 * Rings agents' telephones for a waiting call, all at once; the first who lifts has it. Resolves with what came of each, in
 * their order; never rejects. When nobody is connected the call waits again.
 */
export function offer(call: LiveCall, context: CallContext, targets: readonly OfferTarget[]): Promise<OfferOutcome[]> {
  const { stay } = call;
  if (call.ending !== undefined || stay === undefined || targets.length === 0 || !call.machine.can('offer'))
    return Promise.resolve(targets.map(() => 'callEnded'));
  call.machine.fire('offer');
  const { queueId } = stay;
  const rung = targets.map(({ agentId, station, why, greeting }): Rung => {
    const segment = call.segment('offer', { queueId, agentId, station, why });
    return { agentId, station, leg: undefined, segment, greeting, outcome: undefined };
  });
  const done = new Promise<OfferOutcome[]>((settle) => {
    call.offer = {
      queueId,
      rung,
      chosen: undefined,
      endGreeting: undefined,
      ringTimer: undefined,
      settled: false,
      pickedUp: undefined,
      settle,
    };
  });
  const offered = call.offer as Offer;
  context.changed(call);
  for (const { agentId, station } of rung) {
    context.events.emit('call.offered', { call: call.toDto(), queueId, agentId, station });
  }
  const ringTimeoutMs = Math.max(...targets.map((target) => target.ringTimeoutMs));
  for (const one of rung) void ring(call, context, offered, one, ringTimeoutMs);
  return done;
}

/** Never rejects: what goes wrong sends the call back into the queue. */
async function ring(
  call: LiveCall,
  context: CallContext,
  offered: Offer,
  rung: Rung,
  ringTimeoutMs: number,
): Promise<void> {
  const { station, agentId } = rung;
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
    rung.leg = leg;
    if (offered.settled || rung.outcome !== undefined) void leg.release(cause.normalClearing);
    else offered.ringTimer ??= context.clock.after(ringTimeoutMs, () => requeue(call, context, 'noAnswer'));
  } catch (error) {
    call.log.warn({ err: error, station, agentId }, 'the telephone could not be rung');
    if (!offered.settled) failed(call, context, rung, whyFailed(seizeCause(error)));
  }
}

/** Who has lifted for something else in this moment has no telephone that fails. */
const whyFailed = (why: number): 'stationBusy' | 'stationFailed' =>
  why === cause.userBusy ? 'stationBusy' : 'stationFailed';

/** One of the telephones could not be rung, or has left; the last of them sends the call back to its place. */
function failed(call: LiveCall, context: CallContext, rung: Rung, reason: 'stationBusy' | 'stationFailed'): void {
  const { offer } = call;
  if (offer === undefined || rung.outcome !== undefined) return;
  const others = offer.rung.some((other) => other !== rung && other.outcome === undefined);
  if (!others) return requeue(call, context, reason);
  end(rung, reason);
  const { agentId } = rung;
  context.events.emit('call.requeued', {
    ...{ call: call.toDto(), queueId: offer.queueId, agentId, reason },
  });
}

/** A leg that rang, or had lifted and was being told something, has gone; false: it is none of the offer's. */
export function offeredLegReleased(
  call: LiveCall,
  context: CallContext,
  leg: Leg,
  { cause: why }: LegReleased,
): boolean {
  const { offer } = call;
  if (offer === undefined || offer.settled) return false;
  if (offer.pickedUp?.leg === leg) requeue(call, context, 'stationFailed');
  const rung = offer.rung.find((one) => one.leg === leg);
  if (rung === undefined) return offer.pickedUp?.leg === leg;
  // Who hangs up before the caller was with him has not taken the call.
  if (offer.chosen === rung) requeue(call, context, 'noAnswer');
  else if (offer.pickedUp === undefined) failed(call, context, rung, whyFailed(why));
  return true;
}

/** Nobody did lift, or the telephones failed: the call goes back to its place. */
export function requeue(call: LiveCall, context: CallContext, why: Exclude<RequeueReason, 'withdrawn'>): void {
  const { offer } = call;
  if (offer === undefined || offer.settled || call.ending !== undefined || !call.machine.fire('requeue')) return;
  // The agents have done nothing wrong when somebody else was to have it.
  const reason = offer.pickedUp === undefined ? why : 'withdrawn';
  const waited = offer.rung.filter(({ outcome }) => outcome === undefined);
  for (const rung of waited) end(rung, reason, cause.noAnswer);
  void offer.pickedUp?.leg.release(cause.noAnswer);
  settle(offer);
  call.offer = undefined;
  offer.endGreeting?.();
  waitOn(call, context);
  context.changed(call);
  for (const { agentId } of waited) {
    context.events.emit('call.requeued', { call: call.toDto(), queueId: offer.queueId, agentId, reason });
  }
}

/** He was being told who would serve him: the music goes on. */
function waitOn({ leg, stay }: LiveCall, context: CallContext): void {
  const { background } = stay ?? {};
  if (leg.sound !== undefined || background === undefined) return;
  playTo(leg, context, 'then' in background && background.then !== undefined ? background.then : background);
}

/** Whether this leg rings at an agent's telephone. */
export function isOffered({ offer }: LiveCall, leg: Leg): boolean {
  if (offer === undefined || offer.settled || offer.pickedUp !== undefined || offer.chosen !== undefined) return false;
  return offer.rung.some((one) => one.leg === leg && one.outcome === undefined);
}

/** Who picks up an offered call at a telephone; null: no agent. */
export function takerOf({ rung }: Offer, context: CallContext, station: number): string | null {
  return rung.find((one) => one.station === station)?.agentId ?? context.agentAt(station);
}

/** Another telephone has the call from now on, unless it cannot be answered; the agents' ring no more. */
export async function pickUpOffer(call: LiveCall, context: CallContext, leg: Leg, station: number): Promise<void> {
  const { offer } = call;
  if (offer === undefined) return void leg.release(cause.wrongState);
  offer.pickedUp = { station, agentId: takerOf(offer, context, station), leg };
  offer.ringTimer?.cancel();
  for (const rung of offer.rung) void rung.leg?.release(cause.nonSelectedUser);
  try {
    await leg.answer();
  } catch (error) {
    call.log.info({ err: error, station }, `a call was not picked up: ${errorText(error)}`);
    return requeue(call, context, 'stationFailed');
  }
  if (leg.answered) connect(call, context);
}

/** Somebody has lifted; false: his leg is none of the offer's. The others ring no more. */
export function offerAnswered(call: LiveCall, context: CallContext, leg: Leg): boolean {
  const { offer } = call;
  if (offer === undefined || offer.settled) return false;
  if (offer.pickedUp?.leg === leg) {
    connect(call, context);
    return true;
  }
  const rung = offer.rung.find((one) => one.leg === leg);
  if (rung === undefined || rung.outcome !== undefined || offer.chosen !== undefined) return rung !== undefined;
  offer.chosen = rung;
  offer.ringTimer?.cancel();
  for (const other of offer.rung) if (other !== rung) end(other, 'withdrawn', cause.nonSelectedUser);
  const { greeting } = rung;
  if (greeting === undefined) connect(call, context);
  else
    void greet(call, context, leg, greeting).then(() => {
      if (call.offer === offer) connect(call, context);
    });
  return true;
}

/** Somebody has lifted: both hear each other from the next tick on. */
function connect(call: LiveCall, context: CallContext): void {
  const { offer, stay } = call;
  if (offer === undefined || offer.settled || stay === undefined || call.ending !== undefined) return;
  const { pickedUp, chosen } = offer;
  const taker = pickedUp ?? chosen;
  const leg = taker?.leg;
  if (taker === undefined || leg === undefined || !leg.answered || !call.machine.fire('connect')) return;
  const { agentId, station } = taker;
  for (const rung of offer.rung) {
    if (rung.outcome !== undefined) continue;
    rung.outcome = rung.agentId === agentId ? 'connected' : 'pickedUp';
    rung.segment.end(pickedUp === undefined ? { outcome: 'answered' } : { outcome: 'pickedUp', by: station });
  }
  settle(offer);
  call.stay = undefined;
  // Who is no agent has taken the call out of the queue.
  const queueId = agentId === null ? null : offer.queueId;
  const waitMs = call.sinceMs(stay.since);
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
    for (const rung of offer.settled ? [] : offer.rung) end(rung, 'callEnded', cause.normalClearing);
    void offer.pickedUp?.leg.release(cause.normalClearing);
    settle(offer);
  }
  if (stay !== undefined) {
    stay.segment.end({ outcome: 'abandoned', waitMs: call.sinceMs(stay.since) });
    call.stay = undefined;
  }
}

/** A telephone rings no more. Does nothing when that is over already. */
function end(rung: Rung, outcome: OfferOutcome, release?: number): void {
  if (rung.outcome !== undefined) return;
  rung.outcome = outcome;
  rung.segment.end({ outcome: outcome === 'callEnded' ? 'callerGone' : outcome });
  if (release !== undefined) void rung.leg?.release(release);
}

function settle(offer: Offer): void {
  if (offer.settled) return;
  offer.settled = true;
  offer.ringTimer?.cancel();
  offer.settle(offer.rung.map(({ outcome }) => outcome ?? 'withdrawn'));
}
