// Attributes of T.38 (ITU-T T.38 annex D, RFC 3362).
import { parseNumber } from '../message/index.js';
import type { SdpAttribute, SdpMedia, T38Parameters } from './types.js';

const RATE_MANAGEMENTS = ['localTCF', 'transferredTCF'] as const;
/** the weakest first */
const ERROR_CORRECTIONS = ['t38UDPNoEC', 't38UDPRedundancy', 't38UDPFEC'] as const;

const MAX_BIT_RATE = 1_000_000;
const MAX_BYTES = 1_000_000;
const MAX_VERSION = 9;

/** What the attributes of an image stream say; names without regard to case, for gateways write them in many ways. */
export function t38Parameters(media: SdpMedia): T38Parameters {
  const values = new Map<string, string>();
  for (const { name, value } of media.attributes) {
    const key = name.toLowerCase();
    if (key.startsWith('t38') && !values.has(key)) values.set(key, (value ?? '').trim());
  }
  const number = (name: string, max: number) => parseNumber(values.get(name) ?? '', max);
  return {
    version: number('t38faxversion', MAX_VERSION),
    maxBitRate: number('t38maxbitrate', MAX_BIT_RATE),
    fillBitRemoval: flag(values.get('t38faxfillbitremoval')),
    transcodingMmr: flag(values.get('t38faxtranscodingmmr')),
    transcodingJbig: flag(values.get('t38faxtranscodingjbig')),
    rateManagement: oneOf(RATE_MANAGEMENTS, values.get('t38faxratemanagement')),
    maxBuffer: number('t38faxmaxbuffer', MAX_BYTES),
    maxDatagram: number('t38faxmaxdatagram', MAX_BYTES),
    errorCorrection: oneOf(ERROR_CORRECTIONS, values.get('t38faxudpec')),
  };
}

/** The standard has the bare name for yes; many write 0 and 1. */
function flag(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : value !== '0';
}

function oneOf<T extends string>(known: readonly T[], value: string | undefined): T | undefined {
  return known.find((word) => word.toLowerCase() === value?.toLowerCase());
}

export function t38Attributes(t38: T38Parameters): SdpAttribute[] {
  const attributes: SdpAttribute[] = [];
  const say = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) attributes.push({ name, value: String(value) });
  };
  say('T38FaxVersion', t38.version);
  say('T38MaxBitRate', t38.maxBitRate);
  if (t38.fillBitRemoval === true) attributes.push({ name: 'T38FaxFillBitRemoval', value: undefined });
  if (t38.transcodingMmr === true) attributes.push({ name: 'T38FaxTranscodingMMR', value: undefined });
  if (t38.transcodingJbig === true) attributes.push({ name: 'T38FaxTranscodingJBIG', value: undefined });
  say('T38FaxRateManagement', t38.rateManagement);
  say('T38FaxMaxBuffer', t38.maxBuffer);
  say('T38FaxMaxDatagram', t38.maxDatagram);
  say('T38FaxUdpEC', t38.errorCorrection);
  return attributes;
}

/** What to answer to an offer: never more than was offered (ITU-T T.38 D.2.3). Buffer and datagram are each end's own. */
export function t38Answer(offered: T38Parameters, ours: T38Parameters): T38Parameters {
  return {
    version: smaller(offered.version ?? 0, ours.version ?? 0),
    maxBitRate: smaller(offered.maxBitRate, ours.maxBitRate),
    fillBitRemoval: offered.fillBitRemoval === true && ours.fillBitRemoval === true,
    transcodingMmr: offered.transcodingMmr === true && ours.transcodingMmr === true,
    transcodingJbig: offered.transcodingJbig === true && ours.transcodingJbig === true,
    rateManagement: offered.rateManagement ?? ours.rateManagement,
    maxBuffer: ours.maxBuffer,
    maxDatagram: ours.maxDatagram,
    errorCorrection: ERROR_CORRECTIONS.find(
      (kind) => kind === (offered.errorCorrection ?? 't38UDPNoEC') || kind === (ours.errorCorrection ?? 't38UDPNoEC'),
    ),
  };
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
