// <home>/backup-plan.json: when back-ups are made, where they go, and what came of it. With passphrase and passwords in it: the owner's
// alone, and never in a back-up.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../config/index.js';
import { BackupPlacePut, BackupPlanPut, BackupTrial, type Language } from '../contract/index.js';
import { errorText, isAppError } from '../platform/index.js';

const InBoth = z.strictObject({ en: z.string(), zh: z.string() });
export type InBoth = z.infer<typeof InBoth>;
/** Once it was in the language of the one who looked. */
const Problem = z.union([InBoth, z.string().transform((text) => ({ en: text, zh: text }))]);
const Outcome = z.strictObject({ at: z.number(), ok: z.boolean(), problem: Problem });
export type Outcome = z.infer<typeof Outcome>;
const Trial = BackupTrial.extend({ problem: Problem });
export type Trial = z.infer<typeof Trial>;

const KeptPlace = z.strictObject({
  id: z.string(),
  settings: BackupPlacePut,
  secret: z.string(),
  last: Outcome.nullable().default(null),
  /** failures in a row */
  failures: z.int().default(0),
  nextAt: z.number().nullable().default(null),
  /** what was there when it was last looked into, newest first */
  backups: z.array(z.strictObject({ name: z.string(), bytes: z.number() })).default([]),
  recordings: z.int().nullable().default(null),
  trial: Trial.nullable().default(null),
});
export type KeptPlace = z.infer<typeof KeptPlace>;

const Plan = z.preprocess(
  fromOneFolder,
  BackupPlanPut.extend({
    trialDays: z.int().default(7),
    passphrase: z.string().default(''),
    /** when the hour was chosen: what was due before is not made up for */
    since: z.number().default(0),
    last: Outcome.nullable().default(null),
    trial: Trial.nullable().default(null),
    places: z.array(KeptPlace).default([]),
  }),
);
export type Plan = z.infer<typeof Plan>;

export const NO_PROBLEM: InBoth = { en: '', zh: '' };

/** Once there was one folder besides the box's own. */
function fromOneFolder(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || !('secondFolder' in raw)) return raw;
  const { secondFolder, recordings, ...rest } = raw as Record<string, unknown>;
  if (typeof secondFolder !== 'string' || secondFolder === '') return rest;
  const { keep } = rest;
  const settings = { kind: 'folder', name: secondFolder.slice(0, 60), keep, path: secondFolder, recordings };
  return { ...rest, places: [{ id: 'second', settings, secret: '' }] };
}

export class PlanFile {
  readonly #file: string;
  plan: Plan;

  /** Throws when what is there cannot be read. */
  constructor(home: string) {
    this.#file = join(home, 'backup-plan.json');
    this.plan = Plan.parse(
      existsSync(this.#file)
        ? JSON.parse(readFileSync(this.#file, 'utf8'))
        : { enabled: false, hour: 3, keep: 14, trialDays: 7 },
    );
  }

  change(change: Partial<Plan>): void {
    this.plan = { ...this.plan, ...change };
    writeWhole(this.#file, JSON.stringify(this.plan));
  }

  /** Nothing when the place has gone meanwhile. */
  changePlace(id: string, change: Partial<KeptPlace>): void {
    this.change({ places: this.plan.places.map((one) => (one.id === id ? { ...one, ...change } : one)) });
  }
}

export function inBothLanguages(error: unknown): InBoth {
  if (isAppError(error)) return { en: error.text('en'), zh: error.text('zh-CN') };
  const text = errorText(error);
  return { en: text, zh: text };
}

export const inOne = <T extends { problem: InBoth }>(outcome: T, language: Language): T & { problem: string } =>
  ({ ...outcome, problem: language === 'en' ? outcome.problem.en : outcome.problem.zh }) as T & { problem: string };
