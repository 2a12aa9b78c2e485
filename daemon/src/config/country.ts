// firmware-config/countries/<code>.json: what a telephone sounds like in a country, and what its numbers mean.
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Country } from '@cordboard/native';
import { z } from 'zod';
import { AppError, check, problemLine } from '../platform/index.js';
import { AnalogCustom } from './analog.js';
import { parseJsonText } from './json-text.js';
import { NumberingSchema, type Numbering } from './numbering.js';

const Duration = z.int().min(0).max(60_000);

const ToneSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-zA-Z0-9_]{0,31}$/),
  parts: z
    .array(
      z.strictObject({
        frequenciesHz: z.array(z.number().min(50).max(3800)).min(1).max(4),
        levelDbm0: z.number().min(-60).max(3).optional(),
        onMs: Duration,
        offMs: Duration,
      }),
    )
    .min(1)
    .max(16),
  repeat: z.boolean().optional(),
});

/** Tones without which calls cannot be handled. */
const NEEDED_TONES = ['dial', 'ringback', 'busy', 'congestion'];

export const CountrySchema = z.strictObject({
  /** where the values come from */
  sources: z.array(z.string()).optional(),
  code: z.string().regex(/^[a-z]{2}$/),
  tones: z
    .array(ToneSchema)
    .max(64)
    .refine((tones) => NEEDED_TONES.every((name) => tones.some((tone) => tone.name === name))),
  ringCadenceMs: z.array(z.int().min(50).max(60_000)).min(2).max(16),
  flashMinMs: z.int().min(20).max(2000),
  flashMaxMs: z.int().min(20).max(2000),
  /** of analog ports */
  analog: AnalogCustom.prefault({}),
  numbering: NumberingSchema,
});

export interface CountryFile {
  /** as the engine takes it */
  country: Country;
  numbering: Numbering;
  analog: AnalogCustom;
}

/** What the engine takes of a country. AppErrors of readCountry. */
export function loadCountry(code: string, folder: string): Country {
  return readCountry(code, folder).country;
}

/** AppError country_not_found, country_invalid, settings_not_json. */
export function readCountry(code: string, folder: string): CountryFile {
  const file = join(folder, `${code}.json`);
  if (!/^[a-z]{2}$/.test(code) || !existsSync(file)) {
    throw new AppError('country_not_found', { code, folder, known: knownCountries(folder).join(', ') });
  }
  const json = parseJsonText(readFileSync(file, 'utf8'));
  if (!json.ok) throw new AppError('settings_not_json', { file, ...json.problem });
  const checked = check(CountrySchema, json.value);
  if (!checked.ok) {
    const problems = { en: problemLine(checked.problems('en')), zh: problemLine(checked.problems('zh-CN')) };
    throw new AppError('country_invalid', { file, problems }, { details: checked.problems });
  }
  const { sources: _sources, numbering, analog, ...country } = checked.value;
  return { country: country as Country, numbering, analog };
}

export function knownCountries(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^[a-z]{2}\.json$/.test(name))
    .map((name) => name.slice(0, 2))
    .sort();
}
