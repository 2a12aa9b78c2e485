// A kind of thing that goes in and out as rows of a file. A new kind is one file in kinds/ and its line in kinds/index.ts.
import type { ErrorDetail, ImportKind, Language } from '../contract/index.js';
import type { Reads, Writes } from '../db/index.js';

export interface Words {
  readonly zh: string;
  readonly en: string;
}

export interface Column {
  readonly id: string;
  readonly title: Words;
  readonly hint: Words;
  readonly example: string;
  readonly required?: boolean;
  /** other headings under which people write it, in lower case */
  readonly also?: readonly string[];
}

/** By the column; text as it stands in a cell. */
export type Cells = Readonly<Record<string, string>>;

/** What a kind needs of the box beyond its database. */
export interface Surroundings {
  readonly defaultLanguage: Language;
  /** digits of a number as it is dialled in the country */
  normalise(number: string): string;
  /** when a day of the box is over */
  endOfDay(date: string): number;
  /** of the box's SIP accounts */
  readonly sipDomain: string;
  /** the emergency number that a number begins with */
  reservedBy(number: number): string | undefined;
  readonly users: UserSurroundings;
  readonly by: string;
  readonly nowMs: number;
}

/** What is known of users beyond their rows. */
export interface UserSurroundings {
  /** by id; mayGive: it allows no more than whoever imports may */
  roles(): Promise<ReadonlyMap<string, { name: string; mayGive: boolean }>>;
  /** for one time */
  makePassword(): Promise<{ plain: string; hash: string }>;
  /** of whoever imports: it goes on */
  readonly session: string | undefined;
}

export type CheckedRow =
  | {
      ok: true;
      /** as an export would write it */
      cells: Cells;
      /** puts it among what `write` writes */
      take(): void;
    }
  | { ok: false; problems: (language: Language) => ErrorDetail[] };

/** One reading of a file, or one export. */
export interface TableSession {
  /** by key, as an export would write it */
  readonly existing: ReadonlyMap<string, Cells>;
  keyOf(cells: Cells): string;
  /** `cells`: the whole row, with what stays as it was */
  check(cells: Cells): CheckedRow;
  /** What takes a moment and writes nothing, once it is known what is taken. */
  prepare?(): Promise<void>;
  /** Writes what was taken; gives secrets that were made. Must do nothing but read and write. */
  write(tx: Writes): Promise<{ key: string; secret: string }[]>;
}

export interface Table {
  readonly kind: ImportKind;
  readonly key: string;
  readonly needsOf: 'queue' | 'list' | null;
  readonly columns: readonly Column[];
  /** who is told when it has been written */
  readonly tells: 'lists' | 'sip' | null;
  /** `keys`: rows of the file are about these alone; undefined: everything. AppError when `of` is not there. */
  open(db: Reads, of: string, around: Surroundings, keys: readonly string[] | undefined): Promise<TableSession>;
}

/** The pieces of a cell that names several things. */
export function pieces(cell: string): string[] {
  return cell
    .split(/[;；,，、\n]/)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
}

export const joined = (list: readonly string[]): string => list.join('; ');

const LANGUAGES: Readonly<Record<string, Language>> = {
  ...{ '': 'zh-CN', 'zh-cn': 'zh-CN', zh: 'zh-CN', 中文: 'zh-CN', 汉语: 'zh-CN', 普通话: 'zh-CN', chinese: 'zh-CN' },
  ...{ en: 'en', english: 'en', 英文: 'en', 英语: 'en' },
};
/** What nobody calls a language stays as it is, and is refused by the schema. */
export const languageOf = (cell: string, standard: Language): string =>
  cell === '' ? standard : (LANGUAGES[cell.toLowerCase()] ?? cell);
export const languageCell = (language: Language): string => (language === 'en' ? 'English' : '中文');

const YES = new Set(['是', 'yes', 'y', 'true', '1', '启用', 'on']);
const NO = new Set(['否', 'no', 'n', 'false', '0', '停用', 'off']);
export function booleanOf(cell: string, standard: boolean): boolean | string {
  if (cell === '') return standard;
  const lower = cell.toLowerCase();
  return YES.has(lower) ? true : NO.has(lower) ? false : cell;
}

/** NaN, which no schema takes, for what is no number. */
export const numberOf = (cell: string, standard: number): number => (cell === '' ? standard : Number(cell));

export const says = (path: string, zh: string, en: string) => ({
  ok: false as const,
  problems: (language: Language): ErrorDetail[] => [{ path, message: language === 'en' ? en : zh }],
});
