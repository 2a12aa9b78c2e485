// Bodies of type message/sipfrag that tell how a referred call fares: a status line (RFC 3420, RFC 3515 2.4.5).
import { reasonPhrase } from '../../message/index.js';

export const SIPFRAG = 'message/sipfrag';

export interface Sipfrag {
  status: number;
  reason: string;
}

/** undefined: the body does not begin with a status line. */
export function parseSipfrag(body: Buffer): Sipfrag | undefined {
  const [line = ''] = body.toString('latin1', 0, 256).split('\r\n', 1);
  const match = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/.exec(line);
  return match === null ? undefined : { status: Number(match[1]), reason: match[2] ?? '' };
}

/** The reason phrase may come from a peer: what cannot stand in a line becomes a space. */
export function formatSipfrag(status: number, reason = reasonPhrase(status)): Buffer {
  // eslint-disable-next-line no-control-regex
  return Buffer.from(`SIP/2.0 ${status} ${reason.replace(/[\0-\x1f\x7f]/g, ' ')}\r\n`);
}
