// Lines to the world outside: E1s of a carrier, analog lines of an exchange (FXO), and SIP carriers.
import { z } from 'zod';
import { NumberRule, OutsideNumberOrNone, listOnce } from './dialling.js';
import { formats } from './formats.js';
import { HostAddress, HostAddressOrNone, Network } from './network.js';
import { AnalogNumber, DisplayName, Slug, SpanNumber } from './primitives.js';
import { Codecs, DEFAULT_CODECS, DtmfMode, SrtpPolicy } from './sip-stations.js';

export const TrunkKind = z.enum(['e1', 'sip', 'fxo']).meta({ id: 'TrunkKind' });
export type TrunkKind = z.infer<typeof TrunkKind>;

/** register: we register with the carrier (RFC 3261 10); address: it knows us by our address. */
export const TrunkMode = z.enum(['register', 'address']).meta({ id: 'TrunkMode' });
export type TrunkMode = z.infer<typeof TrunkMode>;

export const CallerIdPolicy = z.enum(['pass', 'fixed', 'anonymous']).meta({ id: 'CallerIdPolicy' });
export type CallerIdPolicy = z.infer<typeof CallerIdPolicy>;

/** P-Asserted-Identity is RFC 3325; Remote-Party-ID is older and was never more than a draft. */
export const CallerIdHeader = z.enum(['from', 'pai', 'rpid']).meta({ id: 'CallerIdHeader' });
export type CallerIdHeader = z.infer<typeof CallerIdHeader>;

/** Who has sent a call on: Diversion is RFC 5806, History-Info RFC 7044. */
export const DiversionHeader = z.enum(['none', 'diversion', 'history', 'both']).meta({ id: 'DiversionHeader' });
export type DiversionHeader = z.infer<typeof DiversionHeader>;

/** dialled: as from a telephone of the country; e164: the country's code first; plus: that with + before it. */
export const NumberFormat = z.enum(['dialled', 'e164', 'plus']).meta({ id: 'NumberFormat' });
export type NumberFormat = z.infer<typeof NumberFormat>;

export const TrunkHost = z
  .strictObject({
    host: HostAddress,
    port: z.int().min(0).max(65_535).default(0).meta({ description: '0: as RFC 3263 finds it' }),
    transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
    priority: z.int().min(0).max(65_535).default(10).meta({ description: 'The lowest is tried first (RFC 2782)' }),
    weight: z.int().min(0).max(65_535).default(10).meta({ description: 'Share among those of one priority' }),
  })
  .meta({ id: 'TrunkHost' });
export type TrunkHost = z.infer<typeof TrunkHost>;

const Rules = z.array(NumberRule).max(50);

/** Of both kinds. */
const commonFields = {
  name: DisplayName,
  maxCalls: z
    .int()
    .min(1)
    .max(10_000)
    .meta({ description: 'Calls at a time; over E1 calls out are refused beyond it, calls in fill the timeslots' }),
  numberRulesIn: Rules.meta({ description: 'Rewrite the number called by those outside' }),
  numberRulesOut: Rules.meta({ description: 'Rewrite a number as dialled; then the number format is made' }),
  callerRulesIn: Rules.meta({
    description:
      'Rewrite the number of those who call in, without its +; one that fits none becomes what is dialled here to call back',
  }),
  numberFormat: NumberFormat,
  callerId: CallerIdPolicy,
  fixedNumber: OutsideNumberOrNone.meta({
    description: 'Shown with callerId fixed, and where a telephone has no number of its own',
  }),
  enabled: z.boolean(),
};

/** Not over analog lines. */
const handOverFields = {
  refer: z.boolean().meta({
    description:
      'Calls that came over it and are put through over it again are handed to the carrier (SIP: REFER; ISDN: call transfer), out of our hands',
  }),
};

const e1Fields = {
  spans: listOnce(SpanNumber, 1, 64).meta({ description: 'Searched in this order' }),
  ...handOverFields,
};

/** order: the first idle line of the list; leastUsed: the one that has carried the fewest calls since the box began. */
export const LineHunt = z.enum(['order', 'leastUsed']).meta({ id: 'LineHunt' });
export type LineHunt = z.infer<typeof LineHunt>;

const fxoFields = {
  lines: listOnce(AnalogNumber, 1, 64).meta({ description: 'FXO ports; which of them is tried first, hunt says' }),
  hunt: LineHunt,
  dialPrefix: z
    .string()
    .regex(/^[0-9*#,wp]{0,12}$/, formats.dialPrefix)
    .meta({
      description:
        'Dialled on the line before each number. w: dial tone is waited for once more; p: a pause of 2 s; a comma: half a second',
    }),
  lineNumber: OutsideNumberOrNone.meta({
    description: 'Called number of those who call in, as an analog line tells none; empty: nobody can call in',
  }),
};

const sipFields = {
  ...handOverFields,
  mode: TrunkMode,
  hosts: z.array(TrunkHost).min(1).max(8),
  username: z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{0,128}$/, formats.digestUser),
  fromUser: z
    .string()
    .regex(/^[A-Za-z0-9.+_~*-]{0,64}$/, formats.sipUser)
    .meta({ description: 'User of From; empty: the calling number' }),
  fromDomain: HostAddressOrNone.meta({ description: "Domain of From; empty: the first host's" }),
  expiresS: z.int().min(60).max(86_400).meta({ description: 'Registration asked for, seconds' }),
  codecs: Codecs,
  dtmf: DtmfMode,
  srtp: SrtpPolicy,
  tlsFingerprint: z
    .string()
    .regex(/^(?:(?:[0-9A-F]{2}:){31}[0-9A-F]{2})?$/, formats.certificateFingerprint)
    .meta({ description: "SHA-256 of the carrier's certificate, when nobody has signed it" }),
  sources: z
    .array(Network)
    .max(64)
    .meta({ description: "Calls from here are this trunk's; empty: from the addresses of its hosts" }),
  optionsIntervalS: z.int().min(0).max(3600).meta({ description: 'OPTIONS so often, seconds; 0: never' }),
  callerIdHeader: CallerIdHeader,
  diversionHeader: DiversionHeader.meta({ description: 'How the carrier is told who has sent a call on to it' }),
};

const Secret = z.string().regex(/^[^\p{Cc}\p{Cs}]{0,128}$/u, formats.secret);

export const E1Trunk = z
  .strictObject({ id: Slug, kind: z.literal('e1'), ...commonFields, ...e1Fields })
  .meta({ id: 'E1Trunk' });
export type E1Trunk = z.infer<typeof E1Trunk>;

export const FxoTrunk = z
  .strictObject({ id: Slug, kind: z.literal('fxo'), ...commonFields, ...fxoFields })
  .meta({ id: 'FxoTrunk' });
export type FxoTrunk = z.infer<typeof FxoTrunk>;

export const SipTrunk = z
  .strictObject({
    id: Slug,
    kind: z.literal('sip'),
    ...commonFields,
    ...sipFields,
    hasSecret: z.boolean().meta({ description: 'The secret itself is never given out' }),
  })
  .meta({ id: 'SipTrunk' });
export type SipTrunk = z.infer<typeof SipTrunk>;

export const Trunk = z.discriminatedUnion('kind', [E1Trunk, SipTrunk, FxoTrunk]).meta({ id: 'Trunk' });
export type Trunk = z.infer<typeof Trunk>;

const commonDefaults = {
  id: Slug,
  name: commonFields.name.optional().meta({ description: 'Left out: the id' }),
  numberRulesIn: commonFields.numberRulesIn.default([]),
  numberRulesOut: commonFields.numberRulesOut.default([]),
  callerRulesIn: commonFields.callerRulesIn.default([]),
  numberFormat: commonFields.numberFormat.default('dialled'),
  callerId: commonFields.callerId.default('pass'),
  fixedNumber: commonFields.fixedNumber.default(''),
  enabled: commonFields.enabled.default(true),
};

export const E1TrunkCreate = z
  .strictObject({
    kind: z.literal('e1'),
    ...commonDefaults,
    maxCalls: commonFields.maxCalls.default(10_000),
    spans: e1Fields.spans,
    refer: e1Fields.refer.default(false),
  })
  .meta({ id: 'E1TrunkCreate' });

export const FxoTrunkCreate = z
  .strictObject({
    kind: z.literal('fxo'),
    ...commonDefaults,
    maxCalls: commonFields.maxCalls.default(10_000),
    lines: fxoFields.lines,
    hunt: fxoFields.hunt.default('order'),
    dialPrefix: fxoFields.dialPrefix.default(''),
    lineNumber: fxoFields.lineNumber.default(''),
  })
  .meta({ id: 'FxoTrunkCreate' });

export const SipTrunkCreate = z
  .strictObject({
    kind: z.literal('sip'),
    ...commonDefaults,
    maxCalls: commonFields.maxCalls.default(30),
    mode: sipFields.mode.default('register'),
    hosts: sipFields.hosts,
    username: sipFields.username.default(''),
    secret: Secret.default(''),
    fromUser: sipFields.fromUser.default(''),
    fromDomain: sipFields.fromDomain.default(''),
    expiresS: sipFields.expiresS.default(600),
    codecs: sipFields.codecs.default([...DEFAULT_CODECS]),
    dtmf: sipFields.dtmf.default('auto'),
    srtp: sipFields.srtp.default('none'),
    tlsFingerprint: sipFields.tlsFingerprint.default(''),
    sources: sipFields.sources.default([]),
    optionsIntervalS: sipFields.optionsIntervalS.default(30),
    callerIdHeader: sipFields.callerIdHeader.default('from'),
    diversionHeader: sipFields.diversionHeader.default('diversion'),
    refer: sipFields.refer.default(false),
  })
  .meta({ id: 'SipTrunkCreate' });

export const TrunkCreate = z
  .discriminatedUnion('kind', [E1TrunkCreate, SipTrunkCreate, FxoTrunkCreate])
  .meta({ id: 'TrunkCreate' });
export type TrunkCreate = z.infer<typeof TrunkCreate>;

/** The kind stays what it is; fields of other kinds are refused. */
export const TrunkPatch = z
  .strictObject({
    ...commonFields,
    ...e1Fields,
    ...sipFields,
    ...fxoFields,
    secret: Secret.meta({ description: 'Empty: none' }),
  })
  .partial()
  .meta({ id: 'TrunkPatch' });
export type TrunkPatch = z.infer<typeof TrunkPatch>;

/** Names of the fields that only one kind has. */
export const TRUNK_FIELDS: Readonly<Record<TrunkKind, readonly (keyof TrunkPatch)[]>> = {
  e1: Object.keys(e1Fields) as (keyof TrunkPatch)[],
  fxo: Object.keys(fxoFields) as (keyof TrunkPatch)[],
  sip: [...(Object.keys(sipFields) as (keyof TrunkPatch)[]), 'secret'],
};
