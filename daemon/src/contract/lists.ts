// Lists of callers: who is refused, who never is, who is treated better.
import { z } from 'zod';
import { DialPattern } from './dialling.js';
import { formats } from './formats.js';
import { AgentNumber, ClipName, DisplayName, Language, Slug, TimeMs } from './primitives.js';

export const NumberListKind = z.enum(['black', 'white', 'vip']).meta({
  id: 'NumberListKind',
  description: 'black: what its action says; white: never refused by a black list; vip: treated better',
});
export type NumberListKind = z.infer<typeof NumberListKind>;

export const ListAction = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('refuse'), cause: z.int().min(1).max(127).default(21) }),
    z.strictObject({ kind: z.literal('announcement'), prompt: ClipName, language: Language }),
    z.strictObject({ kind: z.literal('flow'), flowId: Slug, language: Language }),
  ])
  .meta({ id: 'ListAction', description: 'What becomes of a call of one who is on a black list' });
export type ListAction = z.infer<typeof ListAction>;

export const VipLevel = z.int().min(1).max(5).meta({ id: 'VipLevel', description: '1 to 5, the highest' });
export const QueuePriority = z.int().min(0).max(9).meta({ id: 'QueuePriority', description: '0 lowest to 9' });

const listFields = {
  name: DisplayName,
  action: ListAction.meta({ description: 'Of a black list' }),
  level: VipLevel.meta({ description: 'Of a VIP list, where an entry has none of its own' }),
  priority: QueuePriority.meta({ description: 'At least so high do its callers wait in queues; of a VIP list' }),
  enabled: z.boolean(),
};

export const NumberList = z
  .strictObject({ id: Slug, kind: NumberListKind, ...listFields, entries: z.int().min(0) })
  .meta({ id: 'NumberList' });
export type NumberList = z.infer<typeof NumberList>;

export const NumberListCreate = z
  .strictObject({
    id: Slug,
    kind: NumberListKind,
    name: listFields.name,
    action: listFields.action.default({ kind: 'refuse', cause: 21 }),
    level: listFields.level.default(1),
    priority: listFields.priority.default(7),
    enabled: listFields.enabled.default(true),
  })
  .meta({ id: 'NumberListCreate' });
export const NumberListPatch = z.strictObject(listFields).partial().meta({ id: 'NumberListPatch' });

const entryFields = {
  reason: z
    .string()
    .max(200)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, formats.displayName),
  expiresAt: TimeMs.nullable().meta({ description: 'From then on it does not count; null: for ever' }),
  level: VipLevel.nullable(),
  agentId: AgentNumber.nullable().meta({ description: 'The agent who is to have his calls' }),
};

export const NumberListEntry = z
  .strictObject({
    id: z.int().min(1),
    number: z.string().meta({ description: 'As it is dialled in the country, or a pattern' }),
    pattern: z.boolean(),
    ...entryFields,
    addedBy: z.string(),
    addedAt: TimeMs,
  })
  .meta({ id: 'NumberListEntry' });
export type NumberListEntry = z.infer<typeof NumberListEntry>;

export const ListedNumber = z
  .string()
  .max(64)
  .refine(
    (text) => /^\+?[0-9][0-9 ().-]{0,40}$/.test(text) || DialPattern.safeParse(text).success,
    formats.listedNumber,
  )
  .meta({ id: 'ListedNumber', description: 'A number, with + before a country code, or a pattern such as 0755.' });

export const NumberListEntryCreate = z
  .strictObject({
    number: ListedNumber,
    reason: entryFields.reason.default(''),
    expiresAt: entryFields.expiresAt.default(null),
    level: entryFields.level.default(null),
    agentId: entryFields.agentId.default(null),
  })
  .meta({ id: 'NumberListEntryCreate', description: 'In place of the entry with the same number, if there is one' });
export type NumberListEntryCreate = z.infer<typeof NumberListEntryCreate>;

export const NumberListEntries = z
  .strictObject({
    entries: z.array(NumberListEntry),
    after: z.int().nullable().meta({ description: 'Pass as after to get the next page; null: no more' }),
  })
  .meta({ id: 'NumberListEntries' });

export const NumberListEntryQuery = z.strictObject({
  number: z.string().max(24).optional().meta({ description: 'Those that begin so' }),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const NumberListImport = z
  .strictObject({
    encoding: z.string(),
    rows: z.int().min(0).meta({ description: 'Entries that were understood' }),
    first: z.array(NumberListEntryCreate).meta({ description: 'The first 20 of them' }),
    problems: z
      .array(z.strictObject({ line: z.int().min(1), message: z.string() }))
      .meta({ description: 'The first 200' }),
    problemCount: z.int().min(0),
    applied: z.boolean(),
  })
  .meta({ id: 'NumberListImport' });
export type NumberListImport = z.infer<typeof NumberListImport>;

export const NumberListImportQuery = z.strictObject({ apply: z.stringbool().default(false) });

/** What the lists say of one who calls; goes with the call. */
export const CallerTreatment = z
  .strictObject({
    lists: z.array(Slug).meta({ description: 'On which he stands' }),
    vipLevel: VipLevel.nullable(),
    priority: QueuePriority.nullable().meta({ description: 'At least so high does he wait in queues' }),
    agentId: AgentNumber.nullable().meta({ description: 'The agent who is to have him' }),
  })
  .meta({ id: 'CallerTreatment' });
export type CallerTreatment = z.infer<typeof CallerTreatment>;
