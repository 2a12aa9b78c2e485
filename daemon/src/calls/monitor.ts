// Supervisors in a talk: at a telephone of their own they listen, whisper to one of the parties, talk with all, or take the place of
// an agent. The parties notice nothing of one who listens.
import type { MonitorMode } from '../contract/index.js';
import { AppError } from '../platform/index.js';
import { cause, type CallContext } from './call-context.js';
import { recordFurther } from './call-recording.js';
import { Leg } from './leg.js';
import { isInTalk } from './leg-table.js';
import type { LiveCall, Monitor } from './live-call.js';
import { arrange, beginTalk, forgetHold, hasLeft } from './parties.js';
import { dismiss, leave } from './transfer.js';

/** How long a supervisor's telephone rings. */
const RING_MS = 30_000;

export interface MonitorRequest {
  /** the supervisor's telephone */
  station: number;
  mode: MonitorMode;
  /** who asks; for the record */
  by: string;
}

/**
 * Rings the supervisor's telephone; when he lifts he is in the talk of `of`. Rejects with call_wrong_state when there is no talk,
 * or with what the line says.
 */
export async function monitor(
  call: LiveCall,
  context: CallContext,
  of: Leg,
  { station, mode, by }: MonitorRequest,
): Promise<void> {
  if (!isInTalk({ call, leg: of })) throw new AppError('call_wrong_state', { id: call.id, phase: call.phase });
  const { callingNumber, calledNumber } = call.row;
  const seized = await context.lines.seize({
    target: { kind: 'station', station },
    ...{ calledNumber: String(station), callingNumber: of.station === null ? callingNumber : String(of.station) },
    callingName: calledNumber,
  });
  const gone = (number: number): void => context.legs.remove(number);
  const leg = new Leg({ ...context, ...seized, role: 'callee', initial: 'seizing', log: call.log, gone });
  if (!isInTalk({ call, leg: of })) {
    void leg.release(cause.normalClearing);
    throw new AppError('call_wrong_state', { id: call.id, phase: call.phase });
  }
  context.legs.put(call, leg);
  const segment = call.segment('monitor', { by, station, mode, of: of.station ?? of.role });
  const ringing = context.clock.after(RING_MS, () => void leg.release(cause.noAnswer));
  call.monitors.push({ leg, mode, of, by, segment, ringing });
  context.log.info({ callId: call.id, by, station, mode }, 'a supervisor comes to a call');
  context.changed(call);
}

/** A supervisor has lifted; false: the leg is none's. */
export function monitorAnswered(call: LiveCall, context: CallContext, leg: Leg): boolean {
  const found = monitorOf(call, leg);
  if (found === undefined) return false;
  found.ringing.cancel();
  arrange(call, context);
  context.changed(call);
  return true;
}

/** From the next tick on he hears and is heard otherwise. false: he is not there. */
export function setMonitorMode(call: LiveCall, context: CallContext, station: number, mode: MonitorMode): boolean {
  const found = monitorAt(call, station);
  if (found === undefined) return false;
  found.mode = mode;
  call.happened('monitor', { by: found.by, station, mode, of: found.of.station ?? found.of.role });
  arrange(call, context);
  context.changed(call);
  return true;
}

/** He goes. false: he was not there. */
export function stopMonitor(call: LiveCall, station: number): boolean {
  const found = monitorAt(call, station);
  void found?.leg.release(cause.normalClearing);
  return found !== undefined;
}

/** He has the talk of the one he listened to, who is released. Rejects with call_wrong_state. */
export function takeOver(call: LiveCall, context: CallContext, station: number, agentId: string | null): void {
  const found = monitorAt(call, station);
  if (found === undefined || !found.leg.answered || !isInTalk({ call, leg: found.of }) || call.consult !== undefined) {
    throw new AppError('call_wrong_state', { id: call.id, phase: call.phase });
  }
  const { leg, of, by } = found;
  forget(call, found, 'tookOver');
  const leaver = leave(context, call, of);
  call.happened('transferred', { by, to: station, outcome: 'takenOver' });
  const queueId = agentId === null ? null : leaver.queueId;
  beginTalk(call, context, { leg, agentId, queueId });
  context.changed(call);
  if (of.station !== null) hasLeft(context, call, leaver, of.station);
  context.events.emit('call.connected', { call: call.toDto(), agentId, queueId, station, waitMs: 0 });
  dismiss(call, of);
  void recordFurther(call, context, call.leg);
}

/** His leg has gone; false: it was none's. */
export function monitorGone(call: LiveCall, context: CallContext, leg: Leg): boolean {
  const found = monitorOf(call, leg);
  if (found === undefined) return false;
  forget(call, found, 'left');
  if (call.phase === 'talking') arrange(call, context);
  context.changed(call);
  return true;
}

/** Whom they listened to has left the call. */
export function endMonitorsOf(call: LiveCall, context: CallContext, of: Leg): void {
  for (const found of call.monitors.filter((one) => one.of === of)) {
    forget(call, found, 'partyLeft');
    context.legs.remove(found.leg.leg);
    void found.leg.release(cause.normalClearing);
  }
}

/** The call ends. */
export function dropMonitors(call: LiveCall): void {
  for (const found of [...call.monitors]) {
    forget(call, found, 'callEnded');
    void found.leg.release(cause.normalClearing);
  }
}

function forget(call: LiveCall, found: Monitor, outcome: string): void {
  call.monitors.splice(call.monitors.indexOf(found), 1);
  found.ringing.cancel();
  found.segment.end({ outcome });
  forgetHold(call, found.leg);
}

const monitorOf = (call: LiveCall, leg: Leg): Monitor | undefined => call.monitors.find((one) => one.leg === leg);
const monitorAt = (call: LiveCall, station: number): Monitor | undefined =>
  call.monitors.find(({ leg }) => leg.station === station && leg.lives);
