import type { ExchangeCallCreate } from '@cordboard/daemon/contract';
import { defineStore } from 'pinia';
import { box } from '@/api/box';

/** after the answer the box begins to listen for keys; before that they would be lost, ms */
const settleMs = 600;
const pollMs = 300;
/** a caller who hears no answer for this long gives up his keys, ms */
const patienceMs = 60_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What simulated people do over time. It goes on when another page is opened. */
export const useSimulator = defineStore('simulator', () => {
  /** Calls the box; `digits` are pressed once it has answered. */
  async function place(request: ExchangeCallCreate, digits: string): Promise<void> {
    const call = await box.exchange.place(request);
    if (digits) void pressWhenAnswered(call.id, digits);
  }

  async function pressWhenAnswered(id: string, digits: string): Promise<void> {
    for (let waited = 0; waited < patienceMs; waited += pollMs) {
      await pause(pollMs);
      const call = (await box.exchange.calls()).find((one) => one.id === id);
      if (!call || call.state === 'released') return;
      if (call.state !== 'answered') continue;
      await pause(settleMs);
      await box.exchange.press(id, digits);
      return;
    }
  }

  /**
   * What an agent does to sign in: lifts, dials *11 number #, hangs up when it is confirmed. `confirmed` tells whether it is.
   * Rejects when the telephone cannot do it.
   */
  async function signIn(
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
    for (let waited = 0; !done && waited < 8000; waited += pollMs) {
      await pause(pollMs);
      done = confirmed();
    }
    // lets the confirmation be heard before the receiver is put down
    await pause(settleMs);
    await box.exchange.putDown(station);
    return done;
  }

  return { place, signIn };
});
