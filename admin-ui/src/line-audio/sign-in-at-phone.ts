import { box } from '@/api/box';
import { RefusedError } from '@/api/errors';

/** a telephone just lifted needs a moment until it hears dial tone, ms */
const settleMs = 600;
const pollMs = 300;
/** after this long nobody will confirm any more, ms */
const patienceMs = 8000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * What an agent does to sign in: lifts, dials *11 number #, hangs up when it is confirmed. `confirmed` tells whether it is.
 * Rejects when the telephone cannot do it.
 */
export async function signInAtPhone(
  station: number,
  agentId: string,
  offHook: boolean,
  confirmed: () => boolean,
): Promise<boolean> {
  if (!offHook) {
    await box.exchange.lift(station);
    await pause(settleMs);
  }
  await box.exchange.dial(station, `*11${agentId}#`);
  let done = confirmed();
  for (let waited = 0; !done && waited < patienceMs; waited += pollMs) {
    await pause(pollMs);
    done = confirmed();
  }
  // lets the confirmation be heard before the receiver is put down
  await pause(settleMs);
  await box.exchange.putDown(station).catch((error: unknown) => {
    // put down by itself already, because the box has said what there was to say
    if (!(error instanceof RefusedError && error.code === 'phone_wrong_state')) throw error;
  });
  return done;
}
