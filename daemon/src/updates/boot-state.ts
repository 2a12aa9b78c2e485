// Which slot is booted: the GRUB environment block that the boot loader reads and counts trials in. 1024 octets, the only file of a
// partition of its own, found by their first line and written in place without mounting anything; all that counts stands in the first
// sector, which a disk writes whole or not at all.
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { AppError } from '../platform/index.js';

export type SlotName = 'a' | 'b';

export interface BootState {
  /** known to be good: what is booted when nothing is on trial */
  slot: SlotName;
  /** booted instead, as long as boots are left to it */
  trial: SlotName | '';
  /** of MOST_TRIALS */
  left: number;
  /** its trial ended without its word that it is good */
  failed: SlotName | '';
  /** being written, or half written when the power went; never booted */
  spoiled: SlotName | '';
}

const BYTES = 1024;
const SECTOR = 512;
const HEAD = '# GRUB Environment Block\n';
/** of the partition */
const MOST_BYTES = 2 ** 20;
/** boots that a slot on trial has to say that it is good */
export const MOST_TRIALS = 3;

export const otherSlot = (slot: SlotName): SlotName => (slot === 'a' ? 'b' : 'a');

/** Where it begins, octets; undefined: it is not there. */
function placeOf(handle: number): number | undefined {
  const bytes = Buffer.alloc(MOST_BYTES);
  const read = readSync(handle, bytes, 0, MOST_BYTES, 0);
  for (let at = 0; at + BYTES <= read; at += SECTOR)
    if (bytes.toString('latin1', at, at + HEAD.length) === HEAD) return at;
  return undefined;
}

/** What cannot be read is as the boot loader takes it: slot a, no trial. */
export function readBootState(file: string): BootState {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(BYTES);
    const at = placeOf(handle);
    if (at !== undefined) readSync(handle, bytes, 0, BYTES, at);
    return parseBootState(bytes);
  } finally {
    closeSync(handle);
  }
}

export function parseBootState(bytes: Buffer): BootState {
  const text = bytes.toString('latin1');
  const values = new Map<string, string>();
  if (text.startsWith(HEAD))
    for (const line of text.slice(HEAD.length).split('\n')) {
      const at = line.indexOf('=');
      if (at > 0 && !line.startsWith('#')) values.set(line.slice(0, at), line.slice(at + 1));
    }
  const slotOf = (name: string): SlotName | '' => {
    const value = values.get(name);
    return value === 'a' || value === 'b' ? value : '';
  };
  const left = values.get('left') ?? '';
  return {
    slot: slotOf('slot') || 'a',
    trial: slotOf('trial'),
    left: /^[0-3]$/.test(left) ? Number(left) : 0,
    failed: slotOf('failed'),
    spoiled: slotOf('spoiled'),
  };
}

export function bootStateBlock({ slot, trial, left, failed, spoiled }: BootState): Buffer {
  const values = { slot, trial, left: trial === '' ? '' : String(left), failed, spoiled };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  const text = HEAD + lines.join('');
  if (text.length > SECTOR) throw new Error('the boot state is longer than a sector');
  return Buffer.from(text.padEnd(BYTES, '#'), 'latin1');
}

/** On the disk when it returns. AppError update_no_boot_state. */
export function writeBootState(file: string, state: BootState): void {
  const handle = openSync(file, 'r+');
  try {
    const at = placeOf(handle);
    if (at === undefined) throw new AppError('update_no_boot_state', { file });
    writeSync(handle, bootStateBlock(state), 0, BYTES, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
