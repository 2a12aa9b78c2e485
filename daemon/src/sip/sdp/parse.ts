// Session descriptions, read and written (RFC 8866).
import { decodeText, encodeText, parseNumber } from '../message/index.js';
import { MAX_ATTRIBUTES, MAX_BANDWIDTHS, MAX_FORMATS, MAX_MEDIA, MAX_SDP_BYTES, MAX_SDP_LINE_CHARS } from './limits.js';
import type {
  AddressType,
  SdpAttribute,
  SdpBandwidth,
  SdpConnection,
  SdpFailure,
  SdpMedia,
  SdpOrigin,
  SdpSession,
} from './types.js';

const MAX_PORT = 65_535;
const MAX_PORT_COUNT = 255;
const MAX_BANDWIDTH = 4_294_967_295;
const EQUALS = 0x3d;
const DIGITS = /^\d{1,64}$/;
const LINE_BREAKERS = /[\r\n\0]/;

export function failure(reason: string): SdpFailure {
  return { kind: 'failure', reason };
}

/** Reads a description. Never throws. Lines of types that say nothing to us (i, u, e, p, r, z, k) are left out. */
export function parseSdp(body: Buffer): SdpSession | SdpFailure {
  if (body.length > MAX_SDP_BYTES) return failure('the description is too large');
  const text = decodeText(body);
  if (!text.startsWith('v=0\r') && !text.startsWith('v=0\n')) return failure('the description does not begin with v=0');
  if (text.includes('\0')) return failure('the description holds a NUL');
  const draft = new Draft();
  let at = text.indexOf('\n') + 1;
  while (at < text.length) {
    // RFC 8866 5: CRLF, but a single LF should be taken too; the last one may be missing.
    const feed = text.indexOf('\n', at);
    const next = feed < 0 ? text.length : feed;
    const end = text.charCodeAt(next - 1) === 0x0d ? next - 1 : next;
    const fault = end > at ? draft.line(text, at, end) : undefined;
    if (fault !== undefined) return failure(fault);
    at = next + 1;
  }
  return draft.finish();
}

/** A description while it is read: lines go to the session, or to the last m line when there is one. */
class Draft {
  #origin: SdpOrigin | undefined;
  #name: string | undefined;
  #timing: string | undefined;
  #connection: SdpConnection | undefined;
  readonly #bandwidths: SdpBandwidth[] = [];
  readonly #attributes: SdpAttribute[] = [];
  readonly #media: SdpMedia[] = [];
  #current: SdpMedia | undefined;

  /** What is wrong with the line; undefined: nothing. */
  line(text: string, at: number, end: number): string | undefined {
    if (end - at > MAX_SDP_LINE_CHARS) return 'a line is too long';
    if (text.charCodeAt(at + 1) !== EQUALS) return 'a line has no type';
    const value = text.slice(at + 2, end);
    if (value.includes('\r')) return 'a CR stands alone in a line';
    switch (text.charAt(at)) {
      case 'a':
        return this.#attribute(value);
      case 'm':
        return this.#mediaLine(value);
      case 'c':
        return this.#connectionLine(value);
      case 'b':
        return this.#bandwidthLine(value);
      case 'o':
        this.#origin ??= parseOrigin(value);
        return this.#origin === undefined ? 'the o line is malformed' : undefined;
      case 's':
        this.#name ??= value;
        return undefined;
      case 't':
        this.#timing ??= value;
        return /^\d+ +\d+ *$/.test(value) ? undefined : 'a t line is malformed';
      case 'i':
      case 'u':
      case 'e':
      case 'p':
      case 'r':
      case 'z':
      case 'k':
        return undefined;
      default:
        // RFC 8866 5: what has a line of an unknown type is not to be used.
        return 'a line is of an unknown type';
    }
  }

  finish(): SdpSession | SdpFailure {
    if (this.#origin === undefined) return failure('there is no o line');
    for (const media of this.#media) {
      if (media.connection === undefined && this.#connection === undefined && media.port !== 0) {
        return failure('a stream has no c line');
      }
    }
    return {
      kind: 'session',
      origin: this.#origin,
      // Both must be there, and are of no use: some phones leave them out.
      name: this.#name ?? '-',
      connection: this.#connection,
      bandwidths: this.#bandwidths,
      timing: this.#timing ?? '0 0',
      attributes: this.#attributes,
      media: this.#media,
    };
  }

  #attribute(value: string): string | undefined {
    const attributes = this.#current?.attributes ?? this.#attributes;
    if (attributes.length >= MAX_ATTRIBUTES) return 'there are too many a lines';
    const colon = value.indexOf(':');
    const name = colon < 0 ? value.trimEnd() : value.slice(0, colon);
    if (name === '' || name.includes(' ')) return 'an a line is malformed';
    attributes.push({ name, value: colon < 0 ? undefined : value.slice(colon + 1) });
    return undefined;
  }

  #mediaLine(value: string): string | undefined {
    if (this.#media.length >= MAX_MEDIA) return 'there are too many m lines';
    const media = parseMedia(value);
    if (typeof media === 'string') return media;
    this.#media.push(media);
    this.#current = media;
    return undefined;
  }

  #connectionLine(value: string): string | undefined {
    const connection = parseConnection(value);
    if (connection === undefined) return 'a c line is malformed';
    // Several c lines of one stream are layers of a multicast: the first will do.
    if (this.#current === undefined) this.#connection ??= connection;
    else this.#current.connection ??= connection;
    return undefined;
  }

  #bandwidthLine(value: string): string | undefined {
    const bandwidths = this.#current?.bandwidths ?? this.#bandwidths;
    const colon = value.indexOf(':');
    const kbits = parseNumber(value.slice(colon + 1).trim(), MAX_BANDWIDTH);
    if (colon <= 0 || kbits === undefined) return 'a b line is malformed';
    if (bandwidths.length >= MAX_BANDWIDTHS) return 'there are too many b lines';
    bandwidths.push({ type: value.slice(0, colon), value: kbits });
    return undefined;
  }
}

/** Words of a line; phones put two spaces between some. */
export function words(text: string): string[] {
  const parts = text.trim().split(' ');
  return parts.includes('') ? parts.filter((part) => part !== '') : parts;
}

function parseOrigin(value: string): SdpOrigin | undefined {
  const parts = words(value);
  const [username, sessionId, sessionVersion, network, addressType, address] = parts;
  if (parts.length !== 6 || username === undefined || address === undefined) return undefined;
  if (sessionId === undefined || sessionVersion === undefined) return undefined;
  if (!DIGITS.test(sessionId) || !DIGITS.test(sessionVersion)) return undefined;
  if (network !== 'IN' || !isAddressType(addressType)) return undefined;
  return { username, sessionId, sessionVersion, addressType, address };
}

function parseConnection(value: string): SdpConnection | undefined {
  const [network, addressType, whole, ...more] = words(value);
  if (network !== 'IN' || !isAddressType(addressType) || whole === undefined || more.length > 0) return undefined;
  const slash = whole.indexOf('/');
  const address = slash < 0 ? whole : whole.slice(0, slash);
  return address === '' ? undefined : { addressType, address, suffix: whole.slice(address.length) };
}

function isAddressType(text: string | undefined): text is AddressType {
  return text === 'IP4' || text === 'IP6';
}

/** A sentence: it is malformed. */
function parseMedia(value: string): SdpMedia | string {
  const [kind, portText = '', protocol, ...formats] = words(value);
  const slash = portText.indexOf('/');
  const port = parseNumber(slash < 0 ? portText : portText.slice(0, slash), MAX_PORT);
  const portCount = slash < 0 ? 1 : parseNumber(portText.slice(slash + 1), MAX_PORT_COUNT);
  if (kind === undefined || port === undefined || !portCount || protocol === undefined) return 'an m line is malformed';
  if (formats.length === 0) return 'an m line has no format';
  if (formats.length > MAX_FORMATS) return 'an m line has too many formats';
  return { kind, port, portCount, protocol, formats, connection: undefined, bandwidths: [], attributes: [] };
}

/** The description as a body. Throws a RangeError when something holds CR, LF or NUL. */
export function formatSdp(session: SdpSession): Buffer {
  return encodeText(sdpText(session));
}

export function sdpText(session: SdpSession): string {
  const { origin, connection, media } = session;
  const lines = [
    'v=0',
    `o=${origin.username} ${origin.sessionId} ${origin.sessionVersion} IN ${origin.addressType} ${origin.address}`,
    `s=${session.name}`,
  ];
  if (connection !== undefined) lines.push(connectionLine(connection));
  for (const { type, value } of session.bandwidths) lines.push(`b=${type}:${value}`);
  lines.push(`t=${session.timing}`);
  for (const attribute of session.attributes) lines.push(attributeLine(attribute));
  for (const stream of media) {
    const count = stream.portCount === 1 ? '' : `/${stream.portCount}`;
    lines.push(`m=${stream.kind} ${stream.port}${count} ${stream.protocol} ${stream.formats.join(' ')}`);
    if (stream.connection !== undefined) lines.push(connectionLine(stream.connection));
    for (const { type, value } of stream.bandwidths) lines.push(`b=${type}:${value}`);
    for (const attribute of stream.attributes) lines.push(attributeLine(attribute));
  }
  if (LINE_BREAKERS.test(lines.join(''))) throw new RangeError('a line of a description holds CR, LF or NUL');
  return `${lines.join('\r\n')}\r\n`;
}

function connectionLine({ addressType, address, suffix }: SdpConnection): string {
  return `c=IN ${addressType} ${address}${suffix}`;
}

function attributeLine({ name, value }: SdpAttribute): string {
  return value === undefined ? `a=${name}` : `a=${name}:${value}`;
}
