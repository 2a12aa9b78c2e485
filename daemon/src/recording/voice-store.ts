// Voice messages on the disk: plain while they are left, then encrypted as recordings are, with the same keys.
import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../platform/index.js';
import { besideOf, removeDurable, syncFolder } from './durable.js';
import { openPlain, type PlainSource } from './plain-source.js';
import { keyIdOfFile, openSealed, rewrapFile, sealFile, type SealingKeys } from './sealed-file.js';
import { repairWav } from './wav-repair.js';

export class VoiceStore {
  readonly #folder: string;
  readonly #keys: () => SealingKeys;

  constructor(folder: string, keys: () => SealingKeys) {
    this.#folder = folder;
    this.#keys = keys;
  }

  async incoming(id: string): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    return join(this.#folder, `${id}.wav`);
  }

  /** Of one that is kept already, too: a crash may have come before its row said so. */
  async keep(id: string): Promise<{ durationMs: number }> {
    const plain = await this.incoming(id);
    const { durationMs } = await repairWav(plain);
    // The key may be changed meanwhile, and the old one forgotten.
    for (let keyId = ''; keyId !== this.#keys().current().id;) {
      const source = await openPlain(plain);
      ({ keyId } = await sealFile(source, this.#sealed(id), this.#keys()).finally(() => source.close()));
    }
    return { durationMs };
  }

  async copy(from: string, to: string): Promise<void> {
    await copyFile(this.#sealed(from), this.#sealed(to), constants.COPYFILE_FICLONE);
    // As in `keep`: a copy that came too late to be wrapped with a new key would be lost with the old one.
    while ((await keyIdOfFile(this.#sealed(to))) !== this.#keys().current().id)
      await rewrapFile(this.#sealed(to), this.#keys());
    const file = await open(this.#sealed(to), 'r+');
    await file.sync().finally(() => file.close());
    await syncFolder(this.#folder);
  }

  /** AppError recording_damaged: also where there is no file any more. */
  async open(id: string): Promise<PlainSource> {
    const path = this.#sealed(id);
    try {
      return await openSealed(path, this.#keys());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new AppError('recording_damaged', { path, reason: 'missing' }, { cause: error });
    }
  }

  /** What is in the clear of those that are kept, and what a crash has left half written. */
  async tidy(beingLeft: ReadonlySet<string>): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    const over = names.filter((name) => /\.(?:wav|new)$/.test(name) && !beingLeft.has(name.replace(/\..*$/, '')));
    await removeDurable(over.map((name) => join(this.#folder, name)));
  }

  async remove(id: string): Promise<void> {
    await removeDurable([await this.incoming(id), this.#sealed(id), besideOf(this.#sealed(id))]);
  }

  /** Every encrypted file, absolute: their keys are needed. */
  async files(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.filter((name) => name.endsWith('.cbr')).map((name) => join(this.#folder, name));
  }

  #sealed(id: string): string {
    return join(this.#folder, `${id}.cbr`);
  }
}
