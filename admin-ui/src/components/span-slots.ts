import type { Call, Span } from '@cordboard/daemon/contract';

/** What a square of a span row shows. */
export type SlotKind = 'idle' | 'in' | 'out' | 'signalling' | 'alarm' | 'other' | 'blocked';

export interface Slot {
  number: number;
  kind: SlotKind;
  call?: Call;
}

/** What an E1 is signalled by has this timeslot: its D-channel (or the back-up of another's), the bits of R2, or a link of No. 7. */
export function isSignalling(span: Span, timeslot: number): boolean {
  if (span.signalling === 'ss7')
    return (span.links ?? []).some((link) => link.span === span.span && link.timeslot === timeslot);
  return timeslot === 16 && span.pri?.dchannelHere !== false;
}

/** Nothing gets through on the whole span. A yellow alarm too: the far end hears nothing. */
export const isDead = (span: Span): boolean => span.alarms.length > 0;

export function slotsOf(span: Span, calls: ReadonlyMap<string, Call>): Slot[] {
  const known = new Map(span.timeslots.map((timeslot) => [timeslot.timeslot, timeslot]));
  return Array.from({ length: 31 }, (_, i) => {
    const number = i + 1;
    const timeslot = known.get(number);
    const call = timeslot?.callId ? calls.get(timeslot.callId) : undefined;
    return { number, call, kind: kindOf() };

    function kindOf(): SlotKind {
      if (isDead(span)) return 'alarm';
      if (isSignalling(span, number)) return span.dchannelUp ? 'signalling' : 'alarm';
      if (!timeslot?.busy) return (timeslot?.blocked ?? 'no') === 'no' ? 'idle' : 'blocked';
      if (!timeslot.callId) return 'other';
      return call?.direction === 'out' ? 'out' : 'in';
    }
  });
}

/** Keys of the sentences that tell a technician what to do, the cause before its consequences. */
export function alarmKeys(span: Span): string[] {
  const order = ['los', 'ais', 'red', 'yellow'] as const;
  const worst = order.find((kind) => span.alarms.includes(kind));
  if (worst) return [`floor.alarm.${worst}`];
  if (span.dchannelUp) return [];
  return [span.signalling === 'pri' ? 'floor.alarm.dchannel' : 'floor.alarm.farEnd'];
}
