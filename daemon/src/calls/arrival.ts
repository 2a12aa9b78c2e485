// The way of a call from its first leg: what the number leads to, rows committed, recording under way, and then a flow that
// answers it, or telephones and trunks that are called for it.
import type { JsonObject } from '../contract/index.js';
import type { TreatedResolution } from '../lines/index.js';
import { errorText } from '../platform/index.js';
import { cause, type CallContext } from './call-context.js';
import { recordFromStart } from './call-recording.js';
import { CallSession } from './call-session.js';
import { Dialling, type DialOutcome, type DiallingOptions } from './dialling.js';
import { CallEndedError, type OpenSegment, type PreparedFlow } from './flow-session.js';
import type { ToFlow } from './forwarding.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { beginTalk, passKeysOn } from './parties.js';
import { resolveCall } from './resolve.js';
import { leadToOne, roundsOf, type Dialled } from './rounds.js';
import { hush } from './sounds.js';

/** Q.850: busy, nobody lifts or is there, refused there, its line is out of order */
const NOT_TAKEN: ReadonlySet<number> = new Set([17, 18, 19, 20, 21, 27]);

/** From the offer to the release; never rejects. `seized`: the segment of the time until it is answered or dialled. */
export async function takeCall(
  call: LiveCall,
  context: CallContext,
  complete: boolean,
  seized: OpenSegment,
): Promise<void> {
  await orRelease(call, context, async () => {
    const found = await resolveCall(call, context, complete);
    if (call.ending !== undefined) return;
    noteCaller(call, context, found);
    if (found.kind === 'flow') return intoFlow(call, context, found, seized);
    if (found.kind !== 'refused') return dialOut(call, context, found, seized);
    const { calledNumber, callingNumber } = call.row;
    // What somebody may not dial may be what a thief would.
    const level = found.cause === cause.callRejected ? 'warn' : 'info';
    call.log[level]({ calledNumber, callingNumber, why: found.reason }, 'the number leads nowhere');
    await sayRefusal(call, context, found);
    context.release(call, found.cause, 'system', found.reason);
  });
}

/** SIP telephones have numbers from here on */
const FIRST_SIP_STATION = 1000;

/**
 * Says why at the telephone: at an analog one, and at one that was rung for the call. One that has sent its number over IP is told by the
 * answer. Never rejects: who cannot be told is released all the same.
 */
async function sayRefusal(
  call: LiveCall,
  context: CallContext,
  found: Extract<TreatedResolution, { kind: 'refused' }>,
): Promise<void> {
  const { leg, row } = call;
  if (leg.station === null || context.refused === undefined) return;
  try {
    const file = await context.refused(leg.station, row.calledNumber, found);
    const hears = leg.station < FIRST_SIP_STATION || leg.answered;
    if (file === undefined || !hears || call.ending !== undefined) return;
    hush(leg);
    const playback = await context.playbacks.files(leg.port, [file]);
    if (call.ending !== undefined) return playback.stop();
    await playback.ended;
  } catch (error) {
    call.log.warn({ err: error }, 'a telephone was not told why its number leads nowhere');
  }
}

/** Who is outside, and how he is to be treated: with the call from now on. */
function noteCaller(call: LiveCall, { plan }: CallContext, found: TreatedResolution): void {
  const { callingNumber, calledNumber } = call.row;
  const outside = call.leg.station === null ? callingNumber : found.kind === 'out' ? calledNumber : undefined;
  const origin = outside === undefined ? null : plan.originOf(outside);
  const treatment = found.treatment ?? null;
  if (origin !== null || treatment !== null) call.record.update({ origin, treatment });
}

/** A call for which something breaks is released. */
async function orRelease(call: LiveCall, context: CallContext, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // A commit that failed after the call had ended leaves its last rows to be written.
    if (call.ending !== undefined) return context.writer.save(call.record);
    call.log.error({ err: error }, `the call fails: ${errorText(error)}`);
    context.release(call, cause.temporaryFailure, 'fault');
  }
}

async function intoFlow(call: LiveCall, context: CallContext, found: ToFlow, seized: OpenSegment): Promise<void> {
  const flow = flowOf(call, context, found);
  if (flow === undefined) return context.release(call, cause.temporaryFailure, 'fault');
  ring(call, context);
  await recordFromStart(call, context);
  await answerIntoFlow(call, context, flow, seized);
}

/** The flow that a number leads to, which the call is in from now on; undefined: it is not there. */
export function flowOf(call: LiveCall, context: CallContext, found: ToFlow): PreparedFlow | undefined {
  const { definition } = found;
  const flow = definition === undefined ? context.flows.prepare(found.flowId) : context.flows.inline?.(definition);
  if (flow === undefined) {
    call.log.error({ flow: found.flowId }, 'the number leads to a flow that is not there');
    return undefined;
  }
  call.language = found.language;
  call.record.update({ flowId: definition === undefined ? flow.flowId : null });
  return flow;
}

async function answerIntoFlow(
  call: LiveCall,
  context: CallContext,
  flow: PreparedFlow,
  before?: OpenSegment,
): Promise<void> {
  if (call.ending !== undefined) return;
  await call.leg.answer();
  if (call.ending !== undefined || !call.machine.fire('answer')) return;
  hush(call.leg);
  answered(call, context);
  before?.end();
  await listenAndRun(call, context, flow);
}

/** Somebody who was called for a service has answered; never rejects. */
export function enterFlowAnswered(
  call: LiveCall,
  context: CallContext,
  flow: PreparedFlow,
  before: OpenSegment,
): Promise<void> {
  return orRelease(call, context, async () => {
    await recordFromStart(call, context);
    await answerIntoFlow(call, context, flow, before);
  });
}

/** Who calls from outside knows at once that the call has come to somebody: rows and recording take their time. */
function ring(call: LiveCall, { lines }: CallContext): void {
  const { leg } = call;
  if (leg.station !== null || !leg.machine.fire('alert')) return;
  lines
    .alert(leg.leg)
    .catch((error: unknown) => call.log.debug({ err: error }, 'the caller could not be told that it rings'));
}

/** A party that was answered before is in a flow from now on; never rejects. `goesOn`: whether the call does when the flow is through. */
export async function runFlow(
  call: LiveCall,
  context: CallContext,
  flow: PreparedFlow,
  goesOn?: (results: JsonObject | undefined) => boolean,
): Promise<void> {
  await orRelease(call, context, () => listenAndRun(call, context, flow, goesOn));
}

async function listenAndRun(
  call: LiveCall,
  context: CallContext,
  flow: PreparedFlow,
  goesOn: (results: JsonObject | undefined) => boolean = () => false,
): Promise<void> {
  call.digits.clear();
  await context.engine.command('detector.set', { port: call.leg.port, dtmf: true });
  if (call.ending !== undefined) return;
  const segment = call.segment('flow', { flowId: flow.flowId, version: flow.version });
  let results: JsonObject | undefined;
  try {
    results = await flow.run(new CallSession(call, context));
  } catch (error) {
    if (error instanceof CallEndedError || call.ending !== undefined) return;
    throw error;
  } finally {
    segment.end();
  }
  if (call.ending === undefined && !goesOn(results)) context.release(call, cause.normalClearing, 'system');
}

async function dialOut(call: LiveCall, context: CallContext, found: Dialled, seized: OpenSegment): Promise<void> {
  if (found.kind === 'out') call.record.update({ direction: 'out' });
  await recordFromStart(call, context);
  if (call.ending !== undefined || !call.machine.fire('dial')) return;
  seized.end();
  const { calledNumber, callingNumber, callingName } = call.row;
  const begun = context.clock.moment();
  const shown = { number: callingNumber, name: callingName };
  const outcome = await dial(call, context, found, calledNumber, shown, call.leg);
  if (outcome.kind === 'failed') {
    const answering =
      found.kind === 'station' ? answeringMachine(call, context, found.station, outcome.cause) : undefined;
    if (answering === undefined) return context.release(call, outcome.cause, outcome.by);
    return answerIntoFlow(call, context, answering);
  }
  if (outcome.kind === 'answered') await connectCaller(call, context, outcome.leg, call.sinceMs(begun));
  if (outcome.kind === 'flow') {
    const flow = flowOf(call, context, outcome.found);
    if (flow === undefined) context.release(call, cause.temporaryFailure, 'fault');
    else await answerIntoFlow(call, context, flow);
  }
}

/** Who takes the call that a telephone did not take; undefined: nobody. */
function answeringMachine(
  call: LiveCall,
  context: CallContext,
  station: number,
  why: number,
): PreparedFlow | undefined {
  if (call.ending !== undefined || !NOT_TAKEN.has(why)) return undefined;
  const found = context.answering?.(station);
  if (found === undefined) return undefined;
  call.log.info({ station, cause: why }, 'nobody takes the call at a telephone; its voicemail does');
  return flowOf(call, context, { kind: 'flow', ...found });
}

/** Calls what was found for a party that waits; the call's segment and events tell of it. Never rejects. */
export async function dial(
  call: LiveCall,
  context: CallContext,
  found: Dialled,
  number: string,
  shown: { number: string; name: string },
  caller: Leg,
  {
    limitMs = Infinity,
    ...more
  }: Pick<DiallingOptions, 'alerting' | 'diverted' | 'forwards'> & { limitMs?: number } = {},
): Promise<DialOutcome> {
  const dialling = new Dialling({
    ...{ call, context, caller, ...more },
    segment: call.segment('dial', { number, kind: found.kind }),
    callingName: shown.name,
    rounds: roundsOf(found, number, shown.number, caller.station).map((round) => ({
      ...round,
      limitMs: Math.min(round.limitMs, limitMs),
    })),
    sameParty: leadToOne(found),
  });
  call.dialling = dialling;
  context.changed(call);
  context.events.emit('call.dialling', { call: call.toDto(), number });
  const outcome = await dialling.run();
  if (call.dialling === dialling) call.dialling = undefined;
  return outcome;
}

/** Both hear each other at once; that the caller is answered takes its time on the wire. */
async function connectCaller(call: LiveCall, context: CallContext, callee: Leg, waitMs: number): Promise<void> {
  if (call.ending !== undefined || !call.machine.fire('connect')) return void callee.release(cause.normalClearing);
  beginTalk(call, context, { leg: callee, agentId: null, queueId: null });
  await call.leg.answer();
  if (call.ending !== undefined) return;
  hush(call.leg);
  passKeysOn(call, context);
  answered(call, context);
  const { station } = callee;
  context.events.emit('call.connected', { call: call.toDto(), queueId: null, agentId: null, station, waitMs });
}

function answered(call: LiveCall, context: CallContext): void {
  call.record.update({ answeredAt: call.nowMs() });
  context.changed(call);
  context.events.emit('call.answered', { call: call.toDto() });
}
