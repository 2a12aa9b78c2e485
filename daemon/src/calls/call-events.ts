// What call control tells the other parts. `call` is the call as the pages see it, right after what happened.
import type { Call, CallPhase, Segment } from '../contract/index.js';

export interface CallEvents {
  /** a leg of the box's spans was offered */
  'call.arrived': { call: Call };
  'call.answered': { call: Call };
  /** the caller pressed a key */
  'call.digit': { call: Call; digit: string };
  'call.queued': { call: Call; queueId: string };
  /** an agent's telephone is being rung */
  'call.offered': { call: Call; queueId: string; agentId: string; station: number };
  /** the agent lifted; `waitMs`: in the queue, ringing included */
  'call.connected': { call: Call; queueId: string; agentId: string; station: number; waitMs: number };
  /** the agent did not lift: the call is back at its place */
  'call.requeued': { call: Call; queueId: string; agentId: string; reason: 'noAnswer' | 'stationFailed' };
  /** the caller waited too long and is back in the flow */
  'call.overflowed': { call: Call; queueId: string };
  /** the last event of a call; `phase`: where it was */
  'call.released': { call: Call; phase: CallPhase };
  /** a segment began or ended */
  'call.segment': Segment;
}
