// Both ends of the way between the daemon and the stack's thread: commands with a reply each, events one way. What is posted is
// batched by turn: many small messages a second cost more by their number than by their size.
import { errorText } from '../../platform/index.js';
import type { StackCommands, StackError, StackEvents } from './protocol.js';

/** One end of a MessageChannel, or a Worker: what both have in common. */
export interface Post {
  postMessage(value: unknown): void;
  on(event: 'message', listener: (value: unknown) => void): unknown;
}

export type CommandName = keyof StackCommands;
interface CommandMessage {
  id: number;
  command: CommandName;
  params: unknown;
}
type ReplyMessage = { re: number; ok: unknown } | { re: number; error: StackError };
interface EventMessage {
  event: keyof StackEvents;
  data: unknown;
}

/** What a command is refused with, on both sides of the channel. */
export class StackRefusal extends Error {
  constructor(
    readonly code: StackError['code'],
    text: string,
  ) {
    super(text);
    this.name = 'StackRefusal';
  }
}

/** Puts what is posted in one turn of the event loop into one message: each costs a wake-up of the other thread. */
class Batcher {
  readonly #post: Post;
  #waiting: unknown[] = [];

  constructor(post: Post) {
    this.#post = post;
  }

  push(message: unknown): void {
    if (this.#waiting.push(message) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#waiting;
    this.#waiting = [];
    this.#post.postMessage(messages);
  }
}

export type StackHandlers = {
  [C in CommandName]: (
    params: StackCommands[C]['params'],
  ) => StackCommands[C]['reply'] | Promise<StackCommands[C]['reply']>;
};

/** The stack's end. */
export class StackServer {
  readonly #out: Batcher;
  readonly #handlerOf: <C extends CommandName>(command: C) => StackHandlers[C];

  /** `handlerOf` throws a StackRefusal when nobody can carry it out now. */
  constructor(post: Post, handlerOf: <C extends CommandName>(command: C) => StackHandlers[C]) {
    this.#out = new Batcher(post);
    this.#handlerOf = handlerOf;
    post.on('message', (batch) => {
      for (const message of batch as CommandMessage[]) void this.#carryOut(message);
    });
  }

  emit<E extends keyof StackEvents>(event: E, data: StackEvents[E]): void {
    this.#out.push({ event, data } satisfies EventMessage);
  }

  /** Never rejects. A handler that does not wait is answered in the same turn, before the events that it causes in later ones. */
  async #carryOut({ id, command, params }: CommandMessage): Promise<void> {
    try {
      const ok = this.#handlerOf(command)(params as never);
      this.#out.push({ re: id, ok: ok instanceof Promise ? await ok : ok } satisfies ReplyMessage);
    } catch (error) {
      const refused: StackError =
        error instanceof StackRefusal
          ? { code: error.code, text: error.message }
          : { code: 'io', text: errorText(error) };
      this.#out.push({ re: id, error: refused } satisfies ReplyMessage);
    }
  }
}

interface Waiter {
  resolve: (reply: never) => void;
  reject: (error: Error) => void;
}

/** The daemon's end. */
export class StackClient {
  readonly #out: Batcher;
  readonly #waiters = new Map<number, Waiter>();
  readonly #listen: <E extends keyof StackEvents>(event: E, data: StackEvents[E]) => void;
  #inbox: (ReplyMessage | EventMessage)[] = [];
  #draining = false;
  #nextId = 1;
  #closed: Error | undefined;

  constructor(post: Post, listen: <E extends keyof StackEvents>(event: E, data: StackEvents[E]) => void) {
    this.#out = new Batcher(post);
    this.#listen = listen;
    post.on('message', (batch) => {
      this.#inbox.push(...(batch as (ReplyMessage | EventMessage)[]));
      if (!this.#draining) this.#drain();
    });
  }

  /** Rejects with a StackRefusal, or with what `close` was told. */
  command<C extends CommandName>(command: C, params: StackCommands[C]['params']): Promise<StackCommands[C]['reply']> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      this.#out.push({ id, command, params } satisfies CommandMessage);
    });
  }

  /** Nobody answers any more. */
  close(why: Error): void {
    this.#closed ??= why;
    for (const { reject } of this.#waiters.values()) reject(this.#closed);
    this.#waiters.clear();
  }

  /** Whoever waits for a reply runs before the events that follow it: the one who dialled knows his call before it rings. */
  #drain(): void {
    this.#draining = true;
    let replied = false;
    let at = 0;
    for (; at < this.#inbox.length; at += 1) {
      const message = this.#inbox[at] as ReplyMessage | EventMessage;
      if ('re' in message) {
        this.#settle(message);
        replied = true;
      } else if (replied) {
        break;
      } else if (this.#closed === undefined) {
        this.#listen(message.event, message.data as never);
      }
    }
    this.#inbox = this.#inbox.slice(at);
    if (replied) setImmediate(() => this.#drain());
    else this.#draining = false;
  }

  #settle(message: ReplyMessage): void {
    const waiter = this.#waiters.get(message.re);
    this.#waiters.delete(message.re);
    if ('ok' in message) waiter?.resolve(message.ok as never);
    else waiter?.reject(new StackRefusal(message.error.code, message.error.text));
  }
}
