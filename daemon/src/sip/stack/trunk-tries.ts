// The ways of one call over one trunk, tried one after the other: the next host when one is out of order, a place that the carrier
// sends us on to when it is one of the trunk's own. What the called party has said is never asked a second time.
import type { SessionEnd } from '../dialog/index.js';
import type { Target } from '../locate/index.js';
import { formatUri, type NameAddr, type SipUri } from '../message/index.js';
import { byQuality } from './diverted.js';
import type { TrunkLink, TrunkWay } from './trunk-link.js';

/** Where one INVITE goes. */
export interface TrunkTry {
  uri: SipUri;
  routes: readonly string[];
  targets: readonly Target[];
}

/** targets of one call in all, with what each has to say its first word in: whoever waits hears nothing meanwhile */
const MOST_TARGETS = 6;
const TARGETS_OF_A_WAY = 2;
export const FIRST_WORD_MS = 4000;
const MOST_REDIRECTIONS = 3;

export class TrunkTries {
  readonly #link: TrunkLink;
  readonly #number: string;
  readonly #left: TrunkWay[];
  readonly #seen = new Set<string>();
  #targets = 0;
  #redirections = 0;

  /** `whatever`: hosts that do not answer are tried, too, at the end */
  constructor(link: TrunkLink, number: string, whatever: boolean) {
    this.#link = link;
    this.#number = number;
    this.#left = link.ways(whatever);
  }

  /** undefined: no host takes calls. */
  first(): TrunkTry | undefined {
    return this.#next();
  }

  /** What comes after a try that has failed; `heard`: it had rung, or there was something to hear. undefined: it is the last word. */
  after(end: SessionEnd, heard: boolean): TrunkTry | undefined {
    if (end.contacts.length > 0) return this.#redirected(end.contacts);
    if (heard || !isOutOfOrder(end)) return undefined;
    return this.#next();
  }

  #next(): TrunkTry | undefined {
    const way = this.#left.shift();
    if (way === undefined) return undefined;
    return this.#try(this.#link.uriOf(this.#number, way.host), way);
  }

  /** Each place once. */
  #redirected(contacts: readonly NameAddr[]): TrunkTry | undefined {
    if (this.#redirections >= MOST_REDIRECTIONS) return undefined;
    for (const { uri } of byQuality(contacts)) {
      const way = this.#link.wayTo(uri);
      if (way === undefined || this.#seen.has(formatUri(uri))) continue;
      this.#redirections += 1;
      return this.#try(uri, way);
    }
    return undefined;
  }

  #try(uri: SipUri, { routes, targets }: TrunkWay): TrunkTry | undefined {
    const most = Math.min(TARGETS_OF_A_WAY, MOST_TARGETS - this.#targets);
    if (most <= 0) return undefined;
    const some = targets.slice(0, most);
    this.#targets += some.length;
    this.#seen.add(formatUri(uri));
    return { uri, routes, targets: some };
  }
}

/** The host and not the called party: nothing came, nothing could be sent, or 503 without a cause of the called party's. */
function isOutOfOrder({ by, status, reasons }: SessionEnd): boolean {
  if (by === 'fault') return status === 408 || status === 503;
  const said = reasons.some(
    ({ protocol, cause }) => protocol.toUpperCase() === 'Q.850' && PARTY_CAUSES.has(cause ?? 0),
  );
  return by === 'peer' && status === 503 && !said;
}

/** Q.850: what the called party or his exchange says, whichever way a call comes there. */
const PARTY_CAUSES: ReadonlySet<number> = new Set([1, 16, 17, 18, 19, 20, 21, 22, 28]);
