// Speaks the bundled prompts: firmware-config/prompts/<language>.json, { name: text }, becomes
// build/prompts/<language>/<name>.wav. Only texts that changed are spoken again. Each file takes its place in one
// piece, so a daemon that plays from the folder meanwhile never sees half a prompt.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';

import { run } from './lib/child.mjs';
import { Failure } from './lib/failure.mjs';

/**
 * espeak-ng's voices for a language, best first, and words per minute. The voice `cmn` of espeak-ng 1.51 turns Chinese
 * characters into pinyin and then reads that as if it were English; `cmn-latn-pinyin` reads it as pinyin.
 */
const VOICES = {
  'zh-CN': { voices: ['cmn-latn-pinyin', 'cmn'], speed: 160 },
  en: { voices: ['en-gb', 'en'], speed: 150 },
};
const NAME = /^[a-z0-9][a-z0-9-]*$/;
/** What was spoken last time: { name: digest }. */
const LIST = '.spoken.json';
/** What the prompts say, for those who choose among them: { name: text }. */
const TEXTS = '.texts.json';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Brings the folder `target` up to date with the texts in the folder `source`. */
export async function makePrompts(source, target, keep = () => {}) {
  const texts = readdirSync(source).filter((file) => file.endsWith('.json'));
  const languages = texts.map((file) => basename(file, '.json'));
  mkdirSync(target, { recursive: true });
  for (const old of readdirSync(target)) {
    if (!languages.includes(old)) rmSync(join(target, old), { recursive: true });
  }
  for (const language of languages) {
    await speakLanguage(language, readJson(join(source, `${language}.json`)), join(target, language), keep);
  }
}

async function speakLanguage(language, texts, folder, keep) {
  const { voice, speed } = await voiceFor(language);
  mkdirSync(folder, { recursive: true });
  const list = join(folder, LIST);
  const before = existsSync(list) ? readJson(list) : {};
  const wanted = {};
  for (const [name, text] of Object.entries(texts)) {
    if (!NAME.test(name))
      throw new Failure(`${language}.json: a prompt cannot be named "${name}" (a-z, 0-9 and - only).`);
    wanted[name] = createHash('sha256').update(`${voice}\0${speed}\0${text}`).digest('hex');
  }
  const wav = (name) => join(folder, `${name}.wav`);

  for (const file of readdirSync(folder)) {
    if (file !== LIST && file !== TEXTS && !(basename(file, '.wav') in wanted)) rmSync(join(folder, file));
  }
  const changed = Object.keys(wanted).filter((name) => before[name] !== wanted[name] || !existsSync(wav(name)));
  const speakNext = async () => {
    for (let name = changed.shift(); name !== undefined; name = changed.shift()) {
      const partial = join(folder, `.${name}.partial`);
      const args = ['-v', voice, '-s', String(speed), '-b', '1', '-w', partial, '--', texts[name]];
      const { code, output } = await run('espeak-ng', args, { onOutput: keep });
      if (code !== 0) throw new Failure(`espeak-ng could not speak the prompt ${name} (${language}).`, output);
      renameSync(partial, wav(name));
    }
  };
  await Promise.all(cpus().map(speakNext));
  writeFileSync(`${list}.partial`, JSON.stringify(wanted, undefined, 1));
  renameSync(`${list}.partial`, list);
  writeFileSync(join(folder, `${TEXTS}.partial`), JSON.stringify(texts));
  renameSync(join(folder, `${TEXTS}.partial`), join(folder, TEXTS));
}

async function voiceFor(language) {
  const { voices, speed } = VOICES[language] ?? { voices: [language], speed: 150 };
  const { code, output } = await run('espeak-ng', ['--voices']);
  if (code !== 0) throw new Failure('espeak-ng, which speaks the prompts, does not run.', output);
  const known = new Set(output.split('\n').map((line) => line.trim().split(/\s+/)[1]));
  const voice = voices.find((name) => known.has(name));
  if (voice === undefined) throw new Failure(`espeak-ng has no voice for the prompts in ${language}.`);
  return { voice, speed };
}
