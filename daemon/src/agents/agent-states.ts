// The states of an agent, as a table. He is the one who signs in and out and says that he is ready; ringing, talking and
// wrapUp come from the calls he is given.
import type { AgentState } from '../contract/index.js';
import type { StateTable } from '../platform/index.js';

export type AgentStep =
  | 'signIn'
  | 'signOut'
  | 'getReady'
  | 'pause'
  /** a call is offered: his telephone rings */
  | 'ring'
  /** he lifts */
  | 'answer'
  /** he picks up a call that is not offered to him */
  | 'take'
  /** the offer has ended without him: the caller hung up */
  | 'withdraw'
  /** he did not lift, or his telephone failed */
  | 'miss'
  /** the talk has ended and there is paperwork */
  | 'wrapUp'
  /** the talk has ended and there is none, or it is done */
  | 'finish';

export const agentTable: StateTable<AgentState, AgentStep> = {
  signedOut: { signIn: 'ready', signOut: 'signedOut' },
  ready: {
    signIn: 'ready',
    signOut: 'signedOut',
    getReady: 'ready',
    pause: 'notReady',
    ring: 'ringing',
    take: 'talking',
  },
  ringing: { answer: 'talking', withdraw: 'ready', miss: 'notReady', pause: 'notReady', signOut: 'signedOut' },
  talking: { wrapUp: 'wrapUp', finish: 'ready', pause: 'notReady', signOut: 'signedOut' },
  wrapUp: {
    ...{ signIn: 'ready', signOut: 'signedOut', getReady: 'ready', pause: 'notReady' },
    ...{ finish: 'ready', take: 'talking' },
  },
  notReady: { signIn: 'ready', signOut: 'signedOut', getReady: 'ready', pause: 'notReady', take: 'talking' },
};
