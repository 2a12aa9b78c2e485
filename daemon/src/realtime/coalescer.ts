// A queue in a rush changes a hundred times a second, and a page shows twenty. Of events that replace one another (`*.updated` of the same
// thing) only the last within a period goes out; the others go out all. The order of things is kept.
import type { LiveEvents } from '../contract/index.js';
import type { Clock, Timer } from '../platform/index.js';

export type LiveEvent = { [E in keyof LiveEvents]: { event: E; data: LiveEvents[E] } }[keyof LiveEvents];

export class Coalescer {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #flush: (events: LiveEvent[]) => void;
  #waiting = new Map<string, LiveEvent>();
  #timer: Timer | undefined;
  #count = 0;

  constructor(clock: Clock, periodMs: number, flush: (events: LiveEvent[]) => void) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#flush = flush;
  }

  add(event: LiveEvent): void {
    const key = replaces(event) ?? `${event.event} ${this.#count++}`;
    this.#waiting.set(key, event);
    this.#timer ??= this.#clock.after(this.#periodMs, () => this.flush());
  }

  /** Sends what waits, now. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const events = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#flush(events);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting = new Map();
  }
}

/** Events with the same key replace one another; undefined: this one replaces none. */
function replaces(event: LiveEvent): string | undefined {
  switch (event.event) {
    case 'call.updated':
    case 'calendar.updated':
    case 'agent.updated':
    case 'callback.updated':
    case 'conference.updated':
    case 'queue.updated':
      return `${event.event} ${event.data.id}`;
    case 'agent.line':
      return `${event.event} ${event.data.agentId}`;
    case 'trunk.updated':
      return `${event.event} ${event.data.trunk}`;
    case 'span.updated':
      return `${event.event} ${event.data.span}`;
    case 'line.updated':
      return `${event.event} ${event.data.line}`;
    case 'station.updated':
      return `${event.event} ${event.data.station}`;
    case 'routing.changed':
      return `${event.event} ${event.data.kind} ${event.data.id}`;
    case 'flow.step':
      return `${event.event} ${event.data.callId} ${event.data.flowId}`;
    case 'recording.updated':
      return `${event.event} ${event.data.callId}`;
    case 'voicemail.updated':
      return `${event.event} ${event.data.boxId}`;
    case 'colleagues.changed':
    case 'call.removed':
    case 'call.segment':
    case 'call.metered':
    case 'call.tariffs':
    case 'survey.answered':
    case 'recording.alarm':
    case 'agent.message':
    case 'agent.messageRead':
    case 'missed.updated':
    case 'dial.refused':
      return undefined;
  }
}
