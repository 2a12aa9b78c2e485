// A telephone that is rung so that it calls a number when it is lifted.
import type { Call } from '../contract/index.js';
import { AppError } from '../platform/index.js';
import { takeCall } from './arrival.js';
import { cause, type CallContext } from './call-context.js';
import { Leg } from './leg.js';
import { isDiallable } from './numbers.js';

/** How long the telephone rings for which a number is to be called. */
const ORIGINATE_MS = 30_000;

/** `shown`: the number that is asked for as the caller's. Rejects with number_leads_nowhere, or with what the line says. */
export async function originate(context: CallContext, station: number, number: string, shown?: string): Promise<Call> {
  if (!isDiallable(number)) throw new AppError('number_leads_nowhere', { number, reason: '-' });
  const leg = await ringStation(context, station, number, 'caller');
  const { call, seized: segment } = context.begin(leg, number);
  call.shownNumber = shown;
  const lifted = (): void => {
    call.toBegin?.ringing.cancel();
    call.toBegin = undefined;
    void takeCall(call, context, true, segment);
  };
  const ringing = context.clock.after(ORIGINATE_MS, () => context.release(call, cause.noAnswer, 'system'));
  call.toBegin = { lifted, ringing };
  return call.toDto();
}

/** A telephone rings for a call that hangs on it; `number` is shown there. Rejects with what the line says. */
export async function ringStation(
  context: CallContext,
  station: number,
  number: string,
  role: 'caller' | 'agent',
): Promise<Leg> {
  const told = { calledNumber: String(station), callingNumber: number, callingName: '' };
  const seized = await context.lines.seize({ target: { kind: 'station', station }, ...told });
  return new Leg({ ...context, ...seized, role, initial: 'seizing', gone: (of) => context.legs.remove(of) });
}
