// One who is to have an agent of a queue: a caller on the line, or a customer who has hung up and is to be called when it is his turn.
// Who gets which agent (acd/) knows no more of him than this.
import type { Language, QueueEntry } from '../contract/index.js';
import type { QueueLeft } from './flow-session.js';
import type { OfferOutcome } from './live-call.js';
import type { OfferTarget } from './queueing.js';

export interface QueueParty {
  /** of his place */
  readonly id: string;
  /** the call that agents are rung for; it need not be there yet */
  readonly callId: string;
  readonly queueId: string;
  readonly entry: QueueEntry;
  readonly language: Language;
  /** '': not known */
  readonly callingNumber: string;
  /** so many telephones may ring for him at once */
  readonly mostAgents: number;
  /** Brings him and one of these together; resolves with what came of each, in their order. Never rejects. */
  ring(targets: readonly OfferTarget[]): Promise<OfferOutcome[]>;
  /** He is sent away unserved, once nobody is rung for him. */
  leave(how: QueueLeft): void;
}

/** A place in a queue, as it can be given back to somebody. */
export interface QueuePlace {
  queueId: string;
  /** since when he has waited, wall clock */
  enteredAt: number;
  entry: QueueEntry;
}

/** The places of queues, for those who are not on the line. */
export interface QueuePlaces {
  /** He waits since then (wall clock), as if he had been on the line all the time. In place of one of the same id. */
  put(party: QueueParty, enteredAt: number): void;
  /** He does not wait any more; what is under way for him goes on. */
  remove(id: string): void;
  /** The place that a live call has left last without being served; undefined: none */
  placeLeft(callId: string): QueuePlace | undefined;
}
