// The sound of the simulator's telephones and callers in a page: a namespace of the socket. A-law, 8 kHz, blocks of 20 ms.
import { z } from 'zod';
import type { ErrorBody } from './errors.js';
import type { ExchangeCall, ExchangePhone } from './exchange.js';
import { StationNumber, Ulid } from './primitives.js';
import type { SessionEnded } from './socket.js';

export const LINE_NAMESPACE = '/line';

/** What is listened to and spoken into: the telephone of a station, or a caller by the id of his call. */
export const LineTarget = z.union([z.strictObject({ station: StationNumber }), z.strictObject({ call: Ulid })]);
export type LineTarget = z.infer<typeof LineTarget>;

export interface LineServerEvents {
  /** what the telephone at `ear` hears */
  heard: (ear: number, octets: Uint8Array) => void;
  /** its call has ended */
  gone: (ear: number) => void;
  phone: (phone: ExchangePhone) => void;
  call: (call: ExchangeCall) => void;
  'session.ended': (ended: SessionEnded) => void;
}

export interface LineClientEvents {
  /** `ear`: a number of the page's own, by which it tells its telephones apart */
  listen: (ear: number, target: LineTarget, answer: (refused: ErrorBody | null) => void) => void;
  say: (ear: number, octets: Uint8Array) => void;
  leave: (ear: number) => void;
}
