// Messages in a stream (RFC 3261 18.3) and the keep-alives between them (RFC 5626 4.4.1).
import { MAX_HEAD_BYTES, MAX_MESSAGE_BYTES } from './limits.js';
import { isSpace, parseNumber, trimmed, unfold } from './text.js';

const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;

/**
 * Finds the messages in what comes over a connection. A message whose length cannot be known (no Content-Length, two of them, one too
 * large) is handed out without its body, so that it can be refused; then `failed` says why the connection must be closed.
 */
export class MessageFramer {
  #buffer: Buffer = NOTHING;
  /** whether #buffer is ours to write behind #end; no octet before it is ever written again, since messages point at them */
  #owned = false;
  #start = 0;
  #end = 0;
  /** no end of a head begins before this */
  #searched = 0;
  /** bytes of the message at #start, when its head has been read */
  #length: number | undefined;
  /** a CRLF was given out as pong with nothing behind it: it may have been the first half of a ping */
  #halfPing = false;
  #failed: string | undefined;
  /** becomes `failed` when the message at #start has been given out */
  #broken: string | undefined;

  /** Why nothing more will come of this connection; undefined: all is well. */
  get failed(): string | undefined {
    return this.#failed;
  }

  /** Bytes that wait for the rest of their message. */
  get pending(): number {
    return this.#end - this.#start;
  }

  /** Takes bytes of the connection; call `next` until it has nothing more. The chunk must not change afterwards. */
  push(chunk: Buffer): void {
    if (this.#failed !== undefined || chunk.length === 0) return;
    if (this.#start === this.#end) {
      this.#use(chunk, false, chunk.length);
      return;
    }
    const length = this.pending + chunk.length;
    if (!this.#owned || this.#end + chunk.length > this.#buffer.length) {
      // Twice what is needed: bytes that come one by one are copied a bounded number of times.
      const room = Buffer.allocUnsafe(length * 2);
      this.#buffer.copy(room, 0, this.#start, this.#end);
      this.#use(room, true, this.pending);
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  /** The next whole message, or a keep-alive; undefined: more bytes are needed. */
  next(): Buffer | 'ping' | 'pong' | undefined {
    if (this.#failed !== undefined || this.pending === 0) return undefined;
    if (this.#length === undefined) {
      const keepAlive = this.#buffer[this.#start] === CR ? this.#keepAlive() : undefined;
      if (keepAlive !== undefined || this.#buffer[this.#start] === CR) return keepAlive;
      this.#halfPing = false;
      this.#length = this.#messageLength();
    }
    if (this.#length === undefined || this.pending < this.#length) return undefined;
    const message = this.#buffer.subarray(this.#start, this.#start + this.#length);
    this.#skip(this.#length);
    return message;
  }

  /** RFC 5626 4.4.1: two CRLFs ask for one. A single one is an answer, or an empty line before a message (RFC 3261 7.5). */
  #keepAlive(): 'ping' | 'pong' | undefined {
    const bytes = this.#buffer;
    const at = this.#start;
    if (this.pending < 2) return undefined;
    if (bytes[at + 1] !== LF) {
      return this.#fail('a CR without LF between messages');
    }
    const more = this.pending > 2;
    if (this.#halfPing) {
      this.#halfPing = false;
      this.#skip(2);
      return 'ping';
    }
    if (more && bytes[at + 2] === CR) {
      if (this.pending === 3) return undefined;
      if (bytes[at + 3] === LF) {
        this.#skip(4);
        return 'ping';
      }
    }
    this.#halfPing = !more;
    this.#skip(2);
    return 'pong';
  }

  #messageLength(): number | undefined {
    const bytes = this.#buffer;
    const headEnd = bytes.subarray(0, this.#end).indexOf(HEAD_END, Math.max(this.#start, this.#searched));
    if (headEnd < 0 || headEnd - this.#start > MAX_HEAD_BYTES) {
      this.#searched = this.#end - HEAD_END.length + 1;
      return this.pending > MAX_HEAD_BYTES ? this.#fail('the head of a message is too large') : undefined;
    }
    const head = headEnd + HEAD_END.length - this.#start;
    const length = contentLength(bytes.toString('latin1', this.#start, headEnd + 2));
    if (typeof length === 'number' && head + length <= MAX_MESSAGE_BYTES) return head + length;
    this.#broken = typeof length === 'string' ? length : 'a message is too large';
    return head;
  }

  #skip(length: number): void {
    this.#start += length;
    this.#searched = this.#start;
    this.#length = undefined;
    if (this.#broken !== undefined) this.#fail(this.#broken);
  }

  /** Lets go of what will not be looked at. */
  #fail(reason: string): undefined {
    this.#failed = reason;
    this.#use(NOTHING, false, 0);
  }

  #use(buffer: Buffer, owned: boolean, end: number): void {
    this.#searched = Math.max(0, this.#searched - this.#start);
    this.#buffer = buffer;
    this.#owned = owned;
    this.#start = 0;
    this.#end = end;
  }
}

/** The Content-Length of a head as latin1 text that ends with CRLF; a sentence: there is none that can be trusted. */
function contentLength(head: string): number | string {
  let found: string | undefined;
  let at = head.indexOf('\n') + 1;
  while (at > 0 && at < head.length) {
    let end = head.indexOf('\n', at);
    const first = head.charCodeAt(at) | 0x20;
    if (first === 0x63 || first === 0x6c) {
      while (isSpace(head.charCodeAt(end + 1))) end = head.indexOf('\n', end + 1);
      const line = head.slice(at, end - 1);
      const colon = line.indexOf(':');
      const name = trimmed(line, 0, Math.max(0, colon)).toLowerCase();
      if (name === 'content-length' || name === 'l') {
        if (found !== undefined) return 'a message has more than one Content-Length';
        found = unfold(line.slice(colon + 1));
      }
    }
    at = end + 1;
  }
  if (found === undefined) return 'a message has no Content-Length';
  return parseNumber(found, Number.MAX_SAFE_INTEGER) ?? 'a Content-Length is no number';
}
