// Messages as bytes.
import { sipHeaders } from './headers.js';
import { encodeText, isToken } from './text.js';
import type { SipMessage } from './types.js';

const NO_START_LINE = /[\r\n\0]/;

const NO_URI = /[\0- \x7f]/;

/**
 * The bytes of a message. Content-Length is that of the body, whatever the headers say. Throws a RangeError when the start line would
 * not be one (RFC 3261 7.1, 7.2): CR, LF or NUL in it, a space in the URI, a method that is no token.
 */
export function serialise(message: SipMessage): Buffer {
  const { headers, body } = message;
  const head = `${startLine(message)}\r\n${sipHeaders(headers).format(body.length)}\r\n`;
  const length = Buffer.byteLength(head);
  if (length !== head.length) return Buffer.concat([encodeText(head), body]);
  const bytes = Buffer.allocUnsafe(length + body.length);
  bytes.write(head, 0, 'latin1');
  body.copy(bytes, length);
  return bytes;
}

function startLine(message: SipMessage): string {
  if (message.kind === 'request') {
    const { method, uriText } = message;
    if (!isToken(method)) throw new RangeError('the method is no token');
    if (uriText === '' || NO_URI.test(uriText)) throw new RangeError('the request URI is empty or holds a space');
    return `${method} ${uriText} SIP/2.0`;
  }
  const { status, reason } = message;
  if (!Number.isInteger(status) || status < 100 || status > 699) throw new RangeError('no such status');
  if (NO_START_LINE.test(reason)) throw new RangeError('the reason phrase holds CR, LF or NUL');
  return `SIP/2.0 ${status} ${reason}`;
}
