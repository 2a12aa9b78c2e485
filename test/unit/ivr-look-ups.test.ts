// Asking others for flows: who may be asked, what is bounded, and what an answer's place is.
import { createServer, type RequestListener } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DataSources } from '../../daemon/src/db/index.js';
import { LookupError } from '../../daemon/src/ivr/flow-ports.js';
import { AddressGuard } from '../../daemon/src/platform/index.js';
import { HttpLookup, type Resolve } from '../../daemon/src/ivr/lookup/http-lookup.js';
import { atPath, parsePath } from '../../daemon/src/ivr/lookup/json-path.js';
import { SqlLookup } from '../../daemon/src/ivr/lookup/sql-lookup.js';
import { sqlProblem } from '../../daemon/src/ivr/lookup/sql-text.js';
import { silentLog, systemClock } from '../../daemon/src/platform/index.js';

async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return (server.address() as AddressInfo).port;
}

const ask = (lookup: HttpLookup, url: string, more: object = {}) =>
  lookup.request({
    ...{ method: 'GET', url, headers: {}, body: undefined, timeoutMs: 5000, signal: new AbortController().signal },
    ...more,
  });
const open = new AddressGuard(['127.0.0.1/32']);
const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => (error instanceof LookupError ? error.code : String(error)),
  );

describe('an address', () => {
  const guard = new AddressGuard([]);
  it.each([
    ...[
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
    ],
    ...['100.64.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'fe80::1%eth0', 'fd00::1', 'ff02::1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:10.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', '::7f00:1'],
    ...['2001:0:1::', 'localhost', '', '1.2.3'],
  ])('%j is not asked', (address) => {
    expect(guard.allows(address)).toBe(false);
  });

  it.each(['8.8.8.8', '172.32.0.1', '2606:4700::1', '::ffff:8.8.8.8'])('%s is', (address) => {
    expect(guard.allows(address)).toBe(true);
  });

  it('of the box itself is not, unless it is named', () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
    for (const address of own) expect(guard.allows(address), address).toBe(false);
    expect(new AddressGuard(['10.0.0.0/8', 'fd00::/8']).allows('10.1.2.3')).toBe(true);
    expect(new AddressGuard(['10.0.0.0/8', 'fd00::/8']).allows('::ffff:10.1.2.3')).toBe(true);
    expect(new AddressGuard(['10.0.0.0/8', 'fd00::/8']).allows('fd12::1')).toBe(true);
  });
});

describe('a web service', () => {
  it('is asked, and answers with JSON, or with text', async () => {
    const port = await serve((request, response) => response.end(request.url === '/json' ? '{"a":[1]}' : 'plain'));
    const lookup = new HttpLookup(open);
    expect(await ask(lookup, `http://127.0.0.1:${port}/json`)).toEqual({ status: 200, body: { a: [1] } });
    expect(await ask(lookup, `http://127.0.0.1:${port}/`)).toEqual({ status: 200, body: 'plain' });
  });

  it('within the box is refused, however it is written', async () => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.end();
    });
    const resolve: Resolve = () => Promise.resolve(['93.184.216.34', '127.0.0.1']);
    const lookup = new HttpLookup(new AddressGuard([]), resolve);
    for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '0', '[::1]', '[::ffff:127.0.0.1]', 'mixed.example'])
      expect(await code(ask(lookup, `http://${host}:${port}/`)), host).toBe('refused');
    for (const url of ['file:///etc/passwd', 'ftp://8.8.8.8/']) expect(await code(ask(lookup, url))).toBe('refused');
    expect(asked).toBe(0);
  });

  it('that leads into the box is not followed, and one that changes its address is connected to where it was judged', async () => {
    const port = await serve((request, response) => {
      const to = request.url === '/home' ? 'http://10.0.0.1/' : '/there';
      response.writeHead(request.url === '/there' ? 200 : 302, { location: to }).end('{"host":1}');
    });
    const answers = [['127.0.0.1'], ['10.9.9.9']];
    const lookup = new HttpLookup(open, () => Promise.resolve(answers.shift() ?? []));
    expect(await code(ask(lookup, `http://127.0.0.1:${port}/home`))).toBe('refused');
    expect(await ask(lookup, `http://127.0.0.1:${port}/elsewhere`)).toMatchObject({ status: 200 });
    // The name is resolved anew for the redirect, to an address that is not allowed.
    expect(await code(ask(lookup, `http://rebinding.example:${port}/elsewhere`))).toBe('refused');
  });

  it('is told the name that it was asked by, and secrets go no further', async () => {
    const seen: (string | undefined)[] = [];
    const second = await serve((request, response) => {
      seen.push(request.headers.host, request.headers['x-key'] as string | undefined);
      response.end();
    });
    const first = await serve((request, response) => {
      seen.push(request.headers.host, request.headers['x-key'] as string | undefined);
      response.writeHead(302, { location: `http://127.0.0.1:${second}/` }).end();
    });
    const lookup = new HttpLookup(open, () => Promise.resolve(['127.0.0.1']));
    await ask(lookup, `http://crm.example:${first}/`, { headers: { 'X-Key': 'secret', Host: 'evil' } });
    expect(seen).toEqual([`crm.example:${first}`, 'secret', `127.0.0.1:${second}`, undefined]);
  });

  it('is bounded in time, size and redirects, and let go with the call', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/large') response.end('x'.repeat(300_000));
      if (request.url === '/round') response.writeHead(302, { location: '/round' }).end();
    });
    const lookup = new HttpLookup(open);
    const at = (path: string, more: object = {}) => ask(lookup, `http://127.0.0.1:${port}${path}`, more);
    expect(await code(at('/never', { timeoutMs: 100 }))).toBe('timeout');
    expect(await code(at('/large'))).toBe('tooLarge');
    expect(await code(at('/round'))).toBe('status');
    const call = new AbortController();
    const waiting = at('/never', { signal: call.signal });
    call.abort(new Error('the call has ended'));
    expect(await code(waiting)).toBe('Error: the call has ended');
    expect(await code(ask(lookup, 'http://127.0.0.1:1/'))).toBe('unreachable');
    const slow = new HttpLookup(open, () => new Promise(() => undefined));
    expect(await code(ask(slow, 'http://crm.example/', { timeoutMs: 50 }))).toBe('timeout');
  });
});

describe('a place in an answer', () => {
  it.each([
    ['$', { a: 1 }],
    ['$.a', 1],
    ["$['b c'][1].d", 'x'],
    ['$.b', undefined],
    ['$.a.b', undefined],
    ['$.constructor', undefined],
    ["$['b c'].length", undefined],
  ])('%s', (path, wanted) => {
    const value = { a: 1, 'b c': [0, { d: 'x' }] };
    expect(atPath(value, parsePath(path)!)).toEqual(path === '$' ? value : wanted);
  });

  it.each(['', 'a', '$.', '$..a', '$[*]', '$[?(@.a)]', '$.a b', '$[-1]'])('%j is none', (path) => {
    expect(parsePath(path)).toBeUndefined();
  });
});

describe('a data source', () => {
  async function crm(): Promise<{ sql: SqlLookup; file: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'cordboard-sql-'));
    const file = join(folder, 'crm.sqlite');
    const made = new sqlite3.Database(file);
    const text =
      "CREATE TABLE c (n TEXT, v REAL, b BLOB); INSERT INTO c VALUES ('1', 1.5, x'00ff'), ('2', NULL, NULL), ('3', 3, NULL)";
    await new Promise<void>((resolve, reject) =>
      made.exec(text, (error) => (error === null ? made.close(() => resolve()) : reject(error))),
    );
    const sources = new DataSources({
      ...{ sources: { crm: { kind: 'sqlite', file }, gone: { kind: 'sqlite', file: `${file}.gone` } } },
      ...{ clock: systemClock, log: silentLog },
    });
    onTestFinished(async () => {
      await sources.close();
      rmSync(folder, { recursive: true });
    });
    return { sql: new SqlLookup(sources), file };
  }
  const limits = { timeoutMs: 5000, maxRows: 2 };

  it('answers, with values bound and rows bounded', async () => {
    const { sql } = await crm();
    expect(await sql.query('crm', 'SELECT n, v, b FROM c ORDER BY n;', {}, limits)).toEqual([
      { n: '1', v: 1.5, b: 'AP8=' },
      { n: '2', v: null, b: null },
    ]);
    const evil = "1' OR '1'='1";
    expect(await sql.query('crm', 'SELECT n FROM c WHERE n = $n -- all', { n: evil }, limits)).toEqual([]);
    expect(await sql.query('crm', 'WITH x AS (SELECT $n AS m) SELECT m FROM x', { n: evil }, limits)).toEqual([
      { m: evil },
    ]);
  });

  it('is neither written to nor left open to another statement', async () => {
    const { sql } = await crm();
    for (const text of [
      'DELETE FROM c',
      'SELECT 1; DROP TABLE c',
      'PRAGMA writable_schema = 1',
      "ATTACH 'x' AS y",
      'WITH a AS (SELECT 1) DELETE FROM c',
    ])
      expect(await code(sql.query('crm', text, {}, limits)), text).toBe('invalid');
    expect(await code(sql.query('crm', "SELECT load_extension('x')", {}, limits))).toBe('refused');
    expect(await sql.query('crm', 'SELECT count(*) AS all_of_them FROM c', {}, limits)).toEqual([{ all_of_them: 3 }]);
  });

  it('says what is wrong, and does not wait for ever', async () => {
    const { sql } = await crm();
    expect(await code(sql.query('crm', 'SELECT x FROM c', {}, limits))).toBe('refused');
    expect(await code(sql.query('nobody', 'SELECT 1', {}, limits))).toBe('invalid');
    expect(await code(sql.query('gone', 'SELECT 1', {}, limits))).toBe('unreachable');
    const endless = 'WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT max(x) FROM r';
    expect(await code(sql.query('crm', endless, {}, { timeoutMs: 200, maxRows: 1 }))).toBe('timeout');
    // It was broken off: the next one is answered.
    expect(await sql.query('crm', 'SELECT 1 AS one', {}, limits)).toEqual([{ one: 1 }]);
  });

  it.each([
    ['SELECT $a', ['a'], undefined],
    ["SELECT '$a;', x FROM t", [], undefined],
    ['SELECT 1 /* ; */;', [], undefined],
    ['SELECT $a', [], 'notBound'],
    ['SELECT 1', ['a'], 'boundForNothing'],
    ['SELECT 1; SELECT 2', [], 'twoStatements'],
    ['SELECT * INTO x FROM t', [], 'notSelect'],
    ['update t set a = 1', [], 'notSelect'],
  ] as const)('%s with %j', (text, bound, wanted) => {
    expect(sqlProblem(text, bound)?.code).toBe(wanted);
  });
});
