// Who is told of what is wrong with the box, by which way, and what has been told.
import { z } from 'zod';
import { formats } from './formats.js';
import { HealthConcern } from './health.js';
import { MailAddress } from './mail.js';
import { HostAddress } from './network.js';
import { DisplayName, DurationMs, Language, TimeMs, Ulid } from './primitives.js';

/** What the box notices by itself; `clock`: it was changed, and no recording is removed. */
export const AlertKind = z.enum([...HealthConcern.shape.kind.options, 'clockChanged']).meta({ id: 'AlertKind' });
export type AlertKind = z.infer<typeof AlertKind>;

export const AlertWayKind = z.enum(['mail', 'webhook', 'snmp', 'sms']).meta({ id: 'AlertWayKind' });
export type AlertWayKind = z.infer<typeof AlertWayKind>;

/** Left out in a change: the one that there is stays. Never told. */
const Secret = z
  .string()
  .max(200)
  .regex(/^[\x20-\x7e]*$/, formats.secret);

const HttpUrl = z
  .string()
  .max(2000)
  .regex(/^https?:\/\/[^\s\p{Cc}]+$/u, formats.httpUrl);

export const MailWay = z.strictObject({ kind: z.literal('mail'), to: z.array(MailAddress).min(1).max(20) });

export const WebhookWay = z.strictObject({
  kind: z.literal('webhook'),
  url: HttpUrl,
  secret: Secret.optional().meta({ description: 'Of the HMAC in X-Cordboard-Signature' }),
  ownNetwork: z
    .boolean()
    .default(false)
    .meta({ description: 'It may lie in a private network; the box itself is never asked' }),
});

export const SnmpAuth = z.enum(['none', 'sha', 'sha256']).meta({ id: 'SnmpAuth' });
export type SnmpAuth = z.infer<typeof SnmpAuth>;
export const SnmpPrivacy = z.enum(['none', 'aes']).meta({ id: 'SnmpPrivacy' });

export const SnmpWay = z.strictObject({
  kind: z.literal('snmp'),
  host: HostAddress,
  port: z.int().min(1).max(65_535).default(162),
  version: z.enum(['2c', '3']).default('2c'),
  community: Secret.optional().meta({ description: 'Of version 2c; left out at first: public' }),
  user: z.string().max(32).default('').meta({ description: 'Of version 3' }),
  auth: SnmpAuth.default('sha256'),
  authSecret: Secret.optional(),
  privacy: SnmpPrivacy.default('aes'),
  privacySecret: Secret.optional(),
});

export const SmsWay = z.strictObject({
  kind: z.literal('sms'),
  preset: z.enum(['generic', 'aliyun', 'tencent', 'chuanglan', 'smsbao']).default('generic'),
  numbers: z
    .array(z.string().regex(/^\+?[0-9]{5,20}$/, formats.outsideNumber))
    .min(1)
    .max(20),
  url: HttpUrl.optional().meta({ description: 'Left out: that of the preset' }),
  method: z.enum(['GET', 'POST']).default('POST'),
  contentType: z.string().max(100).default('application/json'),
  body: z.string().max(4000).default('').meta({ description: '{number}, {text}, {account}, {secret}, {time}, {id}' }),
  okPattern: z.string().max(200).default('').meta({ description: 'Text that stands in the answer when it was taken' }),
  account: z.string().max(200).default(''),
  secret: Secret.optional(),
  signature: z.string().max(40).default('').meta({ description: 'Of the sender, as it was approved' }),
  template: z.string().max(60).default('').meta({ description: 'Code of the approved template' }),
  appId: z.string().max(60).default(''),
  ownNetwork: z.boolean().default(false),
});

export const AlertWaySettings = z
  .discriminatedUnion('kind', [MailWay, WebhookWay, SnmpWay, SmsWay])
  .meta({ id: 'AlertWaySettings' });
export type AlertWaySettings = z.infer<typeof AlertWaySettings>;

export const AlertWay = z
  .strictObject({
    id: Ulid,
    name: DisplayName,
    language: Language,
    enabled: z.boolean(),
    settings: z.discriminatedUnion('kind', [MailWay, WebhookWay, SnmpWay, SmsWay]).meta({
      description: 'Without secrets',
    }),
    hasSecrets: z.boolean(),
    lastOkAt: TimeMs.nullable(),
    lastError: z.string().nullable(),
  })
  .meta({ id: 'AlertWay' });
export type AlertWay = z.infer<typeof AlertWay>;

export const AlertWayPut = z
  .strictObject({
    name: DisplayName,
    language: Language.optional(),
    enabled: z.boolean().default(true),
    settings: AlertWaySettings,
  })
  .meta({ id: 'AlertWayPut' });
export type AlertWayPut = z.infer<typeof AlertWayPut>;

export const AlertWayList = z
  .strictObject({
    ways: z.array(AlertWay),
    snmpEngineId: z.string().meta({ description: 'Of SNMP version 3: what a receiver needs to know of the box' }),
  })
  .meta({ id: 'AlertWayList' });
export type AlertWayList = z.infer<typeof AlertWayList>;

/** Hours and minutes of the box's time zone. */
export const ClockTime = z.string().regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, formats.clockTime);

const ruleFields = {
  name: DisplayName,
  concerns: z.array(AlertKind).max(60).meta({ description: 'Empty: all' }),
  severity: z.enum(['any', 'grave']).meta({ description: 'grave: what callers notice, or soon will' }),
  ways: z.array(Ulid).min(1).max(20),
  quietFrom: ClockTime.nullable().meta({
    description: 'From then to quietTo it waits, and is told afterwards if it goes on',
  }),
  quietTo: ClockTime.nullable(),
  graveInQuiet: z.boolean().meta({ description: 'What is grave is told in quiet hours, too' }),
  remindMs: DurationMs.min(600_000).max(2_592_000_000).nullable().meta({ description: 'null: it is told once' }),
  tellEnd: z.boolean(),
  delayMs: DurationMs.max(86_400_000).meta({ description: 'What is over by then is not told' }),
  enabled: z.boolean(),
};

export const AlertRule = z.strictObject({ id: Ulid, ...ruleFields }).meta({ id: 'AlertRule' });
export type AlertRule = z.infer<typeof AlertRule>;

export const AlertRuleCreate = z
  .strictObject({
    name: ruleFields.name,
    concerns: ruleFields.concerns.default([]),
    severity: ruleFields.severity.default('any'),
    ways: ruleFields.ways,
    quietFrom: ruleFields.quietFrom.default(null),
    quietTo: ruleFields.quietTo.default(null),
    graveInQuiet: ruleFields.graveInQuiet.default(true),
    remindMs: ruleFields.remindMs.default(86_400_000),
    tellEnd: ruleFields.tellEnd.default(true),
    delayMs: ruleFields.delayMs.default(60_000),
    enabled: ruleFields.enabled.default(true),
  })
  .refine(({ quietFrom, quietTo }) => (quietFrom === null) === (quietTo === null), {
    ...{ path: ['quietTo'], message: formats.clockTime },
  })
  .meta({ id: 'AlertRuleCreate' });
export type AlertRuleCreate = z.infer<typeof AlertRuleCreate>;

export const AlertRulePatch = z.strictObject(ruleFields).partial().meta({ id: 'AlertRulePatch' });
export type AlertRulePatch = z.infer<typeof AlertRulePatch>;

/** held: too much at once, told in the summary that follows; dead: it is tried no more. */
export const AlertDeliveryState = z.enum(['waiting', 'sent', 'dead', 'held']).meta({ id: 'AlertDeliveryState' });
export const AlertWhat = z.enum(['began', 'reminder', 'ended', 'test', 'summary']).meta({ id: 'AlertWhat' });
export type AlertWhat = z.infer<typeof AlertWhat>;

export const AlertDelivery = z
  .strictObject({
    id: Ulid,
    alertId: Ulid.nullable(),
    wayId: Ulid,
    wayName: z.string(),
    wayKind: AlertWayKind,
    what: AlertWhat,
    state: AlertDeliveryState,
    subject: z.string(),
    body: z.string(),
    createdAt: TimeMs,
    attempts: z.int().min(0),
    sentAt: TimeMs.nullable(),
    lastError: z.string().nullable(),
  })
  .meta({ id: 'AlertDelivery' });
export type AlertDelivery = z.infer<typeof AlertDelivery>;

export const Alert = z
  .strictObject({
    id: Ulid,
    kind: AlertKind,
    grave: z.boolean(),
    value: z.number().nullable(),
    startedAt: TimeMs,
    endedAt: TimeMs.nullable(),
    deliveries: z.array(AlertDelivery),
  })
  .meta({ id: 'Alert' });
export type Alert = z.infer<typeof Alert>;

export const AlertQuery = z.strictObject({
  before: Ulid.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const AlertList = z
  .strictObject({
    alerts: z.array(Alert).meta({ description: 'Newest first' }),
    before: Ulid.nullable().meta({ description: 'Pass as before to get the next page; null: no more' }),
    others: z.array(AlertDelivery).meta({ description: 'Tests and summaries, newest first' }),
  })
  .meta({ id: 'AlertList' });
export type AlertList = z.infer<typeof AlertList>;
