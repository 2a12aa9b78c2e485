// What a call's number leads to. Digits may come one after the other (overlap receiving, Q.931 5.2.4): they are waited for as
// long as the dial plan has hope.
import type { DialFrom, TreatedResolution } from '../lines/index.js';
import { cause, type CallContext } from './call-context.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { LONGEST_NUMBER, isDiallable } from './numbers.js';

/** Q.931 9.2, T302: how long the next digit may take. */
const T302_MS = 15_000;

/** Asks the plan for a number, on behalf of who is at this leg. Rejects when the plan cannot tell. */
export async function askPlan(
  { plan, agentAt }: Pick<CallContext, 'plan' | 'agentAt'>,
  number: string,
  leg: Leg,
  more: Pick<DialFrom, 'callingNumber' | 'shownNumber'> = {},
): Promise<TreatedResolution> {
  if (!isDiallable(number)) return { kind: 'refused', cause: cause.invalidNumber, reason: 'no number' };
  const { station, place } = leg;
  const agentId = station === null ? null : agentAt(station);
  const found = await plan.resolve(number, {
    station,
    trunk: place.kind === 'trunk' ? place.trunk : null,
    ...(agentId === null ? {} : { agentId }),
    ...more,
  });
  // Whatever the tables say: who calls in does not get out again at the expense of the box.
  if (found.kind === 'out' && leg.station === null)
    return { kind: 'refused', cause: cause.callRejected, reason: 'a caller from outside may not dial out' };
  return found;
}

/** Of one who calls from outside; undefined: it is a telephone. */
const callerOf = ({ leg, row }: LiveCall): string | undefined => (leg.station === null ? row.callingNumber : undefined);

/**
 * Finds what the call's number leads to; when it is not `complete`, waits for more digits while there is hope. What stays
 * incomplete is refused. Rejects with the signal's reason when the call ends.
 */
export async function resolveCall(
  call: LiveCall,
  context: Pick<CallContext, 'plan' | 'agentAt'>,
  complete: boolean,
): Promise<Exclude<TreatedResolution, { kind: 'incomplete' }>> {
  for (;;) {
    const number = call.row.calledNumber;
    const waits = !complete && number === '';
    const found = waits
      ? ({ kind: 'incomplete' } as const)
      : await askPlan(context, number, call.leg, { callingNumber: callerOf(call), shownNumber: call.shownNumber });
    if (found.kind !== 'incomplete') return found;
    const more = complete || number.length >= LONGEST_NUMBER ? undefined : await call.digits.next(T302_MS, call.signal);
    if (more === undefined) return { kind: 'refused', cause: cause.invalidNumber, reason: 'the number is incomplete' };
    call.record.update({ calledNumber: number + more });
  }
}
