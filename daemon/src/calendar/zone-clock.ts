// What the clock on the wall shows at an instant, and when it will show something: the time zone of the box, daylight saving and
// all. Walls are counted like instants: ms since 1970 as if the wall were in UTC.
import { Temporal } from 'temporal-polyfill';

const DAY_MS = 86_400_000;
/** from one change of the clocks to the next */
interface Segment {
  from: number;
  /** Infinity: no change is known */
  to: number;
  offsetMs: number;
}
const MOST_SEGMENTS = 64;

export class ZoneClock {
  readonly zone: string;
  #segments: Segment[] = [];

  /** Throws a RangeError for a zone that nobody knows. */
  constructor(zone: string) {
    this.zone = zone;
    this.#segmentAt(0);
  }

  wallOf(instantMs: number): number {
    return instantMs + this.#segmentAt(instantMs).offsetMs;
  }

  /** When the wall shows this: never (clocks went forward over it), once, or twice (they went back). Ascending. */
  instantsOf(wallMs: number): number[] {
    const [before, after] = [this.#segmentAt(wallMs - DAY_MS), this.#segmentAt(wallMs + DAY_MS)];
    if (before === after) return [wallMs - before.offsetMs];
    const offsets = new Set([before, after, this.#segmentAt(wallMs - before.offsetMs)].map(({ offsetMs }) => offsetMs));
    return [...offsets]
      .map((offset) => wallMs - offset)
      .filter((instant) => this.wallOf(instant) === wallMs)
      .sort((a, b) => a - b);
  }

  /** When the clocks are changed next after an instant; undefined: not that anybody knows. */
  nextChange(instantMs: number): number | undefined {
    const { to } = this.#segmentAt(instantMs);
    return to === Infinity ? undefined : to;
  }

  #segmentAt(instantMs: number): Segment {
    const known = this.#segments.find(({ from, to }) => instantMs >= from && instantMs < to);
    if (known !== undefined) return known;
    const zoned = Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(this.zone);
    // Asked a moment later: a change at this very instant is its beginning.
    const before = zoned.add({ milliseconds: 1 }).getTimeZoneTransition('previous');
    const after = zoned.getTimeZoneTransition('next');
    const segment = {
      from: before?.epochMilliseconds ?? -Infinity,
      to: after?.epochMilliseconds ?? Infinity,
      offsetMs: zoned.offsetNanoseconds / 1_000_000,
    };
    this.#segments = [segment, ...this.#segments].slice(0, MOST_SEGMENTS);
    return segment;
  }
}
