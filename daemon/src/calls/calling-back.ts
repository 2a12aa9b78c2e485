// A customer is called back, and an agent talks with him. Once they talk, the call is as if he had called in: it hangs on his leg.
//
//   agent first     agent rings → lifts → hears what it is → customer is dialled → talking
//   customer first  customer is dialled → answers → waits at his place in the queue → the agent rings → talking
import type { CallbackResult, JsonObject, Language, QueueEntry } from '../contract/index.js';
import { seizeCause } from '../lines/index.js';
import { errorText } from '../platform/index.js';
import { dial } from './arrival.js';
import { cause, type CallContext } from './call-context.js';
import { recordFromStart, recordFurther } from './call-recording.js';
import type { OpenSegment } from './flow-session.js';
import { greet } from './greeting.js';
import { Leg } from './leg.js';
import type { LiveCall, OfferOutcome } from './live-call.js';
import { ringStation } from './originate.js';
import { beginTalk } from './parties.js';
import { enterQueue, offer, type OfferTarget } from './queueing.js';
import { roundsOf, type Dialled } from './rounds.js';
import { hush } from './sounds.js';

export interface CallBackPlan {
  /** of the call that is to be made */
  callId: string;
  /** of his place in the queue, which the customer takes when he is called first */
  placeId: string;
  order: 'agentFirst' | 'customerFirst';
  number: string;
  /** shown to a customer who is inside */
  shownNumber: string;
  found: Dialled;
  queueId: string;
  entry: QueueEntry;
  language: Language;
  /** since he came into the queue */
  waitedMs: number;
  /** how long the customer is rung */
  ringMs: number;
  /** for the record */
  data: JsonObject;
  /** said to a customer who was called first */
  hello: readonly string[];
  /** Is waited for before the customer is called; false: he is not to be called any more. */
  beforeCustomer(): Promise<boolean>;
}

export interface CallBackOutcome {
  /** of each who was to be rung, in their order */
  offers: OfferOutcome[];
  /** null: nothing was tried */
  result: CallbackResult | null;
}

/** Never rejects; resolves when they talk, or when nothing comes of it. */
export async function callBack(
  context: CallContext,
  plan: CallBackPlan,
  targets: readonly OfferTarget[],
): Promise<CallBackOutcome> {
  const all = (outcome: OfferOutcome): OfferOutcome[] => targets.map(() => outcome);
  const [target] = targets;
  if (target === undefined) return { offers: [], result: null };
  try {
    if (plan.order === 'customerFirst') return await customerFirst(context, plan, targets);
    const { offer: first, result } = await agentFirst(context, plan, target);
    return { offers: all('withdrawn').map((other, i) => (i === 0 ? first : other)), result };
  } catch (error) {
    context.log.error({ err: error, callId: plan.callId }, `a callback fails: ${errorText(error)}`);
    return { offers: all('withdrawn'), result: 'unreachable' };
  }
}

async function agentFirst(
  context: CallContext,
  plan: CallBackPlan,
  { agentId, station, ringTimeoutMs, why, greeting }: OfferTarget,
): Promise<{ offer: OfferOutcome; result: CallbackResult | null }> {
  const { number, queueId } = plan;
  let leg: Leg;
  try {
    leg = await ringStation(context, station, number, 'agent');
  } catch (error) {
    context.log.warn({ err: error, station, agentId }, 'the telephone could not be rung');
    const busy = seizeCause(error) === cause.userBusy;
    return { offer: busy ? 'stationBusy' : 'stationFailed', result: 'agent_no_answer' };
  }
  const { call, seized } = begin(context, plan, leg);
  call.record.update({ agentId });
  const offered = call.segment('offer', { queueId, agentId, station, why });
  context.changed(call);
  if (!(await answered(call, context, ringTimeoutMs))) {
    const noAnswer = call.ending?.cause === cause.noAnswer;
    offered.end({ outcome: noAnswer ? 'noAnswer' : 'stationFailed' });
    return { offer: noAnswer ? 'noAnswer' : 'stationFailed', result: 'agent_no_answer' };
  }
  offered.end({ outcome: 'answered' });
  seized.end();
  const gone = { offer: 'withdrawn', result: 'agent_gone' } as const;
  if (greeting !== undefined) await greet(call, context, leg, { agent: greeting.agent, caller: [] });
  if (call.ending !== undefined) return gone;
  if (!(await plan.beforeCustomer())) {
    context.release(call, cause.normalClearing, 'system');
    return { offer: 'withdrawn', result: null };
  }
  // Time has passed.
  if (endedMeanwhile(call) || !call.machine.fire('dial')) return gone;
  const shown = { number: plan.shownNumber, name: '' };
  const limits = { limitMs: plan.ringMs, forwards: false };
  const outcome = await dial(call, context, plan.found, number, shown, leg, limits);
  if (outcome.kind === 'failed') {
    context.release(call, outcome.cause, outcome.by);
    return { offer: 'withdrawn', result: resultOf(outcome.cause) };
  }
  if (outcome.kind !== 'answered') return gone;
  if (endedMeanwhile(call) || !call.machine.fire('connect')) {
    void outcome.leg.release(cause.normalClearing);
    return gone;
  }
  hush(leg);
  hangOn(call, outcome.leg);
  beginTalk(call, context, { leg, agentId, queueId });
  noteAnswer(call, context);
  const waitMs = plan.waitedMs + call.sinceMs(call.started);
  context.events.emit('call.connected', { call: call.toDto(), queueId, agentId, station, waitMs });
  void recordFurther(call, context, call.leg);
  return { offer: 'connected', result: 'talked' };
}

async function customerFirst(
  context: CallContext,
  plan: CallBackPlan,
  targets: readonly OfferTarget[],
): Promise<CallBackOutcome> {
  const withdrawn = (result: CallbackResult | null): CallBackOutcome => ({
    offers: targets.map(() => 'withdrawn'),
    result,
  });
  if (!(await plan.beforeCustomer())) return withdrawn(null);
  const reached = await seizeCustomer(context, plan);
  if (!(reached instanceof Leg)) return withdrawn(resultOf(reached.cause));
  const { call, seized } = begin(context, plan, reached);
  if (!(await answered(call, context, plan.ringMs))) return withdrawn(resultOf(call.ending?.cause ?? cause.noAnswer));
  if (!call.machine.fire('answer')) return withdrawn('customer_gone');
  seized.end();
  await recordFromStart(call, context);
  if (endedMeanwhile(call)) return withdrawn('customer_gone');
  noteAnswer(call, context);
  await context.engine.command('detector.set', { port: call.leg.port, dtmf: true });
  if (plan.hello.length > 0) await greet(call, context, call.leg, { agent: plan.hello, caller: [] });
  const data = { callbackId: plan.placeId };
  const left = enterQueue(call, context, plan.queueId, plan.entry, { id: plan.placeId, data });
  if (left === undefined) return withdrawn('customer_gone');
  // Who has waited too long is called another time.
  left.then(
    () => context.release(call, cause.normalClearing, 'system'),
    () => undefined,
  );
  const offers = await offer(call, context, targets);
  if (offers.includes('connected')) return { offers, result: 'talked' };
  return { offers, result: endedMeanwhile(call) ? 'customer_gone' : 'agent_no_answer' };
}

/** The first way to him that is free. */
async function seizeCustomer(context: CallContext, plan: CallBackPlan): Promise<Leg | { cause: number }> {
  let why: number = cause.noRoute;
  const rounds = roundsOf(plan.found, plan.number, plan.shownNumber, null);
  for (const { target, number: calledNumber, callingNumber, privacy } of rounds.flatMap(({ callees }) => callees)) {
    try {
      const told = { calledNumber, callingNumber, callingName: '', privacy: callingNumber === '' || privacy === true };
      const seized = await context.lines.seize({ target, ...told });
      const gone = (of: number): void => context.legs.remove(of);
      return new Leg({ ...context, ...seized, role: 'callee', initial: 'seizing', gone });
    } catch (error) {
      why = seizeCause(error);
      context.log.info({ err: error, target }, `a customer could not be called: ${errorText(error)}`);
    }
  }
  return { cause: why };
}

function begin(context: CallContext, plan: CallBackPlan, leg: Leg): { call: LiveCall; seized: OpenSegment } {
  const begun = context.begin(leg, plan.number, { id: plan.callId });
  const { call } = begun;
  call.language = plan.language;
  const origin = context.plan.originOf(plan.number);
  call.record.update({ direction: 'out', queueId: plan.queueId, origin });
  call.happened('callback', plan.data);
  return begun;
}

/** Whether the leg that the call hangs on is answered in time; a call that is not ends. */
function answered(call: LiveCall, context: CallContext, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const ringing = context.clock.after(limitMs, () => context.release(call, cause.noAnswer, 'system'));
    const lifted = (): void => {
      ringing.cancel();
      call.toBegin = undefined;
      resolve(true);
    };
    call.toBegin = { lifted, ringing };
    call.signal.addEventListener('abort', () => resolve(false), { once: true });
    if (call.signal.aborted) resolve(false);
  });
}

/** The call hangs on the customer from now on. */
function hangOn(call: LiveCall, leg: Leg): void {
  call.leg = leg;
  if (leg.place.kind === 'trunk') call.record.update({ span: leg.place.span, timeslot: leg.place.timeslot });
}

function noteAnswer(call: LiveCall, context: CallContext): void {
  call.record.update({ answeredAt: call.nowMs() });
  context.changed(call);
  context.events.emit('call.answered', { call: call.toDto() });
}

const endedMeanwhile = ({ ending }: LiveCall): boolean => ending !== undefined;

/** Q.850 */
function resultOf(why: number): CallbackResult {
  if (why === cause.userBusy) return 'busy';
  if (why === 18 || why === cause.noAnswer) return 'no_answer';
  return why === cause.callRejected ? 'refused' : 'unreachable';
}
