// Where the media of an INVITE will come from, as far as its offer says: the engine chooses a socket by it.
import { descriptionOf } from '../dialog/index.js';
import type { SipRequest } from '../message/index.js';
import { connectionOf, isWebRtc, type SdpFailure, type SdpSession } from '../sdp/index.js';

/** nobody's address: the old way to hold (RFC 2543 B.5) */
const HOLD: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** undefined: there is no offer, or it says nothing that can be used. */
export function descriptionSource(
  request: SipRequest,
  read: (body: Buffer) => SdpSession | SdpFailure,
): { address: string; port: number } | undefined {
  const body = descriptionOf(request);
  if (body === undefined) return undefined;
  const offer = read(body);
  if (offer.kind === 'failure') return undefined;
  const media = offer.media.find(({ kind, port }) => kind === 'audio' && port > 0);
  const connection = media === undefined ? undefined : connectionOf(offer, media);
  // Where a browser is, ICE finds.
  if (media !== undefined && isWebRtc(media)) return undefined;
  if (media === undefined || connection === undefined || HOLD.has(connection.address)) return undefined;
  return { address: connection.address, port: media.port };
}
