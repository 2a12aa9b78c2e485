// firmware-config/cards/<model>.json: what is known of a board before its driver is loaded: by which numbers the bus knows it, which
// module drives it, with which options, what has to be set on the board itself.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseJsonText } from '../config/index.js';
import { WIRE_LAMPS } from '../contract/index.js';
import { AppError, check, problemLine } from '../platform/index.js';

const Both = z.strictObject({ en: z.string().min(1), zh: z.string().min(1) });

/** Stands in files that root's tools read: nothing but these characters. */
const Word = z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/);

export const CardProfile = z.strictObject({
  /** name of the file */
  model: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  maker: z.string().min(1).max(40),
  /** as it is printed on the board; several that are alike to their driver */
  name: z.string().min(1).max(100),
  kind: z.enum(['e1', 'analog']),
  /** E1s, or analog ports when all modules are fitted */
  ports: z.int().min(1).max(32),
  /** where its module comes from: dahdi-linux itself, the maker's edition of it, Sangoma's wanpipe, or anywhere */
  driver: z.enum(['dahdi', 'openvox', 'wanpipe', 'other']),
  /** of the kernel */
  module: Word,
  /** vendor:device, vendor:device/subvendor or vendor:device/subvendor:subdevice, in small hexadecimals; the longest that fits counts */
  pci: z.array(z.string().regex(/^[0-9a-f]{4}:[0-9a-f]{4}(?:\/[0-9a-f]{4}(?::[0-9a-f]{4})?)?$/)),
  /** of the module */
  options: z.record(Word, Word),
  /** option of the module that takes the country (opermode) */
  countryOption: Word.optional(),
  /** it takes fxstxgain, fxsrxgain, fxotxgain, fxorxgain in tenths of a decibel */
  gainOptions: z.boolean().optional(),
  /** its ports for telephones can reverse the polarity of the loop; left out: it is not known */
  reverses: z.boolean().optional(),
  /** by what they can light a message lamp; left out: it is not known */
  lamps: z.array(z.enum(WIRE_LAMPS)).optional(),
  /** values of system.conf that make sense on it; of E1 */
  lineBuildOut: z.array(z.int().min(0).max(7)).min(1).optional(),
  /** module: when one is fitted; model: some have it */
  hardwareEcho: z.union([z.boolean(), z.enum(['module', 'model'])]),
  /** files that the module asks for in /lib/firmware, by what is fitted */
  firmware: z.array(z.string().regex(/^[a-z0-9.-]{1,60}$/)),
  jumpers: Both.optional(),
  timing: Both.optional(),
  notes: Both.optional(),
  /** where these values come from */
  sources: z.array(z.string().min(1)).min(1),
  /** fields that are not read from a driver or a manual */
  unverified: z.array(z.string()).optional(),
});
export type CardProfile = z.infer<typeof CardProfile>;

/** Beside daemon/ in the source tree and in an installation alike. */
export const CARDS = fileURLToPath(new URL('../../../firmware-config/cards', import.meta.url));

/** Every profile, by name of its file. AppError board_profile_invalid, settings_not_json. */
export function readProfiles(folder = CARDS): CardProfile[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();
  return files.map((name) => readProfile(join(folder, name)));
}

function readProfile(file: string): CardProfile {
  const json = parseJsonText(readFileSync(file, 'utf8'));
  if (!json.ok) throw new AppError('settings_not_json', { file, ...json.problem });
  const checked = check(CardProfile, json.value);
  if (checked.ok && `${checked.value.model}.json` === basename(file)) return checked.value;
  const problems = checked.ok
    ? { en: 'model: must be the name of the file', zh: 'model：必须与文件名相同' }
    : { en: problemLine(checked.problems('en')), zh: problemLine(checked.problems('zh-CN')) };
  throw new AppError('board_profile_invalid', { file, problems });
}

/** A device as the bus knows it; all in small hexadecimals, four each. */
export interface PciIds {
  vendor: string;
  device: string;
  subvendor: string;
  subdevice: string;
}

/** The profile of the longest number that fits; undefined: no board that is known. */
export function profileOf(ids: PciIds, profiles: readonly CardProfile[]): CardProfile | undefined {
  const plain = `${ids.vendor}:${ids.device}`;
  for (const key of [`${plain}/${ids.subvendor}:${ids.subdevice}`, `${plain}/${ids.subvendor}`, plain]) {
    const found = profiles.find(({ pci }) => pci.includes(key));
    if (found !== undefined) return found;
  }
  return undefined;
}
