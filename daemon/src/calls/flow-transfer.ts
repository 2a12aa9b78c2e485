// A flow has its caller put through: somebody is called while he hears ringing, and they talk, or he is back in the flow.
//
//   inFlow → dialling → answered: talking, and the call ends as any other
//                     ↘ nobody: inFlow
//   a number that leads to a flow or a queue: on in that one, and out of the first
import type { DialResolution } from '../lines/index.js';
import { placeText } from '../lines/index.js';
import { AppError } from '../platform/index.js';
import { dial, flowOf } from './arrival.js';
import { dropAside } from './aside.js';
import { cause, type CallContext } from './call-context.js';
import type { FlowSession, NotReached, PutThroughOptions, PutThroughTo } from './flow-session.js';
import type { ToFlow } from './forwarding.js';
import type { LiveCall } from './live-call.js';
import { isDiallable } from './numbers.js';
import type { Dialled } from './rounds.js';
import { hush } from './sounds.js';
import { connected, shown } from './transfer.js';

/** Flows that send their caller on to numbers which lead to flows: so often in a call, should they lead in a circle. */
const MOST_SENT_ON = 10;
/** of those that lead nowhere, in a call's record */
const MOST_TOLD = 20;

/** Q.850, as a flow tells them apart. */
const OUTCOMES: Readonly<Record<number, NotReached>> = {
  [cause.unallocatedNumber]: 'unknown',
  [cause.noRoute]: 'unknown',
  [cause.invalidNumber]: 'unknown',
  [cause.userBusy]: 'busy',
  // He does not want it.
  [cause.callRejected]: 'busy',
  18: 'noAnswer',
  [cause.noAnswer]: 'noAnswer',
  // The telephone is not registered.
  20: 'noAnswer',
};

/** As FlowSession.putThrough. */
export async function putThrough(
  call: LiveCall,
  context: CallContext,
  session: FlowSession,
  to: PutThroughTo,
  options: PutThroughOptions,
): Promise<NotReached> {
  call.signal.throwIfAborted();
  const number = 'number' in to ? to.number : String(to.station);
  const found = await leadsTo(call, context, to);
  call.signal.throwIfAborted();
  if (found.kind === 'flow') return goOnIn(call, context, session, found, number);
  if (found.kind === 'incomplete' || found.kind === 'refused') {
    const reason = found.kind === 'refused' ? found.reason : 'it is not complete';
    call.log.info({ number, why: reason }, 'a flow sends its caller nowhere');
    // A flow that tries without end is not written down without end.
    if (call.sentNowhere < MOST_TOLD)
      call.happened('transferred', { by: 'flow', to: number, outcome: 'failed', reason });
    call.sentNowhere += 1;
    // Barred is no word of anybody who was called.
    const known = found.kind === 'incomplete' ? 'unknown' : OUTCOMES[found.cause];
    return known === undefined || known === 'busy' ? 'failed' : known;
  }
  return ring(call, context, session, found, number, options);
}

async function leadsTo({ row }: LiveCall, { plan }: CallContext, to: PutThroughTo): Promise<DialResolution> {
  if ('station' in to) return { kind: 'station', station: to.station };
  const { number, allowedClasses } = to;
  if (!isDiallable(number)) return { kind: 'refused', cause: cause.invalidNumber, reason: 'no number' };
  return plan.resolve(number, { station: null, callingNumber: row.callingNumber, flow: { allowedClasses } });
}

async function ring(
  call: LiveCall,
  context: CallContext,
  session: FlowSession,
  found: Dialled,
  number: string,
  { ringTimeoutMs, reached }: PutThroughOptions,
): Promise<NotReached> {
  if (!call.machine.fire('dial')) throw new AppError('unavailable', { what: `transfer to ${number}` });
  const begun = context.clock.moment();
  const segment = call.segment('transferred', { by: 'flow', to: number });
  const more = { limitMs: ringTimeoutMs, diverted: found.kind === 'out' };
  const outcome = await dial(call, context, found, number, shown(call), call.leg, more);
  if (outcome.kind === 'answered') {
    if (call.signal.aborted) void outcome.leg.release(cause.normalClearing);
    call.signal.throwIfAborted();
    segment.end({ outcome: 'answered' });
    // Who was only lent has somebody else now.
    dropAside(call, context, 'transferred');
    reached?.(placeText(outcome.leg.place));
    connected(call, context, outcome.leg, call.sinceMs(begun));
    return endOf(call);
  }
  call.signal.throwIfAborted();
  hush(call.leg);
  if (!call.machine.fire('enterFlow')) return endOf(call);
  call.digits.clear();
  context.changed(call);
  if (outcome.kind === 'flow') {
    segment.end({ outcome: 'flow' });
    return goOnIn(call, context, session, outcome.found, outcome.number);
  }
  const why = outcome.kind === 'failed' ? outcome.cause : cause.temporaryFailure;
  segment.end({ outcome: 'failed', cause: why });
  return OUTCOMES[why] ?? 'failed';
}

/** The caller is in another flow from now on, as if he had called the number. */
async function goOnIn(
  call: LiveCall,
  context: CallContext,
  session: FlowSession,
  found: ToFlow,
  number: string,
): Promise<NotReached> {
  const flow = call.sentOn < MOST_SENT_ON ? flowOf(call, context, found) : undefined;
  call.happened('transferred', { by: 'flow', to: number, outcome: flow === undefined ? 'failed' : 'flow' });
  if (flow === undefined) return 'failed';
  call.sentOn += 1;
  const segment = call.segment('flow', { flowId: flow.flowId, version: flow.version });
  try {
    await flow.run(session);
  } finally {
    segment.end();
  }
  return 'over';
}

/** The flow has nothing more to do, but is not through before the call is. */
function endOf({ signal }: LiveCall): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
