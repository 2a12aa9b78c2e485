// Writes an update to the slot that does not run, and has it booted on trial. Whatever happens on the way, the running slot stays what is
// booted: the other one is marked as spoiled before its first octet changes, and loses the mark when all of it has been read back.
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { AppError } from '../platform/index.js';
import { MOST_TRIALS, otherSlot, readBootState, writeBootState, type SlotName } from './boot-state.js';
import { compareVersions, openBundle, type UpdateManifest } from './bundle.js';
import type { Machine } from './machine.js';

export interface InstallOptions {
  machine: Machine;
  source: AsyncIterable<Uint8Array>;
  /** octets that fit in a slot's partition */
  slotBytes: number;
  /** Makes the next reading of the partition come from the disk. */
  dropCache(device: string): void;
  /** It is genuine and fits: the slot is about to be written, and what it had is gone. */
  begun?(): void;
  told?(doneBytes: number, totalBytes: number): void;
}

export interface Installed {
  version: string;
  slot: SlotName;
}

/** Of the file without writing any of it. What openBundle throws, update_older, update_same, update_too_large. */
export function checkManifest(manifest: UpdateManifest, machine: Machine, slotBytes: number): void {
  const { version } = manifest;
  const running = machine.release.version;
  const order = compareVersions(version, running);
  if (order < 0) throw new AppError('update_older', { version, running });
  if (order === 0) throw new AppError('update_same', { version });
  if (manifest.root.bytes > slotBytes)
    throw new AppError('update_too_large', { bytes: manifest.root.bytes, slotBytes });
}

/** It is booted at the next start. As checkManifest, and update_on_trial, update_damaged, update_not_written. */
export async function installUpdate({
  machine,
  source,
  slotBytes,
  dropCache,
  begun,
  told,
}: InstallOptions): Promise<Installed> {
  if (machine.onTrial) throw new AppError('update_on_trial');
  const { manifest, root } = await openBundle(source, machine.keys);
  checkManifest(manifest, machine, slotBytes);
  const slot = otherSlot(machine.slot);
  const device = machine.slots[slot];
  begun?.();
  writeBootState(machine.state, { slot: machine.slot, trial: '', left: 0, failed: '', spoiled: slot });

  const handle = openSync(device, 'r+');
  try {
    let done = 0;
    for await (const chunk of root()) {
      for (let at = 0; at < chunk.length;) at += writeSync(handle, chunk, at, chunk.length - at, done + at);
      done += chunk.length;
      told?.(done, manifest.root.bytes);
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  dropCache(device);
  if (digestOf(device, manifest.root.bytes) !== manifest.root.sha256)
    throw new AppError('update_not_written', { device });
  writeBootState(machine.state, { slot: machine.slot, trial: slot, left: MOST_TRIALS, failed: '', spoiled: '' });
  return { version: manifest.version, slot };
}

function digestOf(device: string, bytes: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(2 ** 20);
  const handle = openSync(device, 'r');
  try {
    for (let at = 0; at < bytes;) {
      const read = readSync(handle, buffer, 0, Math.min(buffer.length, bytes - at), at);
      if (read === 0) break;
      hash.update(buffer.subarray(0, read));
      at += read;
    }
  } finally {
    closeSync(handle);
  }
  return hash.digest('hex');
}

/** The other slot is booted on trial at the next start. update_on_trial, update_nothing_to_go_back_to. */
export function goBack(machine: Machine): SlotName {
  if (machine.onTrial) throw new AppError('update_on_trial');
  const slot = otherSlot(machine.slot);
  if (readBootState(machine.state).spoiled === slot) throw new AppError('update_nothing_to_go_back_to');
  writeBootState(machine.state, { slot: machine.slot, trial: slot, left: MOST_TRIALS, failed: '', spoiled: '' });
  return slot;
}

/** What runs is good, and is what is booted from now on; it may be updated again, or left, without another boot. */
export function confirm(machine: Machine): void {
  writeBootState(machine.state, { slot: machine.slot, trial: '', left: 0, failed: '', spoiled: '' });
  writeFileSync(machine.trialOver, '', { mode: 0o644 });
}

/** What runs is not good: the other one is booted. */
export function reject(machine: Machine): SlotName {
  const slot = otherSlot(machine.slot);
  writeBootState(machine.state, { slot, trial: '', left: 0, failed: machine.slot, spoiled: '' });
  return slot;
}
