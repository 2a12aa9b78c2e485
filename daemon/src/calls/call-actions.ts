// What is done to a call from a page: by one of those in talk, or by a supervisor. Telephones do the same by their keys.
import type { CallAction, SuperviseAction } from '../contract/index.js';
import { AppError } from '../platform/index.js';
import { lendToFlow } from './aside.js';
import { cause, type CallContext } from './call-context.js';
import { cancelConsult, completeConsult, consult, merge, swap } from './consult.js';
import { DigitRelay } from './digit-relay.js';
import type { PreparedFlow } from './flow-session.js';
import type { Leg } from './leg.js';
import { isInTalk } from './leg-table.js';
import type { LiveCall } from './live-call.js';
import { monitor, setMonitorMode, stopMonitor, takeOver } from './monitor.js';
import { arrange, hold, retrieve, talkersOf } from './parties.js';
import { park } from './parking.js';
import { sendIntoFlow, transfer } from './transfer.js';

/**
 * Does what the party at this telephone asks for. Resolves when it has been done, or begun where somebody else must answer first.
 * Rejects with not_in_call, call_wrong_state, number_leads_nowhere, flow_not_found.
 */
export async function act(call: LiveCall, context: CallContext, station: number, wanted: CallAction): Promise<void> {
  // Who waits for his caller to come back, or to be put through, is not in talk, but may hang up.
  const waiting = [call.aside?.lender.leg, call.transfer?.referrer?.leg].filter((leg) => leg !== undefined);
  const self = [...talkersOf(call), ...waiting].find((leg) => leg.station === station && leg.lives);
  if (self === undefined || call.ending !== undefined) throw new AppError('not_in_call', { id: call.id, station });
  if (wanted.action === 'hangUp') return void (await self.release(cause.normalClearing));
  if (call.phase !== 'talking') throw wrongState(call);
  switch (wanted.action) {
    case 'hold':
      return hold(call, self, context);
    case 'retrieve':
      return retrieve(call, self, context);
    case 'mute':
    case 'unmute':
      return setMuted(call, context, self, wanted.action === 'mute');
    case 'transfer':
      return blind(call, context, self, wanted.to);
    case 'transferToFlow':
      return toFlow(call, context, self, wanted);
    case 'transferToQueue':
      return intoFlow(call, context, self, queueFlow(wanted.queueId), wanted.queueId);
    case 'consult':
      return consult(call, context, self, wanted.to);
    case 'swap':
      return swap(call, context, self);
    case 'completeConsult':
      return completeConsult(call, context, self);
    case 'cancelConsult':
      return cancelConsult(call, context, self);
    case 'merge':
      return merge(call, context, self);
    case 'park':
      return park(call, context, self);
    case 'sendDigits':
      return sendDigits(call, context, self, wanted.digits);
  }
}

/** Does what a supervisor asks for. Rejects with call_wrong_state, not_in_call, or with what the line says. */
export async function supervise(
  call: LiveCall,
  context: CallContext,
  wanted: SuperviseAction,
  by: string,
): Promise<void> {
  if (call.ending !== undefined) throw wrongState(call);
  switch (wanted.action) {
    case 'monitor': {
      const { station, mode, of } = wanted;
      return monitor(call, context, watched(call, of), { station, mode, by });
    }
    case 'changeMode':
      if (!setMonitorMode(call, context, wanted.station, wanted.mode)) throw notThere(call, wanted.station);
      return;
    case 'stop':
      if (!stopMonitor(call, wanted.station)) throw notThere(call, wanted.station);
      return;
    case 'takeOver':
      return takeOver(call, context, wanted.station, context.agentAt(wanted.station));
    case 'release':
      call.log.info({ by }, 'a supervisor ends the call');
      context.release(call, cause.normalClearing, 'system');
  }
}

function setMuted(call: LiveCall, context: CallContext, self: Leg, muted: boolean): void {
  if (muted) call.muted.add(self);
  else call.muted.delete(self);
  arrange(call, context);
  context.changed(call);
}

/** Whose talk is listened to: the party at a telephone, else the agent, else whoever is at one. */
function watched(call: LiveCall, station: number | undefined): Leg {
  const { peer } = call;
  const agent = peer?.agentId == null ? undefined : peer.leg;
  const legs = talkersOf(call);
  const found =
    station === undefined
      ? (agent ?? legs.find((leg) => leg.station !== null) ?? peer?.leg)
      : legs.find((leg) => leg.station === station);
  if (found === undefined) throw station === undefined ? wrongState(call) : notThere(call, station);
  return found;
}

/** Resolves when it is accepted; what becomes of it, the call tells. */
function blind(call: LiveCall, context: CallContext, self: Leg, number: string): Promise<void> {
  if (call.consult !== undefined || call.members.length > 0 || call.dialling !== undefined) throw wrongState(call);
  return new Promise((resolve, reject) => {
    const reply = (outcome: { state: string; cause?: number }): void => {
      if (outcome.state !== 'failed') resolve();
      else
        reject(
          new AppError('number_leads_nowhere', { number, reason: `Q.850 ${outcome.cause ?? cause.temporaryFailure}` }),
        );
    };
    void transfer(context, { leg: self.leg, to: { number }, reply });
  });
}

function toFlow(
  call: LiveCall,
  context: CallContext,
  self: Leg,
  { flowId, back }: Extract<CallAction, { action: 'transferToFlow' }>,
): Promise<void> {
  const flow = context.flows.prepare(flowId);
  if (flow === undefined) throw new AppError('flow_not_found', { id: flowId });
  return intoFlow(call, context, self, flow, flowId, back);
}

function intoFlow(
  call: LiveCall,
  context: CallContext,
  self: Leg,
  flow: PreparedFlow,
  to: string,
  back = false,
): Promise<void> {
  if (call.consult !== undefined || call.members.length > 0 || !isInTalk({ call, leg: self })) throw wrongState(call);
  (back ? lendToFlow : sendIntoFlow)(context, { call, leg: self }, flow, to);
  return Promise.resolve();
}

/** Waits in a queue, and is released when nobody comes. */
function queueFlow(queueId: string): PreparedFlow {
  return { flowId: null, version: 0, run: (session) => session.queue(queueId).then(() => undefined) };
}

/** As if he had pressed them: those he talks with hear them. */
function sendDigits(call: LiveCall, context: CallContext, self: Leg, digits: string): void {
  call.relay ??= new DigitRelay(context);
  for (const leg of talkersOf(call)) {
    if (leg === self || call.waiting.has(leg)) continue;
    for (const digit of digits) call.relay.send(leg, digit);
  }
}

const wrongState = (call: LiveCall): AppError => new AppError('call_wrong_state', { id: call.id, phase: call.phase });
const notThere = (call: LiveCall, station: number): AppError => new AppError('not_in_call', { id: call.id, station });
