// Bytes of one message to an event.
import type { TypedEmitter } from '../../platform/index.js';
import { parseMessage, type SipRequest, type SipResponse } from '../message/index.js';
import type { Reading } from './connection.js';
import type { TransportCounts } from './counts.js';
import type { Admission, Flow, TransportEvents } from './types.js';
import { stampReceived } from './via-hop.js';

export interface MessageReaderOptions {
  events: TypedEmitter<TransportEvents>;
  counts: TransportCounts;
  admission: Admission | undefined;
  /** whether a response is to a request of ours (RFC 3261 18.1.2) */
  ours: (response: SipResponse, flow: Flow) => boolean;
}

export class MessageReader {
  readonly #options: MessageReaderOptions;

  constructor(options: MessageReaderOptions) {
    this.#options = options;
  }

  admit(flow: Flow): boolean {
    return this.#options.admission?.admit(flow) !== false;
  }

  /** A message that came over a connection; the guard is asked here. `noticed`: sees requests before all others. */
  readFrom(bytes: Buffer, flow: Flow, noticed?: (request: SipRequest) => void): Reading {
    if (!this.admit(flow)) {
      this.#options.counts[flow.transport].refused += 1;
      return 'refused';
    }
    return this.read(bytes, flow, noticed);
  }

  /** A message that the guard has let in. */
  read(bytes: Buffer, flow: Flow, noticed?: (request: SipRequest) => void): Exclude<Reading, 'refused'> {
    const { events, counts, ours } = this.#options;
    const count = counts[flow.transport];
    count.messagesIn += 1;
    // A WebSocket message has its length, as a datagram has: Content-Length may be missing (RFC 7118 clause 5).
    const stream = flow.transport === 'tcp' || flow.transport === 'tls';
    const message = parseMessage(bytes, { stream });
    if (message.kind === 'failure') {
      count.malformed += 1;
      if (message.request !== undefined) stampReceived(message.request, flow);
      events.emit('malformed', { failure: message, flow });
      return 'malformed';
    }
    if (message.kind === 'request') {
      stampReceived(message, flow);
      noticed?.(message);
      events.emit('request', { request: message, flow });
    } else if (ours(message, flow)) {
      events.emit('response', { response: message, flow });
    } else {
      count.strayResponses += 1;
    }
    return 'message';
  }
}
