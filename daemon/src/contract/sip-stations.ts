// Telephones that speak SIP: their accounts.
import { z } from 'zod';
import { AllowedClasses, DEFAULT_ALLOWED_CLASSES, ExtensionNumber, OutsideNumberOrNone, listOnce } from './dialling.js';
import { DisplayName, Language, TimeMs } from './primitives.js';

export const SipCodec = z.enum(['pcma', 'pcmu', 'g722', 'opus']).meta({ id: 'SipCodec' });
export type SipCodec = z.infer<typeof SipCodec>;

/** auto: RFC 4733 when the other side has it, else tones in the audio. */
export const DtmfMode = z.enum(['auto', 'rfc4733', 'inband', 'info']).meta({ id: 'DtmfMode' });
export type DtmfMode = z.infer<typeof DtmfMode>;

/** offered: used when the peer offers it. */
export const SrtpPolicy = z.enum(['none', 'offered', 'required']).meta({ id: 'SrtpPolicy' });
export type SrtpPolicy = z.infer<typeof SrtpPolicy>;

export const SipSecurity = z.enum(['any', 'tls']).meta({ id: 'SipSecurity' });
export type SipSecurity = z.infer<typeof SipSecurity>;

export const DigestAlgorithm = z.enum(['md5', 'sha256']).meta({ id: 'DigestAlgorithm' });
export type DigestAlgorithm = z.infer<typeof DigestAlgorithm>;

export const Codecs = listOnce(SipCodec, 1, 4).meta({ description: 'In the order in which they are preferred' });

export const DEFAULT_CODECS: readonly SipCodec[] = ['pcma', 'pcmu', 'g722', 'opus'];

const stationFields = {
  name: DisplayName.meta({ description: 'Shown to those who are called' }),
  language: Language,
  security: SipSecurity.meta({ description: 'tls: TLS and SRTP, or the telephone is refused' }),
  srtp: SrtpPolicy.meta({ description: 'Of the audio; required when security is tls' }),
  codecs: Codecs,
  dtmf: DtmfMode,
  digest: listOnce(DigestAlgorithm, 1, 2).meta({
    description: 'Challenges in this order (RFC 8760 2.4); md5 alone for telephones that stumble over the other',
  }),
  maxContacts: z.int().min(1).max(10).meta({ description: 'Telephones that may register with this number' }),
  maxCalls: z.int().min(1).max(100).meta({ description: 'Calls at a time' }),
  callingNumber: OutsideNumberOrNone.meta({ description: "Shown to those outside; empty: the trunk's number" }),
  allowedClasses: AllowedClasses,
  enabled: z.boolean(),
};

export const SipStation = z
  .strictObject({
    number: ExtensionNumber,
    ...stationFields,
    secretValid: z.boolean().meta({ description: "false: the box's domain has changed since; make a new secret" }),
    createdAt: TimeMs,
  })
  .meta({ id: 'SipStation', description: 'Account of a SIP telephone; its secret is kept as digests and shown once' });
export type SipStation = z.infer<typeof SipStation>;

export const SipStationCreate = z
  .strictObject({
    number: ExtensionNumber,
    name: stationFields.name.optional().meta({ description: 'Left out: the number' }),
    language: stationFields.language.optional(),
    security: stationFields.security.default('any'),
    srtp: stationFields.srtp.optional().meta({ description: 'Left out: required with tls, else none' }),
    codecs: stationFields.codecs.default([...DEFAULT_CODECS]),
    dtmf: stationFields.dtmf.default('auto'),
    digest: stationFields.digest.default(['sha256', 'md5']),
    maxContacts: stationFields.maxContacts.default(3),
    maxCalls: stationFields.maxCalls.default(4),
    callingNumber: stationFields.callingNumber.default(''),
    allowedClasses: stationFields.allowedClasses.default([...DEFAULT_ALLOWED_CLASSES]),
    enabled: stationFields.enabled.default(true),
  })
  .meta({ id: 'SipStationCreate' });
export type SipStationCreate = z.infer<typeof SipStationCreate>;

export const SipStationPatch = z.strictObject(stationFields).partial().meta({ id: 'SipStationPatch' });
export type SipStationPatch = z.infer<typeof SipStationPatch>;

export const SipServer = z
  .strictObject({
    host: z.string(),
    port: z.int().min(1).max(65_535),
    transport: z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']),
    url: z.string().optional().meta({ description: 'Of a WebSocket (RFC 7118): what a page connects to' }),
  })
  .meta({ id: 'SipServer', description: 'Where a telephone is to register' });
export type SipServer = z.infer<typeof SipServer>;

/** What a person types into a telephone. */
export const SipAccount = z
  .strictObject({
    station: SipStation,
    username: z.string(),
    secret: z.string().meta({ description: 'Shown this once' }),
    domain: z.string().meta({ description: 'Domain and realm' }),
    servers: z.array(SipServer).meta({ description: 'The best one first; empty while SIP is switched off' }),
    picture: z.string().meta({
      description: 'The same as a QR code, a data URI of an SVG: four lines of text (user, secret, domain, server)',
    }),
  })
  .meta({ id: 'SipAccount' });
export type SipAccount = z.infer<typeof SipAccount>;
