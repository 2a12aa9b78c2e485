// Which body of a message is a session description (RFC 3261 13.2.1, 8.2.3).
import type { SipMessage, SipRequest } from '../../message/index.js';

export const SDP = 'application/sdp';

/** The media type of the body in lower case, without parameters; undefined: there is no body. */
export function bodyType(message: SipMessage): string | undefined {
  if (message.body.length === 0) return undefined;
  const [type = ''] = (message.headers.get('Content-Type') ?? '').split(';', 1);
  return type.trim().toLowerCase();
}

/** The session description in a message; undefined: it has none. */
export function descriptionOf(message: SipMessage): Buffer | undefined {
  return bodyType(message) === SDP ? message.body : undefined;
}

/** A body that we cannot read and may not ignore: 415 (RFC 3261 8.2.3). */
export function hasForeignBody(message: SipMessage): boolean {
  const type = bodyType(message);
  if (type === undefined || type === SDP) return false;
  return !/;\s*handling\s*=\s*"?optional/i.test(message.headers.get('Content-Disposition') ?? '');
}

/** Whether an answer may hold a session description: whoever names what he takes, names that too (RFC 3261 20.1). */
export function takesDescriptions(request: SipRequest): boolean {
  if (!request.headers.has('Accept')) return true;
  const ranges = request.headers.list('Accept').map((range) => range.split(';', 1)[0]?.trim().toLowerCase());
  return ranges.some((range) => range === SDP || range === 'application/*' || range === '*/*');
}
