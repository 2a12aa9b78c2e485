// Events between parts. Delivery is synchronous and in the order of subscription; a listener that throws (or whose promise
// rejects) is logged and disturbs neither the others nor the one who published.
import { silentLog, type Log } from './log.js';

export type Listener<T> = (data: T) => void | Promise<void>;
export type Unsubscribe = () => void;

/** What may subscribe but not publish. */
export interface EventSource<Events extends object> {
  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): Unsubscribe;
  once<E extends keyof Events>(event: E, listener: Listener<Events[E]>): Unsubscribe;
}

export class TypedEmitter<Events extends object> implements EventSource<Events> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();
  readonly #log: Log;

  constructor(log: Log = silentLog) {
    this.#log = log;
  }

  /** Listens until the function it returns is called. The same function given twice is called once. */
  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): Unsubscribe {
    let listeners = this.#listeners.get(event);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(event, listeners);
    }
    listeners.add(listener);
    return () => this.#listeners.get(event)?.delete(listener);
  }

  once<E extends keyof Events>(event: E, listener: Listener<Events[E]>): Unsubscribe {
    const off = this.on(event, (data) => {
      off();
      return listener(data);
    });
    return off;
  }

  /** Resolves with the next such event. */
  next<E extends keyof Events>(event: E): Promise<Events[E]> {
    return new Promise((resolve) => this.once(event, resolve));
  }

  /** Calls every listener there was when it began; never throws. */
  emit<E extends keyof Events>(event: E, data: Events[E]): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined || listeners.size === 0) return;
    if (listeners.size === 1) {
      // One that subscribes another now is not the only one any more: no further.
      for (const only of listeners) return void this.#tell(event, only as Listener<Events[E]>, data);
    }
    for (const listener of [...listeners] as Listener<Events[E]>[]) void this.#tell(event, listener, data);
  }

  /** The same; resolves when those listeners are done, too, that answered with a promise. Undefined when none did. */
  emitAndWait<E extends keyof Events>(event: E, data: Events[E]): Promise<unknown> | undefined {
    const listeners = [...(this.#listeners.get(event) ?? [])] as Listener<Events[E]>[];
    const works = listeners.map((listener) => this.#tell(event, listener, data)).filter((work) => work !== undefined);
    return works.length === 0 ? undefined : Promise.all(works);
  }

  listenerCount(event: keyof Events): number {
    return this.#listeners.get(event)?.size ?? 0;
  }

  removeAll(): void {
    this.#listeners.clear();
  }

  #tell<E extends keyof Events>(event: E, listener: Listener<Events[E]>, data: Events[E]): Promise<void> | undefined {
    try {
      const result = listener(data);
      if (result instanceof Promise) return result.catch((error: unknown) => this.#failed(event, error));
    } catch (error) {
      this.#failed(event, error);
    }
    return undefined;
  }

  #failed(event: keyof Events, error: unknown): void {
    this.#log.error({ err: error, event: String(event) }, 'a listener of an event failed');
  }
}
