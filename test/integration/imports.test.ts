// Tables that go in and out as files, over HTTP: what becomes of each row, hostile files, formulas.
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import writeXlsxFile from 'write-excel-file/node';
import { readSheet } from 'read-excel-file/node';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorBody, ImportResult } from '../../daemon/src/contract/index.js';
import { agentRow, queueRow } from '../support/db-rows.js';
import { httpBox, type HttpBox } from '../support/http-box.js';

let box: HttpBox;
let token: string;
beforeEach(async () => {
  box = await httpBox();
  token = (await box.signIn('admin')).token;
  await box.db.write((tx) => tx.queues.insert(queueRow({ id: 'sales', name: '销售' })));
});

interface Reply {
  status: number;
  code: string | undefined;
  result: ImportResult;
}

async function put(kind: string, file: Uint8Array | string, query = '', by = token): Promise<Reply> {
  const answer = await fetch(`${box.base}/api/v1/imports/${kind}?${query}`, {
    method: 'POST',
    body: typeof file === 'string' ? file : new Uint8Array(file),
    headers: { Authorization: `Bearer ${by}`, 'Content-Type': 'application/octet-stream', 'Accept-Language': 'en' },
  });
  const body = (await answer.json()) as ImportResult & Partial<ErrorBody>;
  return { status: answer.status, code: body.error?.code, result: body };
}

async function get(path: string): Promise<Buffer> {
  const headers = { Authorization: `Bearer ${token}`, 'Accept-Language': 'en' };
  const answer = await fetch(`${box.base}/api/v1${path}`, { headers });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

const xlsx = (rows: (string | number | null)[][]): Promise<Buffer> =>
  writeXlsxFile(rows.map((row) => row.map((value) => (value === null ? null : { value })))).toBuffer();

describe('a file of agents', () => {
  it('says of each row what becomes of it, and changes nothing before it is asked to', async () => {
    await box.db.write(async (tx) => {
      await tx.agents.insert(agentRow({ id: '3001', name: 'Li', queues: ['sales'], language: 'en' }));
      await tx.agents.insert(agentRow({ id: '3002', name: 'Wang', queues: [], language: 'en' }));
    });
    const csv = [
      '工号,姓名,队列,技能',
      '3001,Li,sales,',
      '3002,Wang Fang,销售,english：7',
      '3003,Zhao,,billing:3;english:2',
      '30x,Nobody,,',
      '3004,Lost,nowhere,',
      '3005,Good,,english',
      '3003,Twice,,',
    ].join('\r\n');
    const preview = await put('agents', csv);
    expect(preview.status).toBe(200);
    expect(preview.result.counts).toEqual({ new: 1, changed: 1, unchanged: 1, bad: 4 });
    expect(preview.result.mapping).toEqual(['id', 'name', 'queues', 'skills']);
    const bad = preview.result.rows.filter(({ state }) => state === 'bad');
    expect(bad.map(({ line, problems }) => [line, problems[0]?.field])).toEqual([
      [5, 'id'],
      [6, 'queues'],
      [7, 'skills'],
      [8, 'id'],
    ]);
    expect(bad[1]?.problems[0]?.message).toContain('nowhere');
    expect(preview.result.rows.find(({ key }) => key === '3002')?.changes).toEqual([
      { field: 'name', before: 'Wang', after: 'Wang Fang' },
      { field: 'queues', before: '', after: 'sales' },
      { field: 'skills', before: '', after: 'english:7' },
    ]);
    expect(await box.db.agents.find('3003')).toBeNull();

    const refused = await put('agents', csv, 'apply=true');
    expect([refused.status, refused.code]).toEqual([422, 'import_has_bad_rows']);
    expect(await box.db.agents.find('3003')).toBeNull();

    expect((await put('agents', csv, 'apply=true&skipBad=true')).result.applied).toBe(true);
    expect(await box.db.agents.find('3002')).toMatchObject({ name: 'Wang Fang', queues: ['sales'], language: 'en' });
    expect((await box.db.abilities.find('3003')).skills).toEqual([
      { skill: 'billing', level: 3 },
      { skill: 'english', level: 2 },
    ]);
    const entries = await box.db.audit.list({ objectKind: 'agents', limit: 5 });
    expect(entries[0]).toMatchObject({ action: 'imported', actor: expect.any(String) as string });
  });

  it('comes back equal from Excel and CSV, whatever names begin with', async () => {
    const names = ['=1+1', '+86', '-cmd', '@sum', "'=quoted", "'plain", '普通', "''=twice", '  -spaced'];
    await box.db.write(async (tx) => {
      for (const [at, name] of names.entries())
        await tx.agents.insert(agentRow({ id: String(4000 + at), name, queues: [] }));
    });
    for (const format of ['xlsx', 'csv']) {
      const file = await get(`/exports/agents?format=${format}`);
      const cells =
        format === 'xlsx' ? (await readSheet(file)).flat().map(String) : file.toString('utf8').split(/[,\r\n]+/);
      expect(cells.filter((cell) => /^\s*[=+\-@]/.test(cell))).toEqual([]);
      expect(cells).toContain("'=1+1");
      const { result } = await put('agents', file);
      // blanks around a name are no part of it
      expect(result.counts).toMatchObject({ new: 0, bad: 0, changed: 1 });
      expect(result.rows.find(({ state }) => state === 'changed')?.changes[0]?.after).toBe('-spaced');
    }
    expect((await get('/exports/agents?format=csv')).subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
  });

  it('is understood in GB18030, with other headings and in another order by the mapping', async () => {
    // 李娜, 王磊 in GB18030
    const text = Buffer.concat([
      Buffer.from('who;nr\n'),
      Buffer.from([0xc0, 0xee, 0xc4, 0xc8]),
      Buffer.from(';3001\n'),
      Buffer.from([0xcd, 0xf5, 0xc0, 0xda]),
      Buffer.from(';3002\n'),
    ]);
    const { result } = await put('agents', text, `mapping=${encodeURIComponent('["name","id"]')}&apply=true`);
    expect(result).toMatchObject({ encoding: 'gb18030', counts: { new: 2 } });
    expect((await box.db.agents.list()).map(({ name }) => name)).toContain('李娜');
    const twice = await put('agents', text, `mapping=${encodeURIComponent('["name","name"]')}`);
    expect(twice.code).toBe('import_mapping_invalid');
  });

  it('takes numbers for text, and leaves alone what the file does not name', async () => {
    await box.db.write((tx) => tx.agents.insert(agentRow({ id: '3001', name: 'Li', queues: ['sales'] })));
    const file = await xlsx([
      ['Number', 'Name'],
      [3001, 'Li Na'],
      [3002, 'Wu'],
      [null, null],
    ]);
    const { result } = await put('agents', file, 'apply=true');
    expect(result.counts).toEqual({ new: 1, changed: 1, unchanged: 0, bad: 0 });
    expect(await box.db.agents.find('3001')).toMatchObject({ name: 'Li Na', queues: ['sales'] });
  });

  it('is refused to those who may not, and its template says what belongs where', async () => {
    const supervisor = (await box.signIn('supervisor')).token;
    expect((await put('agents', 'id,name\n1,x', '', supervisor)).status).toBe(403);
    const template = await get('/exports/agents?template=true');
    expect((await readSheet(template))[0]).toContain('Number');
    expect((await readSheet(template, 2)).flat()).toContain('1 to 8 digits');
  });
});

describe('other kinds', () => {
  it('members of a queue keep those whom the file does not name', async () => {
    await box.db.write(async (tx) => {
      for (const id of ['3001', '3002']) await tx.agents.insert(agentRow({ id, queues: [] }));
      await tx.queueMembers.replaceOfQueue('sales', [{ agentId: '3001', position: 1, penalty: 0, weight: 1 }]);
    });
    const file = 'agent,penalty,weight\n3002,5,10\n3999,1,1';
    expect((await put('queue-members', file)).code).toBe('import_of_missing');
    expect((await put('queue-members', file, 'of=nowhere')).code).toBe('queue_not_found');
    const { result } = await put('queue-members', file, 'of=sales&apply=true&skipBad=true');
    expect(result.counts).toEqual({ new: 1, changed: 0, unchanged: 0, bad: 1 });
    expect(await box.db.queueMembers.listByQueue('sales')).toMatchObject([
      { agentId: '3002', penalty: 5, weight: 10 },
      { agentId: '3001', penalty: 0 },
    ]);
  });

  it('telephones get secrets that are told once, and are told of', async () => {
    const { result } = await put('sip-stations', 'number,name\n1801,前台\n1102,', 'apply=true&skipBad=true');
    expect(result.counts).toMatchObject({ new: 1, bad: 1 });
    expect(result.secrets).toMatchObject([{ key: '1801', secret: expect.any(String) as string }]);
    const again = await put('sip-stations', 'number,name\n1801,大堂', 'apply=true');
    expect(again.result).toMatchObject({ counts: { changed: 1 }, secrets: [] });
  });

  it('speed dials keep the zero of their place', async () => {
    await put(
      'speed-dials',
      await xlsx([
        ['Place', 'Number', 'Name'],
        [7, 51288886666, 'Spares'],
      ]),
      'apply=true',
    );
    expect(await box.db.desk.speedDials('')).toMatchObject([{ slot: '07', number: '51288886666' }]);
    const { result } = await put('speed-dials', await get('/exports/speed-dials?format=csv'));
    expect(result.counts).toEqual({ new: 0, changed: 0, unchanged: 1, bad: 0 });
  });
});

describe('hostile files', () => {
  /** A ZIP with these files; `claims` is the size that it says, whatever it has. */
  function zip(files: { name: string; data: Buffer; claims?: number }[]): Buffer {
    const parts: Buffer[] = [];
    const directory: Buffer[] = [];
    let offset = 0;
    for (const { name, data, claims } of files) {
      const packed = deflateRawSync(data);
      const common = Buffer.alloc(26);
      common.writeUInt16LE(20, 0);
      common.writeUInt16LE(8, 4);
      common.writeUInt32LE(packed.length, 14);
      common.writeUInt32LE(claims ?? data.length, 18);
      common.writeUInt16LE(name.length, 22);
      parts.push(Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed);
      const entry = Buffer.alloc(46);
      entry.write('PK\x01\x02', 'latin1');
      common.copy(entry, 6);
      entry.writeUInt32LE(offset, 42);
      directory.push(entry, Buffer.from(name));
      offset += 30 + name.length + packed.length;
    }
    const listed = Buffer.concat(directory);
    const end = Buffer.alloc(22);
    end.write('PK\x05\x06', 'latin1');
    end.writeUInt16LE(files.length, 10);
    end.writeUInt32LE(listed.length, 12);
    end.writeUInt32LE(offset, 16);
    return Buffer.concat([...parts, listed, end]);
  }
  const sheet = (xml: string, claims?: number) => ({
    ...{ name: 'xl/worksheets/sheet1.xml', data: Buffer.from(xml) },
    ...(claims === undefined ? {} : { claims }),
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'import_empty'],
    ['bytes that are no text', Buffer.from([0, 1, 2, 255, 0, 200]), 'import_unreadable'],
    ['half a ZIP', Buffer.from('PK\x03\x04 and no more'), 'import_unreadable'],
    ['a ZIP that is no workbook', zip([{ name: 'a.txt', data: Buffer.from('a') }]), 'import_unreadable'],
    ['a bomb', zip([sheet(' '.repeat(120_000_000), 10)]), 'import_too_large'],
    ['a cell a million rows down', zip([sheet('<c r="A1048576"/>')]), 'import_too_large'],
    ['a cell beyond the last column', zip([sheet('<c r="XFD1"/>')]), 'import_too_large'],
    ['entities', zip([sheet('<!DOCTYPE x [<!ENTITY a "aa">]><x/>')]), 'import_unreadable'],
    [
      'more files than a workbook has',
      zip(Array.from({ length: 600 }, (_, at) => ({ name: `${at}`, data: Buffer.from('a') }))),
      'import_too_large',
    ],
    ['headings alone', Buffer.from('number,name\n'), 'import_empty'],
    ['a cell of a megabyte', Buffer.from(`number,name\n1,${'x'.repeat(1_000_000)}`), 'import_too_large'],
    ['more rows than are taken', Buffer.from(`number,name\n${'1,x\n'.repeat(20_002)}`), 'import_too_large'],
    ['more columns than are taken', Buffer.from(`number,name${',x'.repeat(100)}\n1,x`), 'import_too_large'],
  ])('%s is refused with a sentence, and the box goes on', async (_, file, code) => {
    const answer = await put('agents', file);
    expect(answer.code).toBe(code);
    expect((await put('agents', 'number,name\n3001,Li')).result.counts.new).toBe(1);
  });

  it('a file larger than it may be is not even read', async () => {
    expect((await put('agents', Buffer.alloc(8_100_000, 'a'))).status).toBe(413);
  });

  it('a table of 10,000 rows is judged', async () => {
    const rows = Array.from({ length: 10_000 }, (_, at) => `${10_000 + at},Agent ${at}`).join('\n');
    expect((await put('agents', `number,name\n${rows}`)).result).toMatchObject({ counts: { new: 10_000 } });
  });
});

it('what the document says of imports is there', () => {
  const text = readFileSync(new URL('../../docs/import.md', import.meta.url), 'utf8');
  for (const kind of ['agents', 'queue-members', 'number-list', 'sip-stations', 'speed-dials'])
    expect(text).toContain(`\`${kind}\``);
});

describe('a file of users', () => {
  const csv = [
    '用户名,角色,坐席工号,语言',
    'li.na,坐席,3001,中文',
    'boss,supervisor,,en',
    'li na,agent,,',
    'ghost,nobody,,',
    'lost,agent,9999,',
  ].join('\r\n');

  it('makes those who are new, with passwords for one time that are told once', async () => {
    await box.db.write((tx) => tx.agents.insert(agentRow({ id: '3001', name: 'Li', queues: [], language: 'en' })));
    const { result } = await put('users', csv);
    expect(result.counts).toEqual({ new: 2, changed: 0, unchanged: 0, bad: 3 });
    expect(result.secrets).toEqual([]);
    const problems = result.rows.flatMap((row) => row.problems.map(({ field }) => field));
    expect(problems.sort()).toEqual(['agent', 'role', 'username']);

    const { result: taken } = await put('users', csv, 'apply=true&skipBad=true');
    expect(taken.secrets.map(({ key }) => key).sort()).toEqual(['boss', 'li.na']);
    expect(await box.db.users.findByUsername('li.na')).toMatchObject({
      role: 'agent',
      agentId: '3001',
      language: 'zh-CN',
    });
    const secret = taken.secrets.find(({ key }) => key === 'boss')?.secret ?? '';
    const answer = await fetch(`${box.base}/api/v1/session`, {
      method: 'POST',
      body: JSON.stringify({ username: 'boss', password: secret }),
      headers: { 'Content-Type': 'application/json' },
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ due: ['password'] });

    // what goes out comes back as it was
    const out = await get('/exports/users?format=csv');
    const { result: again } = await put('users', out);
    expect(again.counts).toMatchObject({ new: 0, changed: 0, bad: 0 });
  });

  it('lets nobody give or take more than he has, and leaves somebody who may make users', async () => {
    const [admin] = await box.db.users.list();
    const name = admin?.username ?? '';
    await box.db.write((tx) =>
      tx.roles.insert({
        ...{ id: 'keeper', name: 'Keeper', permissions: ['users.view', 'users.edit'], updatedAt: 0 },
        scope: { kind: 'all' },
      }),
    );
    const { token: keeper } = await box.signIn('keeper');
    const upwards = await put('users', `用户名,角色\r\nnew,admin\r\n${name},keeper`, '', keeper);
    expect(upwards.result.counts).toMatchObject({ bad: 2 });
    const last = await put('users', `用户名,角色\r\n${name},agent`, 'apply=true');
    expect(last.code).toBe('user_last_admin');
    expect(await box.db.users.findByUsername(name)).toMatchObject({ role: 'admin' });
  });
});
