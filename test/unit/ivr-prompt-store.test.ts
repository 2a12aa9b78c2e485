// A box's own prompts: what is sent in, what is made of it, and what is refused.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { PromptLibrary, PromptStore, Speaker } from '../../daemon/src/ivr/index.js';
import { AppError, silentLog, systemClock } from '../../daemon/src/platform/index.js';
import { findSound, samplesOf } from '../support/audio-match.js';

const SOUND = '/usr/share/asterisk/sounds/en_US_f_Allison/hello-world.wav';

function store() {
  const root = mkdtempSync(join(tmpdir(), 'cordboard-prompts-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [folder, bundled] = [join(root, 'own'), join(root, 'bundled')];
  mkdirSync(join(bundled, 'en'), { recursive: true });
  writeFileSync(join(bundled, 'en', 'welcome.wav'), readFileSync(SOUND));
  const library = new PromptLibrary([folder, bundled]);
  const speaker = new Speaker({ folder: join(root, 'speech'), log: silentLog });
  const made = new PromptStore({ folder, bundled, library, speaker, clock: systemClock, log: silentLog });
  return { store: made, library, folder, root };
}

function encoded(root: string, ending: string, ...options: string[]): Buffer {
  const file = join(root, `sound.${ending}`);
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-i', SOUND, ...options, '-y', file]);
  expect(status, String(stderr)).toBe(0);
  return readFileSync(file);
}
const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'taken',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

it('are taken in every common format, and sound as they did', async () => {
  const { store: prompts, root, library } = store();
  // a place of its own, so that what it leaves behind is its own
  const passing = join(root, 'passing');
  mkdirSync(passing);
  vi.stubEnv('TMPDIR', passing);
  onTestFinished(() => void vi.unstubAllEnvs());
  const original = samplesOf(SOUND).subarray(800, 8000);
  const formats: [string, ...string[]][] = [
    ['wav', '-ar', '44100', '-ac', '2'],
    ['mp3', '-ar', '44100'],
    ['ogg', '-c:a', 'libvorbis', '-ar', '16000'],
    ['opus', '-c:a', 'libopus'],
    ['flac'],
    ['m4a', '-c:a', 'aac', '-ar', '16000'],
    ['aac', '-c:a', 'aac', '-ar', '16000'],
    ['aiff'],
    ['au'],
    ['webm', '-c:a', 'libopus'],
  ];
  for (const [ending, ...options] of formats) {
    const prompt = await prompts.upload('new', 'en', encoded(root, ending, ...options), 'admin');
    expect(prompt, ending).toMatchObject({ name: 'new', own: true, source: 'upload', updatedBy: 'admin' });
    expect(prompt.durationMs / 1000).toBeCloseTo(samplesOf(SOUND).length / 8000, 0);
    const file = (await library.find('new', 'en'))!;
    expect(findSound(samplesOf(file), original).peak, ending).toBeGreaterThan(0.8);
  }
  expect(readdirSync(passing)).toEqual([]);
});

it('that are no sound, or too much of it, are refused, and the one before stays', async () => {
  const { store: prompts, root, folder } = store();
  const good = encoded(root, 'wav');
  await prompts.upload('new', 'en', good, 'admin');
  const before = readFileSync(join(folder, 'en/new.wav'));
  const hostile: Buffer[] = [
    Buffer.alloc(0),
    Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'.repeat(5)),
    Buffer.from('<html>'.repeat(50)),
    Buffer.concat([Buffer.from('RIFF....WAVE'), Buffer.alloc(500, 0xff)]),
    Buffer.concat([Buffer.from('....ftypM4A '), Buffer.alloc(500, 0x41)]),
    Buffer.concat([Buffer.from('OggS'), Buffer.alloc(500, 7)]),
    good.subarray(0, 60),
  ];
  for (const bytes of hostile) expect(await code(prompts.upload('new', 'en', bytes, 'x'))).toBe('prompt_invalid');
  const long = encoded(root, 'mp3', '-filter_complex', 'aevalsrc=0:d=1000', '-b:a', '8k');
  expect(await code(prompts.upload('new', 'en', long, 'x'))).toBe('prompt_invalid');
  expect(readFileSync(join(folder, 'en/new.wav')).equals(before)).toBe(true);
  expect(readdirSync(join(folder, 'en')).sort()).toEqual(['new.json', 'new.wav']);
});

it('are made of texts, listed, and removed', async () => {
  const { store: prompts, library, folder } = store();
  const made = await prompts.speak('welcome', 'en', 'Good morning', 'admin');
  expect(made).toMatchObject({ source: 'speech', text: 'Good morning', own: true });
  expect(made.durationMs).toBeGreaterThan(400);
  await prompts.speak('hello', 'zh-CN', '早上好', 'admin');
  expect((await prompts.list()).map(({ name, language, source }) => [name, language, source])).toEqual([
    ['hello', 'zh-CN', 'speech'],
    ['welcome', 'en', 'speech'],
  ]);
  expect(await library.find('welcome', 'en')).toBe(join(folder, 'en/welcome.wav'));
  expect([await prompts.lastOf('hello', 'zh-CN'), await prompts.lastOf('welcome', 'en')]).toEqual([true, false]);
  await prompts.remove('welcome', 'en');
  expect(existsSync(join(folder, 'en/welcome.json'))).toBe(false);
  expect((await prompts.list())[1]).toMatchObject({ name: 'welcome', source: 'bundled', own: false });
  expect(await code(prompts.remove('welcome', 'en'))).toBe('prompt_not_found');
  expect(await code(prompts.speak('x', 'en', ' \n', 'admin'))).toBe('prompt_invalid');
});

it('are called what people call them, whatever they are known by, and found by that, page by page', async () => {
  const { store: prompts, folder } = store();
  mkdirSync(join(folder, 'zh-CN'), { recursive: true });
  for (const name of ['notice-1', 'notice-2']) writeFileSync(join(folder, 'zh-CN', `${name}.wav`), readFileSync(SOUND));
  const wanted = { show: 'all', search: '', offset: 0, limit: 100 } as const;
  expect(await prompts.call('notice-2', '春节放假')).toMatchObject({ name: 'notice-2', label: '春节放假' });
  expect(await code(prompts.call('nothing', 'x'))).toBe('prompt_not_found');
  const names = async (asked: object): Promise<[string[], number]> => {
    const page = await prompts.search({ ...wanted, ...asked });
    return [page.prompts.map(({ name }) => name), page.total];
  };
  expect(await names({})).toEqual([['notice-1', 'notice-2', 'welcome'], 3]);
  expect(await names({ offset: 1, limit: 1 })).toEqual([['notice-2'], 3]);
  expect(await names({ search: '放假' })).toEqual([['notice-2'], 1]);
  expect(await names({ show: 'own' })).toEqual([['notice-1', 'notice-2'], 2]);
  await prompts.call('notice-2', '');
  expect(await names({ search: '放假' })).toEqual([[], 0]);
});
