// The box calls somebody by itself, at nobody's telephone, and leads him who lifts as a flow would.
import type { ReleasedBy } from '../contract/index.js';
import type { LegPlace, LineTarget } from '../lines/index.js';
import { AppError, errorText } from '../platform/index.js';
import { takeCalled } from './arrival.js';
import { cause, type CallContext } from './call-context.js';
import type { OpenSegment, PreparedFlow } from './flow-session.js';
import { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';
import { isDiallable } from './numbers.js';
import { roundsOf } from './rounds.js';

export interface CallOut {
  number: string;
  flow: PreparedFlow;
  language: LiveCall['language'];
  ringMs: number;
  /** it rings, or will at once */
  begun?: ((callId: string) => void) | undefined;
}

/** How it was when it had ended. */
export interface CalledOut {
  callId: string;
  answered: boolean;
  /** Q.850 */
  cause: number;
  releasedBy: ReleasedBy;
}

/** As CallControl.callOut. `begin` makes the call of the leg. */
export async function callOut(
  context: CallContext,
  { number, flow, language, ringMs, begun: onBegun }: CallOut,
  begin: (leg: Leg) => { call: LiveCall; seized: OpenSegment },
  stopping: () => boolean,
): Promise<CalledOut> {
  const line = await seizeForBox(context, number);
  const gone = (of: number): void => context.legs.remove(of);
  const leg = new Leg({ ...context, ...line, role: 'callee', initial: 'seizing', gone });
  const { call, seized } = begin(leg);
  call.language = language;
  if (leg.station === null) call.record.update({ direction: 'out' });
  const lifted = (): void => {
    call.toBegin?.ringing.cancel();
    call.toBegin = undefined;
    void takeCalled(call, context, flow, seized);
  };
  const noAnswer = (): void => context.release(call, cause.noAnswer, 'system');
  call.toBegin = { lifted, ringing: context.clock.after(ringMs, noAnswer) };
  const ended = endOf(call);
  onBegun?.(call.id);
  if (stopping()) context.release(call, cause.temporaryFailure, 'system');
  return ended;
}

/** Asks for the first line to the number that takes the call. Rejects with number_leads_nowhere, or with what the last line says. */
async function seizeForBox(
  { plan, lines, log }: CallContext,
  number: string,
): Promise<{ leg: number; port: number; place: LegPlace }> {
  const nowhere = (reason: string): AppError => new AppError('number_leads_nowhere', { number, reason });
  if (!isDiallable(number)) throw nowhere('-');
  const found = await plan.resolve(number, { station: null, box: true });
  if (found.kind === 'refused') throw nowhere(found.reason);
  if (found.kind === 'flow' || found.kind === 'incomplete') throw nowhere(found.kind);
  let refusal: unknown = nowhere('-');
  for (const { callees } of roundsOf(found, number, '', null))
    for (const { target, number: calledNumber, callingNumber } of callees)
      try {
        return await lines.seize({ target: target satisfies LineTarget, calledNumber, callingNumber, callingName: '' });
      } catch (error) {
        log.info({ err: error, number }, `a line does not take a call of the box: ${errorText(error)}`);
        refusal = error;
      }
  throw refusal;
}

/** Resolves when the call has ended. */
function endOf(call: LiveCall): Promise<CalledOut> {
  return new Promise((resolve) => {
    const over = (): void => {
      const { cause: why, by } = call.ending ?? { cause: cause.temporaryFailure, by: 'fault' as const };
      resolve({ callId: call.id, answered: call.row.answeredAt !== null, cause: why, releasedBy: by });
    };
    if (call.signal.aborted) over();
    else call.signal.addEventListener('abort', over, { once: true });
  });
}
