// The life of a call and of a leg, as tables. A call:
//
//     arriving → inFlow → queued → offering → talking → released
//                  ↑________|         |
//                  (overflow)         ↓ (nobody lifted, the telephone failed)
//                                   queued
import type { CallPhase } from '../contract/index.js';
import type { StateTable } from '../platform/state-machine.js';

export type CallStep = 'answer' | 'queue' | 'overflow' | 'offer' | 'requeue' | 'connect' | 'release';

export const callTable: StateTable<CallPhase, CallStep> = {
  arriving: { answer: 'inFlow', release: 'released' },
  inFlow: { queue: 'queued', release: 'released' },
  queued: { offer: 'offering', overflow: 'inFlow', release: 'released' },
  offering: { connect: 'talking', requeue: 'queued', release: 'released' },
  talking: { release: 'released' },
  released: {},
};

/** One port under call control, as the engine sees it (LegState), from our side. */
export type LegPhase = 'seizing' | 'offered' | 'alerting' | 'answered' | 'releasing' | 'released';
export type LegStep = 'alert' | 'answer' | 'release' | 'end';

export const legTable: StateTable<LegPhase, LegStep> = {
  /** we call out: seize was accepted */
  seizing: { alert: 'alerting', answer: 'answered', release: 'releasing', end: 'released' },
  /** somebody calls in */
  offered: { alert: 'alerting', answer: 'answered', release: 'releasing', end: 'released' },
  /** the peer may say twice that it rings */
  alerting: { alert: 'alerting', answer: 'answered', release: 'releasing', end: 'released' },
  answered: { release: 'releasing', end: 'released' },
  /** what crossed our release on the wire changes nothing */
  releasing: { alert: 'releasing', answer: 'releasing', end: 'released' },
  released: {},
};
