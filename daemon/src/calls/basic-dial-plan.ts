// The dial plan of a box that has been told nothing: numbers of routes and telephones, and 0 for a line out over the E1.
import type { RoutesRead } from '../db/index.js';
import type { DialFrom, DialPlan, DialResolution } from '../lines/index.js';
import { LONGEST_NUMBER } from './numbers.js';

/** An outside line: what follows is dialled there. */
const OUTSIDE = '0';
const UNALLOCATED = 1;

export interface BasicDialPlanOptions {
  routes: RoutesRead;
  /** the numbers of the telephones there are now */
  stations: () => readonly number[];
  /** over which the box calls out */
  trunk: string;
  /** dialled without anything before them */
  emergencyNumbers: readonly string[];
}

export class BasicDialPlan implements DialPlan {
  readonly #options: BasicDialPlanOptions;

  constructor(options: BasicDialPlanOptions) {
    this.#options = options;
  }

  async resolve(number: string, from: DialFrom): Promise<DialResolution> {
    const { routes, stations, emergencyNumbers } = this.#options;
    if (from.station !== null && emergencyNumbers.includes(number)) return this.#out(number, from.station);
    const route = await routes.findByCalledNumber(number);
    if (route !== null) return { kind: 'flow', flowId: route.flowId, language: route.language };
    const station = stations().find((one) => String(one) === number);
    if (station !== undefined) return { kind: 'station', station };
    if (from.station !== null && number.length > 1 && number.startsWith(OUTSIDE))
      return this.#out(number.slice(1), from.station);
    if (await this.mayContinue(number, from)) return { kind: 'incomplete' };
    return { kind: 'refused', cause: UNALLOCATED, reason: 'nobody has this number' };
  }

  async mayContinue(number: string, { station }: DialFrom): Promise<boolean> {
    const { routes, stations, emergencyNumbers } = this.#options;
    if (number.length >= LONGEST_NUMBER) return false;
    const longer = (one: string): boolean => one.length > number.length && one.startsWith(number);
    if (station !== null && (number.startsWith(OUTSIDE) || emergencyNumbers.some(longer))) return true;
    if (stations().some((one) => longer(String(one)))) return true;
    return (await routes.list()).some(({ calledNumber }) => longer(calledNumber));
  }

  #out(number: string, station: number): DialResolution {
    return { kind: 'out', attempts: [{ trunk: this.#options.trunk, number, callingNumber: String(station) }] };
  }
}
