// What SIP does now: who is registered, who is kept out.
import { z } from 'zod';
import { ExtensionNumber } from './dialling.js';
import { IpAddress } from './network.js';
import { DisplayName, DurationMs, Slug, TimeMs } from './primitives.js';

export const SipRegistration = z
  .strictObject({
    station: ExtensionNumber,
    contact: z.string().meta({ description: 'URI as the telephone sent it: untrusted text' }),
    transport: z.string(),
    receivedHost: z.string().meta({ description: 'Where it really came from' }),
    receivedPort: z.int(),
    path: z.array(z.string()).meta({ description: 'Proxies between (RFC 3327)' }),
    userAgent: z.string().meta({ description: 'Untrusted text' }),
    expiresAt: TimeMs,
  })
  .meta({ id: 'SipRegistration' });
export type SipRegistration = z.infer<typeof SipRegistration>;

export const SipStatus = z
  .strictObject({
    enabled: z.boolean(),
    domain: z.string().meta({ description: 'Domain and realm' }),
    listening: z
      .strictObject({ port: z.int().meta({ description: 'UDP and TCP' }), tlsPort: z.int().nullable() })
      .nullable()
      .meta({ description: 'The ports that it has, also where the settings say 0; null: it does not run' }),
  })
  .meta({ id: 'SipStatus' });
export type SipStatus = z.infer<typeof SipStatus>;

/** refused: the carrier does not accept our registration; down: no host of it answers. */
export const SipTrunkState = z.enum(['up', 'down', 'registering', 'refused']).meta({ id: 'SipTrunkState' });
export type SipTrunkState = z.infer<typeof SipTrunkState>;

export const SipTrunkStatus = z
  .strictObject({
    trunk: Slug,
    state: SipTrunkState,
    detail: z.string().meta({ description: 'Why, as far as it is known: partly text of the carrier' }),
    since: TimeMs,
  })
  .meta({ id: 'SipTrunkStatus' });
export type SipTrunkStatus = z.infer<typeof SipTrunkStatus>;

export const SipBan = z
  .strictObject({
    address: z.string().meta({ description: 'An address, or the network of an IPv6 one' }),
    reason: z.string(),
    since: TimeMs,
    until: TimeMs,
    count: z.int().min(1).meta({ description: 'How often it was banned' }),
  })
  .meta({ id: 'SipBan' });
export type SipBan = z.infer<typeof SipBan>;

export const SipBanCreate = z
  .strictObject({
    address: IpAddress,
    durationMs: DurationMs.min(1000).max(31_536_000_000).default(86_400_000),
    reason: DisplayName.default('manual'),
  })
  .meta({ id: 'SipBanCreate' });
export type SipBanCreate = z.infer<typeof SipBanCreate>;
