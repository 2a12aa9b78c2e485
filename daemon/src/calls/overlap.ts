// Digits that come one after the other (overlap receiving, Q.931 5.2.4): the number is complete when a route has it, and
// hopeless when no route begins with it.
import type { RouteRow, RoutesRead } from '../db/index.js';
import type { LiveCall } from './live-call.js';

/** Q.931 9.2, T302: how long the next digit may take. */
const T302_MS = 15_000;
/** of the calledNumber column's numbers */
const LONGEST_NUMBER = 24;

/**
 * Finds the route of a call; when the number is not `complete`, waits for more digits as long as there is hope. Null: nobody has
 * this number. Rejects with the signal's reason when the call ends.
 */
export async function findRoute(call: LiveCall, routes: RoutesRead, complete: boolean): Promise<RouteRow | null> {
  for (;;) {
    const number = call.row.calledNumber;
    const route = number === '' ? null : await routes.findByCalledNumber(number);
    if (route !== null || complete) return route;
    const hope = (await routes.list()).some(({ calledNumber }) => calledNumber.startsWith(number));
    if (!hope || number.length >= LONGEST_NUMBER) return null;
    const digit = await call.digits.next(T302_MS, call.signal);
    if (digit === undefined) return null;
    call.record.update({ calledNumber: number + digit });
  }
}
