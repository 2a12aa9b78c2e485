// Names of headers: how they are written, their compact forms (RFC 3261 clause 20 and later ones), which are lists, and which may
// come only once.
import { isToken } from './text.js';

export interface HeaderName {
  /** as it is written out */
  readonly name: string;
  /** lower case; what names are compared by */
  readonly key: string;
  /** lines are split at their commas */
  readonly list: boolean;
  /** a bit of its own for a header that may come only once; 0 for others */
  readonly single: number;
}

const SINGLE =
  'From/f To/t Call-ID/i CSeq Max-Forwards Content-Length/l Content-Type/c Expires Min-Expires Event/o Refer-To/r Referred-By/b ' +
  'Replaces Session-Expires/x Min-SE RSeq RAck Subscription-State Target-Dialog Timestamp SIP-ETag SIP-If-Match ' +
  'Content-Disposition Refer-Sub';
const LISTS =
  'Via/v Contact/m Route Record-Route Require Supported/k Unsupported Proxy-Require Allow Allow-Events/u Accept ' +
  'Accept-Encoding Accept-Language Content-Encoding/e Content-Language Alert-Info Call-Info Error-Info In-Reply-To Warning ' +
  'P-Asserted-Identity P-Preferred-Identity P-Associated-URI P-Early-Media Path Service-Route Reason Diversion History-Info ' +
  'Accept-Contact/a Reject-Contact/j Request-Disposition/d Resource-Priority Accept-Resource-Priority Recv-Info ' +
  'Security-Client Security-Server Security-Verify Geolocation User-to-User';
const OTHERS =
  'Authorization Proxy-Authorization WWW-Authenticate Proxy-Authenticate Authentication-Info Priority Reply-To Privacy ' +
  'Identity/y Info-Package P-Charging-Vector P-Access-Network-Info Join Max-Breadth Session-ID Answer-Mode Remote-Party-ID ' +
  // Some devices say these twice, and nothing depends on them.
  'Date Subject/s Retry-After MIME-Version Organization User-Agent Server';

const KNOWN = new Map<string, HeaderName>();

function learn(names: string, list: boolean, single: boolean): void {
  let bit = 1;
  for (const entry of names.split(' ')) {
    const [name = '', compact] = entry.split('/');
    const key = name.toLowerCase();
    const known: HeaderName = { name, key, list, single: single ? bit : 0 };
    KNOWN.set(name, known).set(key, known);
    if (compact !== undefined) KNOWN.set(compact, known).set(compact.toUpperCase(), known);
    if (single) bit *= 2;
  }
}
learn(SINGLE, false, true);
learn(LISTS, true, false);
learn(OTHERS, false, false);

/** What is known of a name in any spelling; undefined: it is no token. */
export function headerName(text: string): HeaderName | undefined {
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  const key = text.toLowerCase();
  return KNOWN.get(key) ?? (isToken(text) ? { name: text, key, list: false, single: 0 } : undefined);
}
