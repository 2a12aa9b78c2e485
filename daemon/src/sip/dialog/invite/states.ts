// The life of a session, as a table:
//
//     calling ──┬─► early ──┬─► answered ──► confirmed ──► ended      calling: our INVITE; incoming: the peer's
//     incoming ─┘           └─► (refused, cancelled) ────────┘        answered: a 2xx without its ACK
import type { StateTable } from '../../../platform/index.js';

export type SessionState = 'calling' | 'incoming' | 'early' | 'answered' | 'confirmed' | 'ended';
export type SessionStep = 'progress' | 'answer' | 'acknowledge' | 'end';

export const sessionTable: StateTable<SessionState, SessionStep> = {
  calling: { progress: 'early', answer: 'answered', end: 'ended' },
  incoming: { progress: 'early', answer: 'answered', end: 'ended' },
  early: { progress: 'early', answer: 'answered', end: 'ended' },
  answered: { acknowledge: 'confirmed', end: 'ended' },
  confirmed: { end: 'ended' },
  ended: {},
};
