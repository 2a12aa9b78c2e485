// The account of a telephone as a picture: a phone's camera reads it and what is in it is pasted instead of typed.
import { toString } from 'qrcode';
import type { SipAccount } from '../contract/index.js';

/** A data URI, as a page may show it without fetching anything. */
export async function accountPicture({
  username,
  secret,
  domain,
  servers,
}: Omit<SipAccount, 'station' | 'picture'>): Promise<string> {
  const [server] = servers;
  const at = server === undefined ? '' : (server.url ?? `${server.host}:${server.port};transport=${server.transport}`);
  const svg = await toString([username, secret, domain, at].join('\n'), { type: 'svg', margin: 2 });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}
