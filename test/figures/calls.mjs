// Calls that keep coming: one after the other on each of some telephones.
import { signIn, waitFor } from './box.mjs';

/** Signs agents in at the first stations, who answer at once and leave when the caller does. */
export async function readyAgents(box, count) {
  const stations = Array.from({ length: count }, (_, i) => i + 1);
  await signIn(box, stations);
  for (const station of stations) {
    await box.exchange.setBehaviour(station, {
      ...{ answer: true, answerAfterMs: 20, play: null, hangUpAfterMs: null, hangUpOnTone: true },
    });
  }
}

/** Places a call as soon as the one before is over, in each of `lanes`, while `more()` says so; then `over()`. */
export async function callsInLanes(box, lanes, more, over = () => undefined) {
  const lane = async () => {
    while (more()) {
      const { id } = await box.exchange.place({
        ...{ calledNumber: '95001', callingNumber: '13800138000', digits: '1', digitsAfterMs: 60, talkMs: 200 },
      });
      await ended(box, id);
      over();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await waitFor(box, 'call.removed', () => box.calls.live().length === 0);
}

/** Resolves when the caller's call is over. */
async function ended(box, id) {
  const over = () => box.exchange.find(id)?.state === 'released' || box.exchange.find(id) === undefined;
  await waitFor(box, 'call.removed', over).catch(async (error) => {
    await box.exchange.hangUp(id).catch(() => undefined);
    throw error;
  });
}
