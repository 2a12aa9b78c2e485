/** Running times as people read them on a telephone: 0:07, 12:41, 1:02:09. Never negative. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const s = String(seconds % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${s}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${s}`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** 10:42:07, local time */
export function clockTime(at: number): string {
  const d = new Date(at);
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** 2026-11-21, local time: the same in both languages, sortable by eye */
export function day(at: number): string {
  const d = new Date(at);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

/** Time alone for today, month and day before it for this year, the whole date otherwise. */
export function moment(at: number, now: number): string {
  if (day(at) === day(now)) return clockTime(at);
  const date = new Date(at).getFullYear() === new Date(now).getFullYear() ? day(at).slice(5) : day(at);
  return `${date} ${clockTime(at)}`;
}
