// Desk telephones that fetch what they are set to from the box: which station each is, and how far it has come.
import { z } from 'zod';
import { ExtensionNumber } from './dialling.js';
import { formats } from './formats.js';
import { DisplayName, TimeMs } from './primitives.js';

/** Twelve hexadecimal digits in lower case, however they were written. */
export const MacAddress = z
  .string()
  .max(17)
  .regex(/^[0-9A-Fa-f]{2}([:.-]?)[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}$/, formats.macAddress)
  .overwrite((text) => text.replaceAll(/[:.-]/g, '').toLowerCase())
  .meta({ id: 'MacAddress', description: 'Address of the telephone on the network, as it stands on its back' });

export const PhoneVendor = z.enum(['yealink', 'grandstream', 'fanvil', 'cisco', 'htek']).meta({ id: 'PhoneVendor' });
export type PhoneVendor = z.infer<typeof PhoneVendor>;

/** A text that stands in one line of a telephone's file. */
const oneLine = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, formats.displayName);

export const PhoneKey = z
  .strictObject({
    kind: z.enum(['blf', 'speedDial']).meta({ description: 'blf: shows what that telephone does, and dials it' }),
    number: z.string().regex(/^[0-9*#+]{1,32}$/, formats.dialDigits),
    label: oneLine(30).default(''),
  })
  .meta({ id: 'PhoneKey' });
export type PhoneKey = z.infer<typeof PhoneKey>;

export const PhoneTransport = z.enum(['udp', 'tcp', 'tls']).meta({ id: 'PhoneTransport' });
export type PhoneTransport = z.infer<typeof PhoneTransport>;

export const FirmwareUrl = z
  .string()
  .max(300)
  .regex(/^(?:https?:\/\/[\w.:[\]-]+(?:\/[\w./~%+-]*)?)?$/, formats.httpUrl)
  .meta({ description: 'Where new firmware is; empty: the telephone keeps what it has' });

const fields = {
  model: oneLine(40),
  station: ExtensionNumber,
  transport: PhoneTransport,
  keys: z.array(PhoneKey).max(60),
  firmwareUrl: FirmwareUrl,
};

/**
 * open: the next fetch gets an account; fetched: it was given one and has not registered with it; registered: it has, and gets no other;
 * closed: time ran out before it asked, or registered.
 */
export const PhoneState = z.enum(['open', 'fetched', 'registered', 'closed']).meta({ id: 'PhoneState' });
export type PhoneState = z.infer<typeof PhoneState>;

export const DeskPhoneSet = z
  .strictObject({
    mac: z.string().length(12),
    vendor: PhoneVendor,
    ...fields,
    name: DisplayName.meta({ description: 'Of the station' }),
    state: PhoneState,
    openUntil: TimeMs.nullable().meta({ description: 'Until then it is given an account' }),
    askedAt: TimeMs.nullable().meta({ description: 'When it last asked for anything' }),
    fetchedAt: TimeMs.nullable(),
    registeredAt: TimeMs.nullable(),
    address: z.string().nullable(),
    userAgent: z.string().nullable(),
    createdAt: TimeMs,
  })
  .meta({ id: 'DeskPhoneSet', description: 'A desk telephone, the station that it is and how far it has come' });
export type DeskPhoneSet = z.infer<typeof DeskPhoneSet>;

export const DeskPhoneCreate = z
  .strictObject({
    mac: MacAddress,
    vendor: PhoneVendor.optional().meta({ description: 'Left out: who has made it, by its address' }),
    model: fields.model.default(''),
    station: fields.station,
    transport: fields.transport
      .optional()
      .meta({ description: 'Left out: tls where the station asks for it, else udp' }),
    keys: fields.keys.default([]),
    firmwareUrl: fields.firmwareUrl.default(''),
  })
  .meta({ id: 'DeskPhoneCreate' });
export type DeskPhoneCreate = z.infer<typeof DeskPhoneCreate>;

export const DeskPhonePatch = z.strictObject(fields).partial().meta({ id: 'DeskPhonePatch' });
export type DeskPhonePatch = z.infer<typeof DeskPhonePatch>;

export const UnknownPhone = z
  .strictObject({
    mac: z.string().length(12),
    vendor: PhoneVendor,
    model: z.string().meta({ description: 'As it calls itself; may be empty' }),
    address: z.string(),
    firstAt: TimeMs,
    lastAt: TimeMs,
  })
  .meta({
    id: 'UnknownPhone',
    description: 'Has asked at the address for all, and nobody has said which station it is',
  });
export type UnknownPhone = z.infer<typeof UnknownPhone>;

export const PhoneVendorInfo = z
  .strictObject({
    id: PhoneVendor,
    name: z.string(),
    models: z.array(z.string()),
    mostKeys: z.int(),
    transports: z.array(PhoneTransport),
    files: z.array(z.string()).meta({ description: 'What it asks for; {mac}: its address' }),
  })
  .meta({ id: 'PhoneVendorInfo' });
export type PhoneVendorInfo = z.infer<typeof PhoneVendorInfo>;

export const DeskPhoneList = z
  .strictObject({
    phones: z.array(DeskPhoneSet),
    unknown: z.array(UnknownPhone).meta({ description: 'Newest first' }),
    vendors: z.array(PhoneVendorInfo),
    serving: z.boolean().meta({ description: 'false: switched off in the settings' }),
    reachable: z
      .boolean()
      .meta({ description: 'false: the box listens for itself alone, and no telephone reaches it' }),
  })
  .meta({ id: 'DeskPhoneList' });
export type DeskPhoneList = z.infer<typeof DeskPhoneList>;

export const PhoneAccess = z
  .strictObject({
    url: z
      .string()
      .meta({ description: 'What is typed into the telephone, or told to it by the maker’s service (RPS)' }),
    adminUser: z.string(),
    adminPassword: z.string().meta({ description: 'Of the telephone’s own pages, once it has fetched' }),
    httpUser: z.string().meta({ description: 'Empty: none is asked for' }),
    httpPassword: z.string(),
  })
  .meta({ id: 'PhoneAccess' });
export type PhoneAccess = z.infer<typeof PhoneAccess>;

export const PhoneCommonAccess = z
  .strictObject({ url: z.string().meta({ description: 'For every telephone: DHCP options 66, 43, 160' }) })
  .meta({ id: 'PhoneCommonAccess' });
export type PhoneCommonAccess = z.infer<typeof PhoneCommonAccess>;

export const PhoneProvisioned = z
  .strictObject({
    phone: DeskPhoneSet,
    notified: z.int().meta({ description: 'Telephones that were told to fetch at once (SIP NOTIFY)' }),
  })
  .meta({ id: 'PhoneProvisioned' });
export type PhoneProvisioned = z.infer<typeof PhoneProvisioned>;

export const PhoneFile = z
  .strictObject({ name: z.string(), text: z.string().meta({ description: 'Secrets are stars' }) })
  .meta({ id: 'PhoneFile' });
export type PhoneFile = z.infer<typeof PhoneFile>;
