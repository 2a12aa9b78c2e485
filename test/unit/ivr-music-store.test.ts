// Playlists: what is heard, in which order, what is taken in and what is refused; over HTTP and on the command line.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MusicPlaylist } from '../../daemon/src/contract/index.js';
import { MusicStore } from '../../daemon/src/ivr/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { findSound, samplesOf } from '../support/audio-match.js';
import { FakeClock } from '../support/clock-fake.js';
import { queueRow } from '../support/db-rows.js';
import { codeOf, httpBox } from '../support/http-box.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { typed } from '../support/typed.js';
import { writeTone } from '../support/wav.js';

const SOUND = '/usr/share/asterisk/sounds/en_US_f_Allison/hello-world.wav';

function store() {
  const root = temporaryFolder();
  const bundled = join(root, 'bundled');
  mkdirSync(bundled);
  for (const [at, name] of ['b', 'a', 'c'].entries()) writeTone(join(bundled, `${name}.wav`), 400 + 100 * at, 100);
  const clock = new FakeClock();
  const lots = [0, 0.99];
  const made = new MusicStore({
    ...{ folder: join(root, 'own'), standard: 'house', clock, log: silentLog },
    bundled: [{ id: 'house', name: 'House', folder: bundled, shuffle: true }],
    usedBy: (id) => Promise.resolve(id === 'busy' ? 'sales' : undefined),
    random: () => lots.shift() ?? 0.5,
  });
  const names = async (id: string | null): Promise<string> =>
    ((await made.listen(id)) ?? []).map((file) => file.replace(/^.*\/|\.wav$/g, '')).join(' ');
  return { made, names, clock, root };
}

it('is heard in the order of the list, or in one of the caller’s own', async () => {
  const { made, names, clock } = store();
  // a b c: the last is exchanged with the first, then the second with itself.
  expect(await names(null)).toBe('c b a');
  await made.put('ours', { name: 'Ours', shuffle: false }, 'admin');
  expect(await made.listen('ours')).toBeUndefined();
  const wav = readFileSync(SOUND);
  for (const piece of ['one', 'two', 'three']) await made.upload('ours', piece, wav, 'admin');
  expect(await names('ours')).toBe('one three two');
  await made.put('ours', { name: 'Ours', shuffle: false, order: ['two', 'one'] }, 'admin');
  expect(await names('ours')).toBe('two one three');
  expect(
    (await made.put('ours', { name: 'New name', shuffle: false }, 'admin')).pieces.map(({ name }) => name),
  ).toEqual(['two', 'one', 'three']);
  await made.removePiece('ours', 'two');
  await clock.advance(2000);
  expect(await names('ours')).toBe('one three');
  const taken = samplesOf((await made.listen('ours'))![0]!);
  expect(findSound(taken, samplesOf(SOUND).subarray(800, 8000)).peak).toBeGreaterThan(0.9);
});

it('keeps what is bundled, what is used, and names that are paths', async () => {
  const { made, root } = store();
  const code = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      (e: { code: string }) => e.code,
    );
  expect(await code(made.put('house', { name: 'x', shuffle: false }, 'admin'))).toBe('music_bundled');
  expect(await code(made.remove('house'))).toBe('music_bundled');
  expect(await code(made.remove('nowhere'))).toBe('music_not_found');
  await made.put('busy', { name: 'Busy', shuffle: false }, 'admin');
  expect(await code(made.remove('busy'))).toBe('music_in_use');
  expect(await code(made.upload('busy', 'piece', Buffer.from('no sound'), 'admin'))).toBe('prompt_invalid');
  expect(await made.listen('../bundled')).toBeUndefined();
  // A playlist.json that somebody has broken costs the order and the name, not the music.
  copyFileSync(SOUND, join(root, 'own', 'busy', 'x.wav'));
  writeFileSync(join(root, 'own', 'busy', 'playlist.json'), '{ "name": ');
  expect(await made.listen('busy')).toHaveLength(1);
});

it('is made and filled over HTTP by administrators, with a line in the audit log, and by cordboard music', async () => {
  const box = await httpBox();
  const admin = (await box.signIn('admin')).token;
  const supervisor = (await box.signIn('supervisor')).token;
  const put = (token: string) => box.ask('PUT', '/api/v1/music/ours', { token, body: { name: 'Ours', shuffle: true } });
  expect((await put(supervisor)).status).toBe(403);
  expect((await put(admin)).json as MusicPlaylist).toMatchObject({ id: 'ours', own: true, shuffle: true, pieces: [] });
  await box.db.write((tx) => tx.queues.insert(queueRow({ id: 'sales', music: 'ours' })));

  const run = typed(box, 'music');
  expect((await run(`put ours ${SOUND}`))[0]).toBe(0);
  expect(await run('list')).toEqual([0, expect.stringMatching(/ours\s+Ours\s+hello-world/)]);

  const refused = await box.ask('DELETE', '/api/v1/music/ours', { token: admin });
  expect([refused.status, codeOf(refused)]).toEqual([409, 'music_in_use']);
  const audio = await box.ask('GET', '/api/v1/music/ours/pieces/hello-world/audio', { token: supervisor });
  expect(audio.status).toBe(200);
  const audit = (await box.ask('GET', '/api/v1/audit?objectKind=music', { token: admin })).json;
  expect(JSON.stringify(audit)).toContain('"objectId":"ours/hello-world"');
});
