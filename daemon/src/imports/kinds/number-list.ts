// Numbers of one list of callers.
import { DialPattern, NumberListEntryCreate } from '../../contract/index.js';
import type { NumberListEntryRow, Reads } from '../../db/index.js';
import { AppError, check } from '../../platform/index.js';
import { says, type Cells, type CheckedRow, type Surroundings, type Table } from '../table.js';

type Entry = Pick<NumberListEntryRow, 'number' | 'reason' | 'expiresAt' | 'level' | 'agentId'>;

const AT_ONCE = 500;

const cellsOf = ({ number, reason, expiresAt, level, agentId }: Entry): Cells => ({
  number,
  reason,
  expires: expiresAt === null ? '' : new Date(expiresAt).toISOString(),
  level: level === null ? '' : String(level),
  agent: agentId ?? '',
});

/** Digits alone are a number; whatever else fits a pattern is one. */
function isPattern(number: string): boolean {
  return !/^\+?[0-9 ().-]+$/.test(number) || (/\.$/.test(number) && DialPattern.safeParse(number).success);
}

/** NaN, which no schema takes, for what is no time. */
function expiryOf(text: string, { endOfDay }: Surroundings): number {
  const [, year = '', month = '', day = ''] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text) ?? [];
  if (year !== '') return endOfDay(`${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`);
  return Date.parse(text);
}

async function entriesOf(db: Reads, listId: string, numbers: readonly string[] | undefined) {
  const rows: NumberListEntryRow[] = [];
  if (numbers !== undefined) {
    for (let at = 0; at < numbers.length; at += AT_ONCE)
      rows.push(...(await db.numberLists.entriesByNumber(listId, numbers.slice(at, at + AT_ONCE))));
    return rows;
  }
  for (let after = 0; ;) {
    const page = await db.numberLists.entries({ listId, after, limit: AT_ONCE });
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < AT_ONCE) return rows;
    after = last.id;
  }
}

export const numberListTable: Table = {
  kind: 'number-list',
  key: 'number',
  needsOf: 'list',
  tells: 'lists',
  columns: [
    {
      ...{ id: 'number', title: { zh: '号码', en: 'Number' }, required: true, example: '13800138000' },
      hint: {
        zh: '号码（国家代码前可加 +）或号码模式，如 0755.',
        en: 'A number, with + before a country code, or a pattern such as 0755.',
      },
      also: ['电话', '电话号码', '手机', 'phone'],
    },
    {
      ...{ id: 'reason', title: { zh: '原因', en: 'Reason' }, example: '' },
      hint: { zh: '最多 200 个字', en: '200 characters at most' },
      also: ['备注', 'note'],
    },
    {
      ...{ id: 'expires', title: { zh: '有效期', en: 'Expires' }, example: '2027-12-31' },
      hint: { zh: '日期或时间；留空为长期', en: 'A day or a time; empty: for ever' },
      also: ['到期', 'expiresat'],
    },
    {
      ...{ id: 'level', title: { zh: '级别', en: 'Level' }, example: '' },
      hint: { zh: 'VIP 名单：1 到 5', en: 'VIP lists: 1 to 5' },
    },
    {
      ...{ id: 'agent', title: { zh: '坐席', en: 'Agent' }, example: '' },
      hint: { zh: '专属坐席的工号', en: 'Number of the agent who is to have his calls' },
      also: ['agentid', '工号'],
    },
  ],
  async open(db, of, around, keys) {
    if ((await db.numberLists.find(of)) === null) throw new AppError('number_list_not_found', { id: of });
    const keyOf = (number: string): string => (isPattern(number) ? number : around.normalise(number));
    const numbers = keys === undefined ? undefined : [...new Set(keys.map(keyOf))];
    const existing = new Map((await entriesOf(db, of, numbers)).map((one) => [one.number, cellsOf(one)]));
    const agents = new Set((await db.agents.list()).map(({ id }) => id));
    const taken: Omit<NumberListEntryRow, 'id'>[] = [];
    return {
      existing,
      keyOf: ({ number }) => keyOf(number ?? ''),
      check(cells): CheckedRow {
        const { number = '', reason = '', expires = '', level = '', agent = '' } = cells;
        const expiresAt = expires === '' ? null : expiryOf(expires, around);
        if (Number.isNaN(expiresAt))
          return says(
            'expires',
            `“${expires}”不是日期，例如 2027-12-31。`,
            `“${expires}” is no day such as 2027-12-31.`,
          );
        const checked = check(NumberListEntryCreate, {
          ...{ number, reason, expiresAt },
          level: level === '' ? null : Number(level),
          agentId: agent === '' ? null : agent,
        });
        if (!checked.ok)
          return {
            ok: false,
            problems: (language) =>
              checked.problems(language).map((one) => ({ ...one, path: one.path === 'agentId' ? 'agent' : one.path })),
          };
        if (agent !== '' && !agents.has(agent))
          return says('agent', `没有工号为 ${agent} 的坐席。`, `There is no agent ${agent}.`);
        const pattern = isPattern(number);
        const entry = { ...checked.value, number: keyOf(number), pattern, listId: of };
        return {
          ok: true,
          cells: cellsOf(entry),
          take: () => void taken.push({ ...entry, addedBy: around.by, addedAt: around.nowMs }),
        };
      },
      async write(tx) {
        for (let at = 0; at < taken.length; at += AT_ONCE)
          await tx.numberLists.putEntries(taken.slice(at, at + AT_ONCE));
        return [];
      },
    };
  },
};
