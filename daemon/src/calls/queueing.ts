// A call in a queue: waiting, rung at an agent's telephone, connected, back at its place, or back in the flow.
// Who is rung is decided by acd/; here is what it does to the call.
import { cause, type CallContext } from './call-context.js';
import type { Playback } from './flow-session.js';
import { Leg } from './leg.js';
import type { LiveCall, Offer, OfferOutcome } from './live-call.js';
import { callingNameForDisplay } from './numbers.js';

/** Which telephone is rung, for whom, and for how long. */
export interface OfferTarget {
  agentId: string;
  station: number;
  ringTimeoutMs: number;
  /** what made it this agent; for the record */
  why: string;
}

/** Where call control keeps the legs of agents, to know what the engine says of them. */
export interface AgentLegs {
  add: (leg: Leg) => void;
  remove: (leg: number) => void;
}

/** A tone of the country, or files in a loop. */
export type Background = { tone: string } | { files: string[] };

/**
 * Puts a call that is in its flow into a queue. Resolves when it overflows, rejects when the call ends; undefined: the call is
 * not in its flow.
 */
export function enterQueue(call: LiveCall, context: CallContext, queueId: string): Promise<void> | undefined {
  if (call.ending !== undefined || !call.machine.fire('queue')) return undefined;
  const overflowed = new Promise<void>((resolve, reject) => {
    call.signal.addEventListener('abort', () => reject(call.signal.reason as Error), { once: true });
    const segment = call.segment('queued', { queueId });
    call.stay = { queueId, since: context.clock.moment(), segment, overflow: resolve };
  });
  call.record.update({ queueId });
  context.changed(call);
  context.events.emit('call.queued', { call: call.toDto(), queueId });
  return overflowed;
}

/** Sends a waiting call back into its flow; false when it is not waiting (it may be ringing an agent). */
export function overflow(call: LiveCall, context: CallContext): boolean {
  const { stay } = call;
  if (call.ending !== undefined || stay === undefined || !call.machine.can('overflow')) return false;
  call.machine.fire('overflow');
  call.stay = undefined;
  stopBackground(call);
  stay.segment.end({ outcome: 'overflow', waitMs: call.sinceMs(stay.since) });
  context.changed(call);
  context.events.emit('call.overflowed', { call: call.toDto(), queueId: stay.queueId });
  stay.overflow();
  return true;
}

/** Plays under a call that waits; in place of what was there. Does nothing when the call does not wait (any more). */
export function setBackground(call: LiveCall, context: CallContext, background: Background): void {
  if (call.ending !== undefined || call.stay === undefined) return;
  stopBackground(call);
  const { playbacks } = context;
  const port = call.leg.port;
  const starting: Promise<Playback> =
    'tone' in background ? playbacks.tone(port, background.tone) : playbacks.files(port, background.files, true);
  call.background = starting.then(
    (playback) => () => playback.stop(),
    (error: unknown) => {
      if (call.ending === undefined)
        call.log.warn({ err: error, background }, 'nothing can be played to the waiting caller');
      return () => undefined;
    },
  );
}

/**
 * Rings an agent's telephone for a waiting call. Resolves with what came of it; never rejects. On noAnswer and stationFailed
 * the call waits again.
 */
export function offer(
  call: LiveCall,
  context: CallContext,
  target: OfferTarget,
  legs: AgentLegs,
): Promise<OfferOutcome> {
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
      settle: resolve,
    };
  });
  const offered = call.offer as Offer;
  context.changed(call);
  context.events.emit('call.offered', { call: call.toDto(), queueId, agentId, station });
  void ring(call, context, target, offered, legs);
  return done;
}

/** Never rejects: what goes wrong sends the call back into the queue. */
async function ring(
  call: LiveCall,
  context: CallContext,
  { agentId, station, ringTimeoutMs }: OfferTarget,
  offered: Offer,
  legs: AgentLegs,
): Promise<void> {
  try {
    const seized = await context.engine.command('leg.seize', {
      analog: station,
      calledNumber: call.row.calledNumber,
      callingNumber: call.row.callingNumber,
      callingName: callingNameForDisplay(call.row.callingName),
    });
    const { leg: number, port } = seized;
    const leg = new Leg({
      ...context,
      leg: number,
      port,
      span: 0,
      timeslot: 0,
      initial: 'seizing',
      log: call.log,
      gone: legs.remove,
    });
    legs.add(leg);
    offered.leg = leg;
    if (offered.settled) void leg.release(cause.normalClearing);
    else offered.ringTimer = context.clock.after(ringTimeoutMs, () => requeue(call, context, 'noAnswer'));
  } catch (error) {
    call.log.warn({ err: error, station, agentId }, 'the telephone could not be rung');
    if (!offered.settled) requeue(call, context, 'stationFailed');
  }
}

/** The agent did not lift, or his telephone failed: the call goes back to its place. */
export function requeue(call: LiveCall, context: CallContext, reason: 'noAnswer' | 'stationFailed'): void {
  const { offer } = call;
  if (offer === undefined || offer.settled || call.ending !== undefined || !call.machine.fire('requeue')) return;
  settle(offer, reason);
  call.offer = undefined;
  offer.segment.end({ outcome: reason });
  void offer.leg?.release(cause.noAnswer);
  context.changed(call);
  const { queueId, agentId } = offer;
  context.events.emit('call.requeued', { call: call.toDto(), queueId, agentId, reason });
}

/** The agent has lifted: both hear each other from the next tick on. */
export function connect(call: LiveCall, context: CallContext): void {
  const { offer, stay } = call;
  if (offer?.leg === undefined || offer.settled || stay === undefined || call.ending !== undefined) return;
  if (!call.machine.fire('connect')) return;
  settle(offer, 'connected');
  call.stay = undefined;
  const { agentId, station, queueId } = offer;
  const waitMs = call.sinceMs(stay.since);
  const { engine } = context;
  // Connected under the music, which stops after: the caller never hears silence in between.
  const joined = engine.command('bus.connect', { a: call.leg.port, b: offer.leg.port });
  stopBackground(call);
  offer.segment.end({ outcome: 'answered' });
  stay.segment.end({ outcome: 'answered', waitMs, agentId });
  call.talk = call.segment('talk', { agentId, station, queueId });
  call.record.update({ agentId });
  // What a caller keys in while he talks (a card number for the bank's machine) is none of our business.
  engine.command('detector.set', { port: call.leg.port, dtmf: false }).catch(() => undefined);
  joined.catch((error: unknown) => {
    if (call.ending !== undefined) return;
    call.log.error({ err: error, station, agentId }, 'caller and agent could not be connected');
    context.release(call, cause.temporaryFailure, 'fault');
  });
  context.changed(call);
  context.events.emit('call.connected', { call: call.toDto(), queueId, agentId, station, waitMs });
}

/** Ends what a queue and an agent have to do with a call that ends: a telephone stops ringing, or gets busy tone. */
export function leaveAgent(call: LiveCall): void {
  const { offer, stay } = call;
  stopBackground(call);
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

function stopBackground(call: LiveCall): void {
  void call.background?.then((stop) => stop());
  call.background = undefined;
}

function settle(offer: Offer, outcome: OfferOutcome): void {
  offer.settled = true;
  offer.ringTimer?.cancel();
  offer.settle(outcome);
}
