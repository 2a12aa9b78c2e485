// Quiet hours, in the zone of the box; they may go over midnight.
export interface QuietHours {
  quietFrom: string | null;
  quietTo: string | null;
}

const DAY_MIN = 1440;

function minutesOf(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** ms until they are over; 0: it is not quiet. */
export function quietForMs({ quietFrom, quietTo }: QuietHours, atMs: number, zone: string): number {
  if (quietFrom === null || quietTo === null || quietFrom === quietTo) return 0;
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const now = minutesOf(clock.format(atMs));
  const [from, to] = [minutesOf(quietFrom), minutesOf(quietTo)];
  const since = (now - from + DAY_MIN) % DAY_MIN;
  const length = (to - from + DAY_MIN) % DAY_MIN;
  return since < length ? (length - since) * 60_000 - (atMs % 60_000) : 0;
}
