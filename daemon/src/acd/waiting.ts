// Those who wait, as the distributor keeps them: on the line, or to be called back when it is their turn.
import type { JsonObject } from '../contract/index.js';
import type { QueueLeft, QueueParty } from '../calls/index.js';
import type { Timer } from '../platform/index.js';
import type { MatchReason, WaitingCall } from './matcher/index.js';
import type { WaitSounds } from './wait-sounds.js';

export interface Waiting {
  party: QueueParty;
  /** as the matcher knows it, under the id of the party */
  call: WaitingCall;
  /** an agent's telephone rings for it */
  ringing: boolean;
  /** it is to leave; what rings for it may still be answered */
  leaving: QueueLeft | undefined;
  timers: Timer[];
  /** undefined: nobody is on the line */
  sounds: WaitSounds | undefined;
}

export function quiet({ timers, sounds }: Waiting): void {
  for (const timer of timers) timer.cancel();
  sounds?.stop();
}

/** As it is stored: plain data. */
export function reasonData(reason: MatchReason): JsonObject {
  return JSON.parse(JSON.stringify(reason)) as JsonObject;
}
