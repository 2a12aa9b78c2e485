// The certificate that the box shows: to browsers (HTTPS) and telephones (SIP over TLS).
import { z } from 'zod';
import { TimeMs } from './primitives.js';

export const TlsSource = z
  .enum(['own', 'uploaded', 'acme'])
  .meta({ description: 'own: made by the box and signed by nobody else' });
export type TlsSource = z.infer<typeof TlsSource>;

const DomainName = z
  .string()
  .regex(/^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{1,63})*$/);

export const AcmePlan = z
  .strictObject({
    directory: z
      .url({ protocol: /^https$/ })
      .max(300)
      .meta({ description: 'Of the authority (RFC 8555 7.1.1)' }),
    email: z.union([z.literal(''), z.email().max(200)]).meta({ description: 'Whom the authority tells of trouble' }),
    names: z.array(DomainName).min(1).max(20).meta({ description: 'Under which the box is reached from outside' }),
    challengePort: z.int().min(1).max(65_535).default(80).meta({
      description:
        'The authority asks port 80 of each name; here is where that arrives. The box listens there meanwhile',
    }),
    authority: z
      .string()
      .max(20_000)
      .default('')
      .meta({ description: 'PEM of who signed the certificate of a directory inside the house' }),
    termsAgreed: z.literal(true).meta({ description: 'The terms of the authority were read and agreed to' }),
  })
  .meta({ id: 'AcmePlan' });
export type AcmePlan = z.infer<typeof AcmePlan>;

export const TlsUpload = z
  .strictObject({
    cert: z.string().min(1).max(100_000).meta({ description: 'PEM: the certificate, then who signed it' }),
    key: z.string().min(1).max(20_000).meta({ description: 'PEM, not encrypted' }),
  })
  .meta({ id: 'TlsUpload' });
export type TlsUpload = z.infer<typeof TlsUpload>;

export const TlsState = z
  .strictObject({
    source: TlsSource,
    names: z.array(z.string()),
    issuer: z.string(),
    notBefore: TimeMs,
    notAfter: TimeMs,
    fingerprint: z.string().meta({ description: 'SHA-256 with colons' }),
    httpsPort: z.int().nullable().meta({ description: 'null: there is no HTTPS; http.tlsPort sets it' }),
    sipPort: z.int().nullable(),
    acme: AcmePlan.nullable(),
    ordering: z.boolean().meta({ description: 'A certificate is being asked for' }),
    last: z
      .strictObject({ at: TimeMs, ok: z.boolean(), problem: z.string() })
      .nullable()
      .meta({ description: 'What came of the last time that one was asked for' }),
    nextAt: TimeMs.nullable().meta({ description: 'When the next one is asked for' }),
  })
  .meta({ id: 'TlsState' });
export type TlsState = z.infer<typeof TlsState>;
