// Which call a leg belongs to: the lines speak of legs alone.
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';

export interface CallLeg {
  call: LiveCall;
  leg: Leg;
}

/** It is one of two who talk with each other. */
export function isInTalk({ call, leg }: CallLeg): boolean {
  return call.ending === undefined && call.phase === 'talking' && call.partnerOf(leg) !== undefined && leg.lives;
}

export class LegTable {
  readonly #legs = new Map<number, CallLeg>();

  /** A leg that was another call's is this one's from now on. */
  put(call: LiveCall, leg: Leg): void {
    this.#legs.set(leg.leg, { call, leg });
  }

  find(leg: number): CallLeg | undefined {
    return this.#legs.get(leg);
  }

  /** Every leg on a telephone. */
  ofStation(station: number): CallLeg[] {
    return [...this.#legs.values()].filter(({ leg }) => leg.station === station);
  }

  remove(leg: number): void {
    this.#legs.delete(leg);
  }

  get size(): number {
    return this.#legs.size;
  }
}
