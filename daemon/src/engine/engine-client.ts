// The daemon's way to the engine: a promise for every command, events by name. Messages are handed on in the order in which
// the engine sent them, and whoever waits for a reply runs before the event after it is published: the one who seized a leg
// knows its number before the leg is said to be answered.
import type {
  EngineCommands,
  EngineConfig,
  EngineError as WireError,
  EngineEvents,
  EngineLog,
  EngineMessage,
  ErrorCode,
} from '@cordboard/native';
import { AppError, TypedEmitter, word, type EventSource, type Log } from '../platform/index.js';

/** The engine itself, or a stand-in with the same three members. */
export interface RawEngine {
  submit<C extends keyof EngineCommands>(id: number, command: C, params: EngineCommands[C]['params']): void;
  close(): Promise<void>;
}
export type RawEngineConstructor = new (config: EngineConfig, deliver: (batch: EngineMessage[]) => void) => RawEngine;

/** What the engine refused, with its own code; the text is in params.reason. */
export class EngineRefusal extends AppError<'engine_refused'> {
  constructor(
    readonly command: string,
    readonly engineCode: ErrorCode,
    reason: string,
  ) {
    super('engine_refused', { command, reason: { en: reason, zh: word(engineCode).zh } });
    this.name = 'EngineRefusal';
  }
}

export interface EngineClient {
  readonly events: EventSource<EngineEvents>;
  /** Resolves with the reply. Rejects with an EngineRefusal, or with engine_closed when the engine is or gets closed. */
  command<C extends keyof EngineCommands>(
    command: C,
    params: EngineCommands[C]['params'],
  ): Promise<EngineCommands[C]['reply']>;
  readonly closed: boolean;
  /** Ends every leg, then the engine; resolves after its last event was published. Idempotent. */
  close(): Promise<void>;
}

interface Waiter {
  command: string;
  resolve: (reply: never) => void;
  reject: (error: Error) => void;
}

export class NativeEngineClient implements EngineClient {
  readonly #events: TypedEmitter<EngineEvents>;
  readonly #log: Log;
  readonly #engine: RawEngine;
  readonly #waiters = new Map<number, Waiter>();
  #inbox: EngineMessage[] = [];
  #draining = false;
  #drained: (() => void) | undefined;
  #nextId = 1;
  #closing: Promise<void> | undefined;

  /** Throws an EngineRefusal when the engine refuses the configuration. */
  constructor(Engine: RawEngineConstructor, config: EngineConfig, log: Log) {
    this.#log = log;
    this.#events = new TypedEmitter<EngineEvents>(log);
    this.#events.on('engine.log', (line) => this.#write(line));
    try {
      this.#engine = new Engine(config, (batch) => this.#deliver(batch));
    } catch (error) {
      throw refusal('engine.create', error);
    }
  }

  get events(): EventSource<EngineEvents> {
    return this.#events;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  command<C extends keyof EngineCommands>(
    command: C,
    params: EngineCommands[C]['params'],
  ): Promise<EngineCommands[C]['reply']> {
    if (this.#closing !== undefined) return Promise.reject(new AppError('engine_closed'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { command, resolve, reject });
      try {
        this.#engine.submit(id, command, params);
      } catch (error) {
        this.#waiters.delete(id);
        reject(refusal(command, error));
      }
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#engine.close();
    if (this.#draining) await new Promise<void>((resolve) => (this.#drained = resolve));
    for (const waiter of this.#waiters.values()) waiter.reject(new AppError('engine_closed'));
    this.#waiters.clear();
  }

  #deliver(batch: EngineMessage[]): void {
    this.#inbox.push(...batch);
    if (!this.#draining) this.#drain();
  }

  #drain(): void {
    this.#draining = true;
    let replied = false;
    let at = 0;
    for (; at < this.#inbox.length; at += 1) {
      const message = this.#inbox[at] as EngineMessage;
      if ('re' in message) {
        this.#settle(message);
        replied = true;
        continue;
      }
      // Promise callbacks run between two macrotasks: give them their turn before the event that follows their reply.
      if (replied) break;
      this.#publish(message);
    }
    this.#inbox = this.#inbox.slice(at);
    if (replied) {
      setImmediate(() => this.#drain());
      return;
    }
    this.#draining = false;
    this.#drained?.();
  }

  #settle(message: Extract<EngineMessage, { re: number }>): void {
    const waiter = this.#waiters.get(message.re);
    if (waiter === undefined) {
      this.#log.error({ re: message.re }, 'the engine answered a command that was not waiting');
      return;
    }
    this.#waiters.delete(message.re);
    if ('ok' in message) waiter.resolve(message.ok as never);
    else waiter.reject(fromWire(waiter.command, message.error));
  }

  #publish(message: Exclude<EngineMessage, { re: number }>): void {
    this.#events.emit(message.event, message.data as never);
  }

  #write(line: EngineLog): void {
    const fields: Record<string, number> = {};
    if (line.span > 0) fields['span'] = line.span;
    if (line.timeslot > 0) fields['timeslot'] = line.timeslot;
    if (line.leg > 0) fields['leg'] = line.leg;
    switch (line.level) {
      case 'debug':
        return this.#log.debug(fields, line.text);
      case 'info':
        return this.#log.info(fields, line.text);
      case 'warn':
        return this.#log.warn(fields, line.text);
      default:
        return this.#log.error(fields, line.text);
    }
  }
}

/** True for a refusal by the engine with this code. */
export function isRefusal(error: unknown, code?: ErrorCode): error is EngineRefusal {
  return error instanceof EngineRefusal && (code === undefined || error.engineCode === code);
}

function fromWire(command: string, error: WireError): Error {
  return error.code === 'closed' ? new AppError('engine_closed') : new EngineRefusal(command, error.code, error.text);
}

/** What submit() and the constructor throw is an Error with an ErrorCode. */
function refusal(command: string, error: unknown): Error {
  if (!(error instanceof Error)) return new EngineRefusal(command, 'invalid', String(error));
  const code = (error as { code?: ErrorCode }).code ?? 'invalid';
  return fromWire(command, { code, text: error.message });
}
