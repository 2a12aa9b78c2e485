// The box as the updater sees it: its partitions, what runs, and the keys that updates are signed with. A machine that was not booted from
// an image of ours is none.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../platform/index.js';
import type { SlotName } from './boot-state.js';

const IMAGE_FOLDER = 'usr/lib/cordboard-image';
const TRIAL_OVER = 'run/cordboard-trial-over';
/** of the partitions; install/image/layout.mjs */
const NUMBERS = { state: 3, a: 4, b: 5 } as const;

/** of the kernel's sizes, whatever the disk has */
const SECTOR = 512;
const PACKAGE_LIST = 'var/lib/dpkg/info/cordboard.list';

export interface Release {
  version: string;
  builtAt: number;
}

export interface Machine {
  release: Release;
  /** what runs */
  slot: SlotName;
  /** and nobody has said yet that it is good */
  onTrial: boolean;
  /** file that says so until the next boot: the kernel's words stay what they were, and the boot loader's state is root's */
  trialOver: string;
  /** files or block devices */
  state: string;
  slots: Record<SlotName, string>;
  /** octets that each of them holds */
  slotBytes: Record<SlotName, number>;
  keys: KeyObject[];
}

/** undefined: this was not booted from an image. `root`: where /proc, /sys and /usr begin. */
export function findMachine(root = '/'): Machine | undefined {
  const at = (...parts: string[]): string => join(root, ...parts);
  const words = wordsOf(at('proc/cmdline'));
  const slot = words.get('cordboard.slot');
  const releaseFile = at(IMAGE_FOLDER, 'release.json');
  if ((slot !== 'a' && slot !== 'b') || !existsSync(releaseFile)) return undefined;
  const device = rootDevice(readFileSync(at('proc/self/mountinfo'), 'utf8'));
  const disk = dirname(realpathSync(at('sys/dev/block', device)));
  const nameOf = (number: number): string => {
    const found = readdirSync(disk).find((name) => {
      const file = join(disk, name, 'partition');
      return existsSync(file) && Number(readFileSync(file, 'utf8')) === number;
    });
    if (found === undefined) throw new AppError('update_no_partition', { number, disk: basename(disk) });
    return found;
  };
  const partition = (number: number): string => at('dev', nameOf(number));
  /** As the kernel tells everybody; only root can ask the device. */
  const bytesOf = (number: number): number => {
    const file = join(disk, nameOf(number), 'size');
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) * SECTOR : statSync(partition(number)).size;
  };
  return {
    release: JSON.parse(readFileSync(releaseFile, 'utf8')) as Release,
    slot,
    onTrial: words.get('cordboard.trial') === '1' && !existsSync(at(TRIAL_OVER)),
    trialOver: at(TRIAL_OVER),
    state: partition(NUMBERS.state),
    slots: { a: partition(NUMBERS.a), b: partition(NUMBERS.b) },
    slotBytes: { a: bytesOf(NUMBERS.a), b: bytesOf(NUMBERS.b) },
    keys: keysOf(readFileSync(at(IMAGE_FOLDER, 'update-key.pem'), 'utf8')),
  };
}

/** How the system came onto this machine. */
export function originOf(root: string, machine = findMachine(root)): 'image' | 'package' | 'source' {
  if (machine !== undefined) return 'image';
  return existsSync(join(root, PACKAGE_LIST)) ? 'package' : 'source';
}

function wordsOf(file: string): Map<string, string> {
  const words = existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/) : [];
  return new Map(words.map((word) => [word.replace(/=.*/, ''), word.replace(/^[^=]*=?/, '')]));
}

/** Major and minor number of what is mounted at /. */
function rootDevice(mountinfo: string): string {
  for (const line of mountinfo.split('\n')) {
    const [, , device, , where] = line.split(' ');
    if (where === '/' && device !== undefined) return device;
  }
  throw new Error('nothing is mounted at /');
}

/** Several may stand one after the other: a new one is handed out with an update before the old one goes. */
function keysOf(text: string): KeyObject[] {
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  return blocks.map((block) => createPublicKey(block));
}
