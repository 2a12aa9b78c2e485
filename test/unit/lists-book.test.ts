import { describe, expect, onTestFinished, test } from 'vitest';
import type { NumberListRow } from '../../daemon/src/db/index.js';
import { ListBook, ListIndex, entriesFromCsv, entriesToCsv } from '../../daemon/src/lists/index.js';
import { decodeText, silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { testDatabase } from '../support/test-database.js';

const list = (id: string, kind: NumberListRow['kind'], over: Partial<NumberListRow> = {}): NumberListRow => ({
  ...{ id, name: id, kind, action: { kind: 'refuse', cause: 21 }, level: 2, priority: 7, enabled: true },
  ...over,
});
const entry = (listId: string, number: string, over = {}) => ({
  ...{
    listId,
    number,
    pattern: false,
    reason: '',
    expiresAt: null,
    level: null,
    agentId: null,
    addedBy: 'admin',
    addedAt: 1,
  },
  ...over,
});

async function bookOf() {
  const [db, clock] = [await testDatabase(), new FakeClock()];
  const book = new ListBook({ db, clock, log: silentLog });
  await db.write(async (tx) => {
    for (const row of [list('black', 'black'), list('white', 'white'), list('gold', 'vip', { level: 3 })])
      await tx.numberLists.insert(row);
  });
  await book.start();
  onTestFinished(() => book.stop());
  const put = async (...rows: ReturnType<typeof entry>[]): Promise<void> => {
    await db.write((tx) => tx.numberLists.putEntries(rows));
    await book.applied();
  };
  return { db, book, put, clock };
}

describe('who stands on a list', () => {
  test('black refuses, until it expires; white and other numbers are let in', async () => {
    const { book, put, clock } = await bookOf();
    const expiresAt = clock.wallMs() + 1000;
    await put(
      entry('black', '13800138000', { reason: 'threats', expiresAt }),
      entry('black', '0755.', { pattern: true }),
    );
    expect(await book.verdict('13800138000')).toMatchObject({ refused: { listId: 'black', reason: 'threats' } });
    expect((await book.verdict('13800138001')).refused).toBeNull();
    expect((await book.verdict('075583765566')).refused?.listId).toBe('black');
    expect((await book.verdict('0755')).refused).toBeNull();
    await put(entry('white', '075583765566'));
    expect(await book.verdict('075583765566')).toMatchObject({
      refused: null,
      treatment: { lists: ['white', 'black'] },
    });
    expect((await book.verdict('13800138000', expiresAt)).refused).toBeNull();
    expect(await book.verdict('')).toEqual({ treatment: null, refused: null });
  });

  test('a VIP has the highest level of his lists, a priority and his agent', async () => {
    const { book, put, db } = await bookOf();
    await put(entry('gold', '13900139000', { level: 5, agentId: '2003' }), entry('gold', '13700137000'));
    expect((await book.verdict('13900139000')).treatment).toEqual({
      lists: ['gold'],
      vipLevel: 5,
      priority: 7,
      agentId: '2003',
    });
    expect((await book.verdict('13700137000')).treatment).toMatchObject({ vipLevel: 3, agentId: null });
    await db.write((tx) => tx.numberLists.update('gold', { enabled: false }));
    await book.applied();
    expect((await book.verdict('13700137000')).treatment).toBeNull();
  });

  test('what is put, changed or removed while the box runs counts from then on', async () => {
    const { book, put, db } = await bookOf();
    await put(entry('black', '1001'), entry('black', '2002'));
    const rebuilt = new ListBook({ db, clock: new FakeClock(), log: silentLog });
    await rebuilt.start();
    onTestFinished(() => rebuilt.stop());
    const [first] = await db.numberLists.entriesByNumber('black', ['1001']);
    await db.write((tx) => tx.numberLists.removeEntry(first!.id));
    await Promise.all([book.applied(), rebuilt.applied()]);
    for (const one of [book, rebuilt]) {
      expect((await one.verdict('1001')).refused).toBeNull();
      expect((await one.verdict('2002')).refused).not.toBeNull();
      expect((await one.verdict('01001')).refused).toBeNull();
    }
    await put(entry('black', '2002', { expiresAt: 5 }));
    await rebuilt.applied();
    expect((await rebuilt.verdict('2002')).refused).toBeNull();
  });
});

test('a million entries: found at once, in little memory', async () => {
  const index = new ListIndex();
  const number = (at: number): string => `1${String(3_000_000_000 + at * 7)}`;
  const before = process.memoryUsage();
  await index.load(
    (async function* () {
      for (let from = 0; from < 1_000_000; from += 50_000)
        yield await Promise.resolve(
          Array.from({ length: 50_000 }, (_, at) => ({
            ...{
              id: from + at + 1,
              listId: 'black',
              number: number(999_999 - from - at),
              pattern: false,
              expiresAt: null,
            },
          })),
        );
    })(),
  );
  const bytes = process.memoryUsage().arrayBuffers - before.arrayBuffers;
  const began = performance.now();
  let found = 0;
  for (let at = 0; at < 200_000; at += 1) found += index.find(at % 2 === 0 ? number(at * 5) : `9${at}`, 0).length;
  const nsEach = ((performance.now() - began) / 200_000) * 1e6;
  console.log(`1,000,000 entries: ${(bytes / 1e6).toFixed(1)} MB of tables, ${nsEach.toFixed(0)} ns a look-up`);
  expect(found).toBe(100_000);
  expect(index.find(number(3), 0)).toEqual([{ entryId: 999_997, listId: 'black' }]);
  expect(bytes).toBeLessThan(100e6);
}, 60_000);

describe('files', () => {
  const endOfDay = (date: string): number => Date.parse(`${date}T16:00:00Z`);

  test('GBK and UTF-8, Chinese heads, and a line of its own for each fault', async () => {
    // 号码,原因 CR LF 13800138000,骚扰 in GBK
    const gbk = Buffer.from('bac5c2eb2cd4adb4f20d0a31333830303133383030302cc9a7c8c5', 'hex');
    expect(decodeText(gbk)?.encoding).toBe('gb18030');
    const text =
      '号码,原因,到期,级别,坐席\n13800138000,骚扰,2027/2/6,,\nabc,x,,,\n13800138000,again,,,\n+442071838750,,2027-13-45,,\n0755.,,,9,';
    const { entries, problems } = await entriesFromCsv(decodeText(Buffer.from(text))!.text, 'en', endOfDay);
    expect(entries).toEqual([
      {
        number: '13800138000',
        reason: '骚扰',
        expiresAt: Date.parse('2027-02-06T16:00:00Z'),
        level: null,
        agentId: null,
      },
    ]);
    expect(problems.map(({ line }) => line)).toEqual([3, 4, 5, 6]);
  });

  test.each([
    ['an open quote', 'number\n"13800138000'],
    ['a line without end', `number\n${'9'.repeat(100_000)}`],
    ['a column named like a method', 'number,constructor,__proto__\n1,2,3'],
    ['nothing', ''],
    ['marks alone', '\ufeff,,,\n,,,'],
  ])('hostile: %s', async (_, text) => {
    const { entries, problems } = await entriesFromCsv(text, 'zh-CN', endOfDay);
    expect(entries.length + problems.length).toBeLessThan(3);
  });

  test('no more lines than may be, and no text that is none', async () => {
    const many = `number\n${Array.from({ length: 200_010 }, (_, at) => String(10_000 + at)).join('\n')}`;
    const { entries, problemCount } = await entriesFromCsv(many, 'en', endOfDay);
    expect([entries.length, problemCount]).toEqual([200_000, 1]);
    expect(decodeText(new Uint8Array([0, 1, 2, 0, 0xff]))).toBeUndefined();
  });

  test('a cell that begins a formula is escaped on the way out', async () => {
    const row = { id: 1, ...entry('black', '1', { reason: '=HYPERLINK("http://x")' }) };
    expect(entriesToCsv([row])).toBe(`1,"'=HYPERLINK(""http://x"")",,,\r\n`);
    const back = await entriesFromCsv(`number,reason,expires,level,agent\n${entriesToCsv([row])}`, 'en', endOfDay);
    expect(back.entries[0]?.reason).toBe('=HYPERLINK("http://x")');
  });
});
