// The life of a call and of a leg, as tables. A call:
//
//     arriving → inFlow → queued → offering → talking → released
//        |        ↑ ↑______|         |         |   |
//        |        | (overflow)       ↓         |   |
//        |        |                queued      |   |
//        |        |      (nobody lifted)       |   |
//        |        |____________________________|   |
//        |               (transferred to a flow)   |
//        ↓                                         ↓
//     dialling ────────────────────────────────→ talking
//        |  ↑______________(transferred to a number)
//        ↓
//     inFlow (a telephone sends the call on to a flow; a flow has somebody called, and nobody is reached)
//
//     talking → parked → talking, or dialling (back to who parked it)
import type { CallPhase } from '../contract/index.js';
import type { StateTable } from '../platform/state-machine.js';

export type CallStep =
  | 'answer'
  | 'queue'
  | 'overflow'
  | 'offer'
  | 'requeue'
  | 'dial'
  | 'connect'
  /** one of the two leaves, and the other is put through to a number */
  | 'transfer'
  /** … or into a flow; or somebody who was answered is sent on there */
  | 'enterFlow'
  /** one of the two leaves, and the other waits to be taken by somebody */
  | 'park'
  /** a flow is through to which somebody was lent */
  | 'back'
  | 'release';

export const callTable: StateTable<CallPhase, CallStep> = {
  arriving: { answer: 'inFlow', dial: 'dialling', release: 'released' },
  inFlow: { queue: 'queued', dial: 'dialling', back: 'talking', release: 'released' },
  queued: { offer: 'offering', overflow: 'inFlow', release: 'released' },
  offering: { connect: 'talking', requeue: 'queued', release: 'released' },
  dialling: { connect: 'talking', answer: 'inFlow', enterFlow: 'inFlow', release: 'released' },
  talking: { transfer: 'dialling', enterFlow: 'inFlow', park: 'parked', release: 'released' },
  parked: { connect: 'talking', transfer: 'dialling', release: 'released' },
  released: {},
};

/** One port under call control, as the line sees it, from our side. */
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
