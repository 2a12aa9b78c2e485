import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PromptLibrary } from '../../daemon/src/ivr/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function folderWith(...files: string[]): string {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}

describe('prompts', () => {
  it("are looked for in the box's own folder first, and in the caller's language first", async () => {
    const own = folderWith('en/welcome.wav');
    const bundled = folderWith('en/welcome.wav', 'en/bye.wav', 'zh-CN/welcome.wav', 'zh-CN/only.wav');
    const prompts = new PromptLibrary([own, bundled]);
    expect(await prompts.find('welcome', 'en')).toBe(join(own, 'en/welcome.wav'));
    expect(await prompts.find('bye', 'en')).toBe(join(bundled, 'en/bye.wav'));
    expect(await prompts.find('welcome', 'zh-CN')).toBe(join(bundled, 'zh-CN/welcome.wav'));
    expect(await prompts.find('only', 'en')).toBe(join(bundled, 'zh-CN/only.wav'));
    expect(await prompts.find('none', 'en')).toBeUndefined();
    expect([...(await prompts.names())].sort()).toEqual(['bye', 'only', 'welcome']);
  });

  it.each(['../secret', 'a/b', '..', '', 'A', 'x\u0000'])('are names, not paths: %j', async (name) => {
    const prompts = new PromptLibrary([folderWith('secret.wav', 'en/a.wav')]);
    expect(await prompts.find(name, 'en')).toBeUndefined();
  });

  it('that are missing are told from those that are there', async () => {
    const folder = folderWith('en/a.wav', 'en/c.wav');
    const prompts = new PromptLibrary([folder, join(folder, 'nowhere')]);
    expect(await prompts.findAll(['a', 'b', 'c'], 'en')).toEqual({
      files: [join(folder, 'en/a.wav'), join(folder, 'en/c.wav')],
      missing: ['b'],
      foreign: [],
    });
  });
});
