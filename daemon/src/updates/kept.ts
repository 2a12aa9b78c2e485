// What is known of updates beside the slots, on the data partition: what came of the last one, those before it, which version is in which
// slot, how the trial goes. Root alone writes there; the box reads.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../config/index.js';
import { UpdatePast, UpdateResult, UpdateTrial } from '../contract/index.js';
import type { SlotName } from './boot-state.js';

/** Under the root of the machine. */
export const UPDATE_FOLDER = 'data/update';
export const RESULT = 'result.json';
const HISTORY = 'history.json';
const TRIAL = 'trial.json';
const SLOTS = 'slots.json';
const FAULTS = 'before.json';
/** of the history */
const MOST_PAST = 50;

const BothTexts = z.object({ en: z.string(), zh: z.string() });
export type BothTexts = z.infer<typeof BothTexts>;

export const KeptResult = UpdateResult.omit({ text: true }).extend({ text: BothTexts });
export type KeptResult = z.infer<typeof KeptResult>;
const KeptPast = UpdatePast.omit({ text: true }).extend({ text: BothTexts });
export type KeptPast = z.infer<typeof KeptPast>;
const Slots = z.object({ a: z.string().optional(), b: z.string().optional() });

/** They go into the history; the others are on the way to something. */
const ENDED = new Set<KeptResult['state']>(['installed', 'refused', 'back', 'good', 'rejected', 'failed']);

export class KeptUpdates {
  readonly #folder: string;

  /** `root`: of the machine */
  constructor(root: string) {
    this.#folder = join(root, UPDATE_FOLDER);
  }

  get result(): KeptResult | undefined {
    return this.#read(RESULT, KeptResult);
  }

  set result(result: KeptResult) {
    this.#write(RESULT, result);
    if (!ENDED.has(result.state)) return;
    const { at, state, version, text } = result;
    this.#write(HISTORY, [{ at, state, version, text }, ...this.history].slice(0, MOST_PAST));
  }

  /** The latest first. */
  get history(): KeptPast[] {
    return this.#read(HISTORY, z.array(KeptPast)) ?? [];
  }

  get trial(): UpdateTrial | undefined {
    return this.#read(TRIAL, UpdateTrial);
  }

  set trial(trial: UpdateTrial) {
    this.#write(TRIAL, trial);
  }

  /** undefined: nothing whole, or nobody knows */
  versionIn(slot: SlotName): string | undefined {
    return this.#read(SLOTS, Slots)?.[slot];
  }

  setVersion(slot: SlotName, version: string | undefined): void {
    this.#write(SLOTS, { ...this.#read(SLOTS, Slots), [slot]: version });
  }

  /** Codes of faults that boards had before the update. */
  get faultsBefore(): string[] {
    return this.#read(FAULTS, z.array(z.string())) ?? [];
  }

  set faultsBefore(codes: string[]) {
    this.#write(FAULTS, codes);
  }

  /** What a power cut has left unreadable is as if it were not there. */
  #read<T>(name: string, shape: z.ZodType<T>): T | undefined {
    const file = join(this.#folder, name);
    if (!existsSync(file)) return undefined;
    try {
      return shape.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      return undefined;
    }
  }

  #write(name: string, value: unknown): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
    rmSync(join(this.#folder, `${name}.new`), { force: true });
    writeWhole(join(this.#folder, name), `${JSON.stringify(value)}\n`, 0o644);
  }
}
