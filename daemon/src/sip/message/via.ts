// Via (RFC 3261 clause 20.42): `SIP/2.0/UDP host:port;branch=z9hG4bK…`.
import { formatParams, parseParams, readOwnParams } from './params.js';
import { DIGIT, isOf, skipSpace, TOKEN } from './text.js';
import type { Via } from './types.js';
import { formatHost, hostEndOf, hostOf, parsePort } from './uri.js';

/** One value of Via; undefined: it is none, or one of another version of SIP. */
export function parseVia(text: string): Via | undefined {
  return read(text, text.startsWith('SIP/2.0/') ? 8 : protocolEnd(text, '2.0'), readOwnParams);
}

/** A Via of any version of SIP, with the parameters before the first that is wrong: enough to refuse a request. */
export function parseDamagedVia(text: string): Via | undefined {
  return read(text, protocolEnd(text), (params, at) => parseParams(params.slice(at)));
}

function read(
  text: string,
  at: number,
  paramsOf: (text: string, at: number) => Via['params'] | undefined,
): Via | undefined {
  if (at < 0) return undefined;
  const transportAt = at;
  while (isOf(text.charCodeAt(at), TOKEN)) at += 1;
  if (at === transportAt) return undefined;
  const transport = text.slice(transportAt, at).toUpperCase();
  const hostAt = skipSpace(text, at);
  if (hostAt === at) return undefined;
  const hostEnd = hostEndOf(text, hostAt);
  if (hostEnd < 0) return undefined;
  at = skipSpace(text, hostEnd);
  let port: number | undefined;
  if (text.charCodeAt(at) === 0x3a) {
    const portAt = skipSpace(text, at + 1);
    for (at = portAt; isOf(text.charCodeAt(at), DIGIT);) at += 1;
    port = parsePort(text.slice(portAt, at));
    if (port === undefined) return undefined;
  }
  const params = paramsOf(text, at);
  return params === undefined ? undefined : { transport, host: hostOf(text, hostAt, hostEnd), port, params };
}

/** White space may stand around the slashes. -1: it is not SIP, or not of the version. */
function protocolEnd(text: string, version?: string): number {
  let at = skipSpace(text, 0);
  if (text.slice(at, at + 3).toLowerCase() !== 'sip') return -1;
  at = skipSpace(text, at + 3);
  if (text.charCodeAt(at) !== 0x2f) return -1;
  const versionAt = skipSpace(text, at + 1);
  for (at = versionAt; isOf(text.charCodeAt(at), TOKEN);) at += 1;
  if (version !== undefined && text.slice(versionAt, at) !== version) return -1;
  at = skipSpace(text, at);
  return text.charCodeAt(at) === 0x2f ? skipSpace(text, at + 1) : -1;
}

export function formatVia(via: Via): string {
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${formatHost(via.host)}${port}${formatParams(via.params)}`;
}
