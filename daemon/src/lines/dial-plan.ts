// What a number means to the one who dials it. Call control asks; who answers (tables, or numbers alone) is none of its business.
import type { CallerTreatment, FlowDefinition, Language, NumberClass, NumberOrigin } from '../contract/index.js';

/** Who dials: a telephone (or the one that transfers), else somebody who calls in; by which trunk, when that is known. */
export interface DialFrom {
  station: number | null;
  trunk?: string | null | undefined;
  /** of one who calls in, as he is called back from here; '': withheld */
  callingNumber?: string | undefined;
  /** the agent who dials, if it is one */
  agentId?: string | null | undefined;
  /** in which he is */
  queues?: readonly string[] | undefined;
  /** what the telephone asks to be shown to those outside */
  shownNumber?: string | undefined;
  /** it is the box itself that calls somebody (back), and may dial these */
  as?: { allowedClasses: readonly NumberClass[]; callingNumber: string } | undefined;
  /** and that over this trunk alone, whatever the routes say: the number is as dialled outside */
  over?: string | undefined;
  /** a flow dials for its caller, whatever he may himself: what it may call outside. Nobody reaches the police so. */
  flow?: { allowedClasses: readonly NumberClass[] } | undefined;
}

/** One way out: which trunk, and what is told to it. */
export interface DialAttempt {
  trunk: string;
  /** as the trunk wants it */
  number: string;
  /** empty: withheld */
  callingNumber: string;
  /** the trunk is told the number, but nobody behind it */
  privacy?: boolean | undefined;
}

export type DialResolution =
  | { kind: 'station'; station: number }
  /** all: they ring at once; sequence: one after the other, each for `ringTimeoutMs` */
  | { kind: 'group'; stations: readonly number[]; strategy: 'all' | 'sequence'; ringTimeoutMs: number }
  /** `definition`: a flow of the plan's own making, which has no name */
  | {
      kind: 'flow';
      flowId: string;
      language: Language;
      definition?: FlowDefinition | undefined;
    }
  /** tried in this order; `emergency`: until somebody answers, whatever a trunk says of the number */
  | { kind: 'out'; attempts: readonly DialAttempt[]; emergency?: boolean | undefined }
  /** nobody has this number yet, but more digits can make it one that somebody has */
  | { kind: 'incomplete' }
  /** `cause`: Q.850; `reason`: for the log; `why`: for the one who dialled, where the cause does not say it */
  | { kind: 'refused'; cause: number; reason: string; why?: DialRefusal | undefined };

export type DialRefusal = 'barred' | 'notNow' | 'notShown' | 'invalid' | 'unknown' | 'absent' | 'noWay';

/** With what the lists say of one who calls in. */
export type TreatedResolution = DialResolution & { treatment?: CallerTreatment | null | undefined };

/** Where the calls ring that a telephone may take. */
export interface PickUpReach {
  /** undefined: nobody has the number */
  stations: readonly number[] | undefined;
  /** more digits may lead to others */
  mayGrow: boolean;
}

export interface DialPlan {
  /** What the digits dialled so far lead to. Rejects only when it cannot be told (the database fails). */
  resolve(number: string, from: DialFrom): Promise<TreatedResolution>;
  /** Whether a number that begins with these digits may lead elsewhere: false when nothing is gained by waiting for more. */
  mayContinue(number: string, from: DialFrom): Promise<boolean>;
  /**
   * Whose calls a telephone takes with the pick-up code and this number: those of a telephone or of a ring group; with none those of every
   * group that it is in. Rejects only when it cannot be told.
   */
  pickUp(number: string, station: number): Promise<PickUpReach>;
  /** Region and carrier of somebody outside; null: not known. */
  originOf(number: string): NumberOrigin | null;
  /** The number of one who calls in over a trunk, digits with or without a + before, as it is dialled here to call him back; digits. */
  callerFrom(number: string, trunk: string | null): string;
}
