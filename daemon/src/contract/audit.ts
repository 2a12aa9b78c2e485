import { z } from 'zod';
import { TimeMs, Ulid } from './primitives.js';

/** Who changed what. Secrets are not in it; what is large is cut. */
export const AuditEntry = z
  .strictObject({
    id: Ulid,
    at: TimeMs,
    actor: z.string().meta({ description: 'Username' }),
    action: z.string().meta({ description: 'Such as created, changed, removed', example: 'changed' }),
    objectKind: z.string().meta({ example: 'calendar' }),
    objectId: z.string(),
    before: z.json().nullable(),
    after: z.json().nullable(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditList = z
  .strictObject({ entries: z.array(AuditEntry), before: Ulid.nullable() })
  .meta({ id: 'AuditList' });

export const AuditQuery = z.strictObject({
  actor: z.string().max(64).optional(),
  objectKind: z.string().max(40).optional(),
  objectId: z.string().max(80).optional(),
  before: Ulid.optional().meta({ description: 'Entries older than this one' }),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
