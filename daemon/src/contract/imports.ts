// Tables that go in and out as files: what a file has, what would become of each row, and what became of it.
import { z } from 'zod';
import { Slug, Ulid } from './primitives.js';

/** What can be read from a file and written to one; `of` names the queue or the list that the rows belong to. */
export const IMPORT_KINDS = ['agents', 'queue-members', 'number-list', 'sip-stations', 'speed-dials', 'users'] as const;
export const ImportKind = z.enum(IMPORT_KINDS).meta({ id: 'ImportKind' });
export type ImportKind = z.infer<typeof ImportKind>;

export const ImportColumn = z
  .strictObject({
    id: z.string(),
    title: z.string().meta({ description: 'In the language asked for' }),
    hint: z.string(),
    example: z.string(),
    required: z.boolean(),
  })
  .meta({ id: 'ImportColumn' });
export type ImportColumn = z.infer<typeof ImportColumn>;

export const ImportTable = z
  .strictObject({
    kind: ImportKind,
    key: z.string().meta({ description: 'Column by which a row of the file is known again' }),
    needsOf: z.enum(['queue', 'list']).nullable(),
    columns: z.array(ImportColumn),
  })
  .meta({ id: 'ImportTable' });
export type ImportTable = z.infer<typeof ImportTable>;

export const ImportRowState = z
  .enum(['new', 'changed', 'unchanged', 'bad'])
  .meta({ id: 'ImportRowState', description: 'What becomes of a row of the file' });
export type ImportRowState = z.infer<typeof ImportRowState>;

export const ImportRow = z
  .strictObject({
    line: z.int().min(1).meta({ description: 'In the file; the first line is 1' }),
    key: z.string(),
    state: ImportRowState,
    cells: z.array(z.string()).meta({ description: 'As they stand in the file, in the order of `fields`' }),
    changes: z.array(z.strictObject({ field: z.string(), before: z.string(), after: z.string() })),
    problems: z.array(z.strictObject({ field: z.string().nullable(), message: z.string() })),
  })
  .meta({ id: 'ImportRow' });
export type ImportRow = z.infer<typeof ImportRow>;

export const ImportCounts = z.strictObject({
  new: z.int().min(0),
  changed: z.int().min(0),
  unchanged: z.int().min(0),
  bad: z.int().min(0),
});
export type ImportCounts = z.infer<typeof ImportCounts>;

export const ImportResult = z
  .strictObject({
    kind: ImportKind,
    format: z.enum(['xlsx', 'csv']),
    encoding: z.string().nullable().meta({ description: 'Of a CSV file' }),
    headings: z.array(z.string()).meta({ description: 'Of the columns of the file' }),
    mapping: z
      .array(z.string().nullable())
      .meta({ description: 'For each column of the file the column it is; null: left out' }),
    fields: z.array(z.string()).meta({ description: 'Columns in the order of `cells`' }),
    counts: ImportCounts,
    rows: z.array(ImportRow).meta({ description: 'Bad ones first, then changed, new and unchanged; 1000 at most' }),
    applied: z.boolean(),
    secrets: z
      .array(z.strictObject({ key: z.string(), secret: z.string() }))
      .meta({ description: 'Made for what is new; shown this once' }),
  })
  .meta({ id: 'ImportResult' });
export type ImportResult = z.infer<typeof ImportResult>;

const mapping = z
  .string()
  .max(4000)
  .optional()
  .meta({ description: 'JSON: for each column of the file the column it is, or null; left out: told by the headings' });

export const ImportQuery = z.strictObject({
  of: Slug.optional().meta({ description: 'The queue, or the list, that the rows belong to' }),
  mapping,
  apply: z.stringbool().default(false).meta({ description: 'false: nothing is changed, the result is told' }),
  skipBad: z.stringbool().default(false).meta({ description: 'Bad rows are left out; else one of them keeps all out' }),
  job: Ulid.optional().meta({ description: 'By which GET /imports/jobs/:job tells how far it is' }),
});
export type ImportQuery = z.infer<typeof ImportQuery>;

export const ImportProgress = z
  .strictObject({
    phase: z.enum(['reading', 'checking', 'writing', 'over']),
    done: z.int().min(0),
    total: z.int().min(0),
  })
  .meta({ id: 'ImportProgress' });
export type ImportProgress = z.infer<typeof ImportProgress>;

export const ExportQuery = z.strictObject({
  of: ImportQuery.shape.of,
  format: z.enum(['xlsx', 'csv']).default('xlsx'),
  template: z.stringbool().default(false).meta({ description: 'Headings and what belongs under them, without rows' }),
});
export type ExportQuery = z.infer<typeof ExportQuery>;
