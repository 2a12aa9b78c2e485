// What goes into the file of a telephone, whoever has made it.
import type { DtmfMode, Language, PhoneKey, PhoneTransport, SipCodec, SrtpPolicy } from '../contract/index.js';
import type { Values } from './template.js';
import type { Vendor } from './vendors.js';
import type { PhoneZone, SummerChange } from './zone.js';

export interface PhoneAccount {
  number: number;
  name: string;
  secret: string;
  language: Language;
  codecs: readonly SipCodec[];
  dtmf: DtmfMode;
  srtp: SrtpPolicy;
}

export interface PhoneFileInput {
  mac: string;
  vendor: Vendor;
  account: PhoneAccount;
  server: { host: string; port: number; transport: PhoneTransport };
  keys: readonly PhoneKey[];
  firmwareUrl: string;
  adminPassword: string;
  /** the folder that the telephone fetches from, with / at its end */
  provisionUrl: string;
  /** of its telephone book, with / at its end */
  bookFolder: string;
  httpUser: string;
  httpPassword: string;
  zone: PhoneZone;
  ntp: string;
  /** what is dialled to hear messages; empty: nothing */
  messages: string;
  /** *8; empty: there is none */
  pickUpCode: string;
}

/** What the box says of a call in Alert-Info. */
export const RING_INTERNAL = 'internal';
export const RING_EXTERNAL = 'external';

const BOOK_NAMES: Record<Language, string> = { 'zh-CN': '通讯录', en: 'Directory' };
const ALL_CODECS: readonly SipCodec[] = ['pcma', 'pcmu', 'g722', 'opus'];
/** Of a Fanvil's menu: digits, as they are keyed in. */
const MENU_DIGITS = 6;

export function phoneValues(input: PhoneFileInput): Values {
  const { mac, vendor, account, server, zone, provisionUrl, bookFolder, firmwareUrl, pickUpCode, adminPassword } =
    input;
  const { number, name, language, codecs, dtmf, srtp, secret } = account;
  const bookUrl = withAuth(`${bookFolder}${vendor.book.file}`, input);
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  const choice = (at: number): string => codecs[at] ?? codecs.at(-1) ?? 'pcma';
  return {
    mac,
    user: number,
    label: name === String(number) ? name : `${number} ${name}`,
    displayName: name,
    secret,
    server: server.host,
    port: server.port,
    serverPort: `${host}:${server.port}`,
    transport: server.transport,
    srtp,
    dtmf: dtmf === 'auto' ? 'rfc4733' : dtmf,
    messages: input.messages,
    codecs: ALL_CODECS.map((one) => ({
      name: one,
      enabled: codecs.includes(one) ? 1 : 0,
      position: codecs.includes(one) ? codecs.indexOf(one) + 1 : 0,
    })),
    codecList: codecs.join(','),
    ...{ choice1: choice(0), choice2: choice(1), choice3: choice(2), choice4: choice(3) },
    ...{ other2: codecs[1] ?? '', other3: codecs[2] ?? '' },
    ...{ pickUp: pickUpCode, pickUpOn: pickUpCode === '' ? 0 : 1 },
    keys: keysOf(input),
    ...{ language, ntp: input.ntp, scheme: provisionUrl.startsWith('https:') ? 'https' : 'http' },
    ...{ provisionUrl, provisionPath: withoutScheme(provisionUrl).replace(/\/$/, '') },
    ...{ httpUser: input.httpUser, httpPassword: input.httpPassword },
    ...{ bookUrl, bookPath: withoutScheme(bookFolder).replace(/\/$/, ''), bookName: BOOK_NAMES[language] },
    ...{ firmwareUrl, firmwarePath: withoutScheme(firmwareUrl).replace(/\/$/, '') },
    ...{ adminUser: vendor.adminUser, adminPassword, menuPassword: digitsOf(adminPassword, MENU_DIGITS) },
    ...{ ringInternal: RING_INTERNAL, ringExternal: RING_EXTERNAL },
    ...zoneValues(zone),
  };
}

function keysOf({ vendor, keys, pickUpCode }: PhoneFileInput): Record<string, string | number>[] {
  return keys.slice(0, vendor.mostKeys).map(({ kind, number, label }, at) => ({
    ...vendor.keyFields?.[at],
    kind,
    blf: kind === 'blf' ? 1 : '',
    number,
    label: label === '' ? number : label,
    place: vendor.firstKey + at,
    pickUpOfKey: kind === 'blf' ? pickUpCode : '',
  }));
}

function zoneValues({ name, posix, minutes, summer }: PhoneZone): Record<string, string | number> {
  const sign = minutes < 0 ? '-' : '+';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    zoneName: name,
    zonePosix: posix,
    zoneHours: `${sign}${hours}${rest === 0 ? '' : `:${two(rest)}`}`,
    zoneQuarters: minutes / 15,
    zoneGmt: `GMT${sign}${two(hours)}:${two(rest)}`,
    summer: summer === undefined ? '' : 1,
    summerMinutes: summer?.minutes ?? 0,
    summerHours: (summer?.minutes ?? 0) / 60,
    ...changeValues('summerStart', summer?.start),
    ...changeValues('summerEnd', summer?.end),
  };
}

function changeValues(prefix: string, change: SummerChange | undefined): Record<string, string | number> {
  const { month, week, day, hour } = change ?? { month: 1, week: 1, day: 0, hour: 0 };
  return {
    [`${prefix}Month`]: month,
    [`${prefix}Week`]: week,
    [`${prefix}Day`]: day,
    // Monday to Sunday, where Sunday is the seventh
    [`${prefix}Day17`]: day === 0 ? 7 : day,
    // that weekday on this day of the month or the next after it; -1: the last of the month
    [`${prefix}DayOfMonth`]: week === 5 ? -1 : (week - 1) * 7 + 1,
    [`${prefix}Hour`]: hour,
  };
}

const withoutScheme = (url: string): string => url.replace(/^https?:\/\//, '');

/** A telephone book has no fields of its own for who asks, but for Fanvil's; a URL can carry them (RFC 3986 3.2.1). */
function withAuth(url: string, { httpUser, httpPassword, vendor }: PhoneFileInput): string {
  if (httpUser === '' || vendor.vendor === 'fanvil') return url;
  return url.replace('://', `://${encodeURIComponent(httpUser)}:${encodeURIComponent(httpPassword)}@`);
}

function digitsOf(text: string, many: number): string {
  return [...text]
    .map((one) => one.charCodeAt(0) % 10)
    .join('')
    .slice(0, many)
    .padEnd(many, '7');
}
