import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseRange } from '../../daemon/src/http/recording-file.js';
import { callRow, recordingRow } from '../support/db-rows.js';
import { codeOf, httpBox, type HttpBox } from '../support/http-box.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe('a recording', () => {
  let box: HttpBox;
  let token: string;
  const audio = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));

  beforeEach(async () => {
    box = await httpBox();
    token = (await box.signIn('supervisor')).token;
    mkdirSync(join(box.home, 'recordings'));
    writeFileSync(join(box.home, 'recordings/a.wav'), audio);
  });

  async function stored(path: string): Promise<string> {
    const call = callRow();
    const row = recordingRow(call.id, { path });
    await box.db.write(async (tx) => {
      await tx.calls.insert(call);
      await tx.recordings.insert(row);
    });
    return `/api/v1/recordings/${row.id}/audio`;
  }

  test('comes whole, or the part that was asked for', async () => {
    const path = await stored('a.wav');
    const whole = await fetch(box.base + path, { headers: { authorization: `Bearer ${token}` } });
    expect(whole.headers.get('content-type')).toBe('audio/wav');
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(Buffer.from(await whole.arrayBuffer()).equals(audio)).toBe(true);
    const part = await fetch(box.base + path, { headers: { authorization: `Bearer ${token}`, range: 'bytes=10-19' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 10-19/1000');
    expect(Buffer.from(await part.arrayBuffer()).equals(audio.subarray(10, 20))).toBe(true);
    const late = await box.ask('GET', path, { token, headers: { range: 'bytes=1000-' } });
    expect([late.status, codeOf(late)]).toEqual([416, 'range_unsatisfiable']);
    const other = await box.ask('GET', path, { token, headers: { range: 'bytes=0-1', 'if-range': '"old"' } });
    expect(other.status).toBe(200);
    const head = await box.ask('HEAD', path, { token });
    expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '1000', '']);
  });

  test.each(['../secret.wav', '/etc/passwd', 'gone.wav', 'link.wav', '.', 'a.wav\0.txt'])(
    'whose path is %j is not found, even if the database says so',
    async (path) => {
      writeFileSync(join(box.home, 'secret.wav'), 'secret');
      symlinkSync(join(box.home, 'secret.wav'), join(box.home, 'recordings/link.wav'));
      const answer = await box.ask('GET', await stored(path), { token });
      expect([answer.status, codeOf(answer)]).toEqual([404, 'recording_not_found']);
    },
  );
});

test.each([
  ['bytes=0-', { start: 0, end: 99 }],
  ['bytes=5-7', { start: 5, end: 7 }],
  ['bytes=90-200', { start: 90, end: 99 }],
  ['bytes=-10', { start: 90, end: 99 }],
  ['bytes=-1000', { start: 0, end: 99 }],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=7-5', undefined],
  ['bytes=-', undefined],
  ['bytes=0-1,5-6', undefined],
  ['lines=0-1', undefined],
  ['bytes=99999999999999999999-', undefined],
  [undefined, undefined],
])('the range %s of 100 bytes', (header, expected) => {
  expect(parseRange(header, 100)).toEqual(expected);
});

describe('the pages', () => {
  async function pages(): Promise<HttpBox> {
    const folder = join(temporaryFolder(), 'dist');
    mkdirSync(join(folder, 'assets'), { recursive: true });
    writeFileSync(
      join(folder, 'index.html'),
      '<!doctype html><meta content="__STYLE_NONCE__"><title>Cordboard</title>',
    );
    writeFileSync(join(folder, 'assets/index-4f3a9b2c.js'), `console.log(${'1'.repeat(5000)})`);
    writeFileSync(join(folder, 'assets/.env'), 'SECRET=1');
    writeFileSync(join(folder, '../outside.js'), 'outside');
    return httpBox({ pagesFolder: folder });
  }

  test('are served with index.html for places within them, and their assets for ever', async () => {
    const box = await pages();
    for (const path of ['/', '/index.html', '/agents/2001', '/calls']) {
      const answer = await box.ask('GET', path);
      expect([path, answer.status, answer.headers['cache-control']]).toEqual([path, 200, 'no-store']);
      expect(answer.text).toContain('<title>Cordboard');
    }
    const script = await box.ask('GET', '/assets/index-4f3a9b2c.js');
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(script.headers['content-type']).toMatch(/^text\/javascript/);
    const again = await box.ask('GET', '/assets/index-4f3a9b2c.js', {
      headers: { 'If-None-Match': script.headers.etag! },
    });
    expect([again.status, again.text]).toEqual([304, '']);
    const zipped = await fetch(`${box.base}/assets/index-4f3a9b2c.js`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.text()).toBe(script.text);
    expect(() => gunzipSync(Buffer.from(script.text))).toThrow();
  });

  test('let style elements in by a nonce that is new each time', async () => {
    const box = await pages();
    const nonces = await Promise.all(
      [1, 2].map(async () => {
        const { text, headers } = await box.ask('GET', '/');
        const nonce = /content="([A-Za-z0-9+/=]{24})"/.exec(text)?.[1];
        const policy = String(headers['content-security-policy']);
        expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
        expect(policy).toContain("script-src 'self';");
        return nonce;
      }),
    );
    expect(nonces[0]).not.toBe(nonces[1]);
    const script = await box.ask('GET', '/assets/index-4f3a9b2c.js');
    expect(script.headers['content-security-policy']).not.toContain('nonce');
  });

  test.each([
    '/../outside.js',
    '/assets/../../outside.js',
    '/..%2foutside.js',
    '/%2e%2e/outside.js',
    '/assets/..%5c..%5coutside.js',
    '/assets/.env',
    '/assets/',
    '/nothing.js',
    '/index.html%00.js',
  ])('do not give %s', async (path) => {
    const box = await pages();
    const answer = await box.ask('GET', path);
    expect(answer.text).not.toMatch(/outside|SECRET/);
    if (path.includes('.js')) expect(answer.status).toBe(404);
  });

  test('do not answer for unknown routes of the API, and take nothing but GET', async () => {
    const box = await pages();
    expect(codeOf(await box.ask('GET', '/api/v1/agents/2001/nothing'))).toBe('route_not_found');
    expect((await box.ask('POST', '/')).status).toBe(404);
  });
});
