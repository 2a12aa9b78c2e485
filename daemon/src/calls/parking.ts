// Parked calls: a party leaves his partner at a numbered place, with music, where any telephone of the box can take him, by the number
// or from a page. Whom nobody takes goes back to the telephone that parked him.
import { AppError } from '../platform/index.js';
import type { LegOffered } from '../lines/index.js';
import { errorText } from '../platform/index.js';
import { cause, type CallContext } from './call-context.js';
import { recordFurther } from './call-recording.js';
import { Leg } from './leg.js';
import { isInTalk } from './leg-table.js';
import type { LiveCall } from './live-call.js';
import { beginTalk, hasLeft } from './parties.js';
import { hush, playHoldMusic } from './sounds.js';
import { callBack, dismiss, leave } from './transfer.js';

/** Two digits are soon dialled. */
const SLOTS = 99;
/** Longer than it takes to walk to another desk; the settings may say something else. */
const PARKED_MS = 120_000;
/** How long a telephone rings at which somebody wants to take a parked call from a page. */
const RING_MS = 30_000;

export class ParkingLot {
  readonly #calls = new Map<number, LiveCall>();

  /** after so long a call goes back to the telephone that parked it */
  /** `parkedMs`: after it a call rings back */
  constructor(readonly parkedMs: () => number = () => PARKED_MS) {}

  /** The lowest place that is free; undefined: there is none. */
  take(call: LiveCall): number | undefined {
    for (let slot = 1; slot <= SLOTS; slot += 1) {
      if (this.#calls.has(slot)) continue;
      this.#calls.set(slot, call);
      return slot;
    }
    return undefined;
  }

  at(slot: number): LiveCall | undefined {
    return this.#calls.get(slot);
  }

  free(slot: number): void {
    this.#calls.delete(slot);
  }
}

const wrongState = (call: LiveCall): AppError => new AppError('call_wrong_state', { id: call.id, phase: call.phase });

/** The partner of `self` is parked, `self` leaves. Rejects with call_wrong_state, parking_full. */
export function park(call: LiveCall, context: CallContext, self: Leg): void {
  const alone = call.consult === undefined && call.members.length === 0 && call.dialling === undefined;
  if (!alone || !isInTalk({ call, leg: self })) throw wrongState(call);
  const slot = context.parking.take(call);
  if (slot === undefined) throw new AppError('parking_full', { most: SLOTS });
  const { station } = self;
  const leaver = leave(context, call, self);
  call.machine.fire('park');
  const segment = call.segment('parked', { by: station ?? self.role, slot });
  const timer = context.clock.after(context.parking.parkedMs(), () => goBack(call, context));
  call.parked = { slot, station, segment, timer, queueId: leaver.queueId, taker: undefined };
  playHoldMusic(call.leg, context);
  if (station !== null) hasLeft(context, call, leaver, station);
  dismiss(call, self);
  context.changed(call);
  void recordFurther(call, context, call.leg);
}

/** Nobody has taken him. */
function goBack(call: LiveCall, context: CallContext): void {
  const station = call.parked?.station ?? null;
  leaveSlot(call, context, 'timeout');
  if (station === null) return context.release(call, cause.noAnswer, 'system');
  call.machine.fire('transfer');
  void callBack(call, context, station, cause.noAnswer);
}

/** A telephone has dialled the place; false: nobody is there, and the leg is none of ours. */
export function takeParked(context: CallContext, { leg: number, port, origin }: LegOffered, slot: number): boolean {
  const call = context.parking.at(slot);
  if (call?.parked === undefined || call.parked.taker !== undefined) return false;
  const leg = new Leg({
    ...{ ...context, leg: number, port, place: origin, role: 'callee', initial: 'offered', log: call.log },
    gone: (one) => context.legs.remove(one),
  });
  call.parked.taker = { leg, ringing: undefined };
  context.legs.put(call, leg);
  context.trunks.setCall(number, call.id);
  leg.answer().then(
    () => taken(call, context, leg),
    (error: unknown) => {
      call.log.info({ err: error }, `a parked call was not taken: ${errorText(error)}`);
      takerGone(call, leg);
      void leg.release(cause.temporaryFailure);
    },
  );
  return true;
}

/** Rings a telephone, and gives it the parked call when it is lifted. Rejects with call_wrong_state, or with what the line says. */
export async function takeParkedAt(call: LiveCall, context: CallContext, station: number): Promise<void> {
  if (call.parked === undefined || call.parked.taker !== undefined) throw wrongState(call);
  const { callingNumber, callingName } = call.row;
  const told = { calledNumber: String(station), callingNumber, callingName };
  const seized = await context.lines.seize({ target: { kind: 'station', station }, ...told });
  const gone = (number: number): void => context.legs.remove(number);
  const leg = new Leg({ ...context, ...seized, role: 'callee', initial: 'seizing', log: call.log, gone });
  const { parked } = call;
  if (parked === undefined || parked.taker !== undefined) {
    void leg.release(cause.normalClearing);
    throw wrongState(call);
  }
  context.legs.put(call, leg);
  parked.taker = { leg, ringing: context.clock.after(RING_MS, () => void leg.release(cause.noAnswer)) };
}

/** The telephone was lifted; false: it is none that takes a parked call. */
export function takerAnswered(call: LiveCall, context: CallContext, leg: Leg): boolean {
  if (call.parked?.taker?.leg !== leg) return false;
  taken(call, context, leg);
  return true;
}

/** He has hung up before; false: he was none. */
export function takerGone(call: LiveCall, leg: Leg): boolean {
  if (call.parked?.taker?.leg !== leg) return false;
  call.parked.taker.ringing?.cancel();
  call.parked.taker = undefined;
  return true;
}

function taken(call: LiveCall, context: CallContext, leg: Leg): void {
  const { parked } = call;
  if (call.ending !== undefined || parked?.taker?.leg !== leg || !leg.answered) {
    return void leg.release(cause.wrongState);
  }
  const { station } = leg;
  leaveSlot(call, context, 'taken');
  if (!call.machine.fire('connect')) return void leg.release(cause.wrongState);
  const agentId = station === null ? null : context.agentAt(station);
  const queueId = agentId === null ? null : parked.queueId;
  beginTalk(call, context, { leg, agentId, queueId });
  if (agentId !== null) call.record.update({ agentId });
  context.changed(call);
  context.events.emit('call.connected', { call: call.toDto(), agentId, queueId, station, waitMs: 0 });
}

function leaveSlot(call: LiveCall, context: CallContext, outcome: string): void {
  const { parked } = call;
  if (parked === undefined) return;
  call.parked = undefined;
  parked.timer.cancel();
  parked.taker?.ringing?.cancel();
  parked.segment.end({ outcome });
  context.parking.free(parked.slot);
  hush(call.leg);
  if (outcome !== 'taken') void parked.taker?.leg.release(cause.normalClearing);
}

/** The call ends. */
export function dropParked(call: LiveCall, context: CallContext): void {
  leaveSlot(call, context, 'callEnded');
}
