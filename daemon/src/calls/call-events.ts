// What call control tells the other parts. `call` is the call as the pages see it, right after what happened.
import type { Call, CallPhase, Language, QueueEntry, Segment } from '../contract/index.js';

/** stationBusy: he has lifted for something else; withdrawn: others were rung, too, and one of them has it or is to have it */
export type RequeueReason = 'noAnswer' | 'stationBusy' | 'stationFailed' | 'withdrawn';

export interface CallEvents {
  /** a leg was offered, or a telephone has dialled a number */
  'call.arrived': { call: Call };
  'call.answered': { call: Call };
  /** the caller pressed a key */
  'call.digit': { call: Call; digit: string };
  /** entry: what the call asks for; language: what the caller is spoken to in; placeId: the party whose place it takes */
  'call.queued': { call: Call; queueId: string; entry: QueueEntry; language: Language; placeId?: string | undefined };
  /** an agent's telephone is being rung */
  'call.offered': { call: Call; queueId: string; agentId: string; station: number };
  /** telephones or trunks are being called */
  'call.dialling': { call: Call; number: string };
  /**
   * Two parties talk. agentId: when it is an agent who was offered the call, has picked it up, or was put through to; queueId: the queue
   * that it is of to him; station: the telephone that answered, if it was one; `waitMs`: in the queue or while it was dialled, ringing included.
   */
  'call.connected': {
    call: Call;
    queueId: string | null;
    agentId: string | null;
    station: number | null;
    waitMs: number;
  };
  /** an agent talks with somebody who asks him something, or does not any more */
  'call.consulted': { call: Call; agentId: string; station: number; talking: boolean };
  /** the agent did not lift, or the call could not be picked up: it is back at its place */
  'call.requeued': { call: Call; queueId: string; agentId: string; reason: RequeueReason };
  /** the caller has left the queue unserved: back in the flow, or in another queue */
  'call.overflowed': { call: Call; queueId: string };
  /** who had it has put it through and left; agentId: when that was an agent of its */
  'call.transferred': { call: Call; agentId: string | null; station: number };
  /** the last event of a call; `phase`: where it was */
  'call.released': { call: Call; phase: CallPhase };
  /** a segment began or ended */
  'call.segment': Segment;
}
