// firmware-config/r2/<code>.json: how the exchanges of a country signal by MFC/R2; and which E1s do.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { R2Config, SpanConfig } from '@cordboard/native';
import { z } from 'zod';
import { AppError, check, problemLine } from '../platform/index.js';
import { parseJsonText } from './json-text.js';
import { PriChoices, readPri } from './pri.js';

const Signal = z.int().min(0).max(15);

/** What a box may choose otherwise than its country does. */
export const R2Choices = z.strictObject({
  /** digits asked for of a called number; one that is shorter is complete when digitMs have gone by */
  calledDigits: z.int().min(1).max(32).optional(),
  callingDigits: z.int().min(0).max(32).optional(),
  callingFirst: z.boolean().optional(),
  category: z.boolean().optional(),
  acceptAtOnce: z.boolean().optional(),
  charge: z.boolean().optional(),
  forcedRelease: z.boolean().optional(),
  doubleAnswer: z.boolean().optional(),
  meteringMs: z.int().min(0).max(5000).optional(),
  digitMs: z.int().min(500).max(20_000).optional(),
  subscriberSignal: Signal.optional(),
});

const R2FileSchema = R2Choices.extend({
  code: z.string().regex(/^[a-z]{2,3}$/),
  name: z.strictObject({ en: z.string(), zh: z.string() }),
  /** where the values come from */
  sources: z.array(z.string()).optional(),
  /** of libopenr2 */
  variant: z.string().regex(/^[A-Z]{2,3}$/),
  /** in place of the variant's own: 1-9, 0 for the tenth, B-F for the eleventh to the fifteenth, X for none */
  signals: z
    .record(z.string().regex(/^mf_g[abc12]_tones\.[a-z0-9_]{1,60}$/), z.string().regex(/^[0-9BCDEFX]$/))
    .optional(),
  /** in ms */
  times: z.record(z.string().regex(/^timers\.[a-z0-9_]{1,40}$/), z.int().min(0).max(600_000)).optional(),
  vacantSignal: Signal.optional(),
  congestionSignal: Signal.optional(),
});

/** Of settings.json: what an E1 is signalled by, and how. */
export const E1Setting = z.strictObject({
  span: z.int().min(1).max(64),
  signalling: z.enum(['pri', 'r2']).default('pri'),
  pri: PriChoices.optional(),
  /** file of firmware-config/r2 */
  r2: R2Choices.extend({
    protocol: z
      .string()
      .regex(/^[a-z]{2,3}$/)
      .default('cn'),
  }).prefault({}),
});
export type E1Setting = z.infer<typeof E1Setting>;

export type SpanSignallingConfig = Pick<SpanConfig, 'signalling' | 'pri' | 'r2' | 't203Ms' | 't309Ms'>;

/** By number of the E1; those that are not named are ISDN primary rate. AppErrors of readR2. */
export function readE1s(settings: readonly E1Setting[], folder: string): ReadonlyMap<number, SpanSignallingConfig> {
  return new Map(
    settings.map(({ span, signalling, pri, r2: { protocol, ...choices } }) => [
      span,
      signalling === 'r2'
        ? { signalling, r2: { ...readR2(protocol, folder), ...given(choices) } }
        : { signalling, ...readPri(pri ?? {}) },
    ]),
  );
}

/** As the engine takes it. AppError r2_protocol_not_found, r2_protocol_invalid, settings_not_json. */
export function readR2(code: string, folder: string): R2Config {
  const file = join(folder, `${code}.json`);
  if (!existsSync(file))
    throw new AppError('r2_protocol_not_found', { code, folder, known: knownR2(folder).join(', ') });
  const json = parseJsonText(readFileSync(file, 'utf8'));
  if (!json.ok) throw new AppError('settings_not_json', { file, ...json.problem });
  const checked = check(R2FileSchema, json.value);
  if (!checked.ok) {
    const problems = { en: problemLine(checked.problems('en')), zh: problemLine(checked.problems('zh-CN')) };
    throw new AppError('r2_protocol_invalid', { file, problems }, { details: checked.problems });
  }
  const { code: _code, name: _name, sources: _sources, signals = {}, times = {}, ...rest } = checked.value;
  const lines = [...Object.entries(signals), ...Object.entries(times)].map(([name, value]) => `${name}=${value}\n`);
  return { ...given(rest), definitions: lines.join('') };
}

export function knownR2(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^[a-z]{2,3}\.json$/.test(name))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** Without what was left out. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
