// A box that was booted from an image, in a folder: /proc and /sys as the kernel shows them, plain files for partitions, and a boot loader
// that does what install/image/grub.cfg does. Updates for it are signed with a key of its own.
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  MAGIC,
  bootStateBlock,
  otherSlot,
  readBootState,
  writeBootState,
  type Ran,
  type SlotName,
} from '../../daemon/src/updates/index.js';

export interface BundleWanted {
  version?: string;
  root?: Buffer;
  key?: KeyObject;
  manifest?: object;
}

export class ImageMachine {
  readonly root: string;
  readonly slotBytes: number;
  readonly #keys = generateKeyPairSync('ed25519');
  readonly #versions: Partial<Record<SlotName, string>>;
  /** programs that root has run */
  readonly ran: string[] = [];
  /** what a stick has in its first folder */
  stick: Record<string, Buffer> | undefined;
  restarts = 0;

  constructor(root: string, version: string, slotBytes = 4 << 20) {
    this.root = root;
    this.slotBytes = slotBytes;
    this.#versions = { a: version };
    mkdirSync(join(root, 'dev'), { recursive: true });
    mkdirSync(join(root, 'run'), { recursive: true });
    mkdirSync(join(root, 'sys/dev/block'), { recursive: true });
    for (const number of [3, 4, 5, 6]) this.#put(`sys/devices/disk/vda/vda${number}/partition`, `${number}\n`);
    for (const number of [4, 5]) this.#put(`sys/devices/disk/vda/vda${number}/size`, `${slotBytes / 512}\n`);
    for (const number of [4, 5])
      symlinkSync(`../../devices/disk/vda/vda${number}`, join(root, `sys/dev/block/254:${number}`));
    for (const name of ['vda4', 'vda5']) writeFileSync(join(root, 'dev', name), Buffer.alloc(slotBytes));
    const state = bootStateBlock({ slot: 'a', trial: '', left: 0, failed: '', spoiled: '' });
    writeFileSync(this.state, Buffer.concat([Buffer.alloc(7 * 512, 'FAT'), state, Buffer.alloc(2048)]));
    this.#put(
      'usr/lib/cordboard-image/update-key.pem',
      this.#keys.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    );
    this.#runs('a', false);
  }

  get state(): string {
    return join(this.root, 'dev/vda3');
  }

  /** A whole bundle, signed by who made this box unless told otherwise. */
  bundle({ version = '9.0.0', root = Buffer.alloc(300_000, version), key, manifest = {} }: BundleWanted = {}): Buffer {
    const text = Buffer.from(
      JSON.stringify({
        ...{ format: 1, product: 'cordboard', architecture: 'amd64', version, builtAt: Date.UTC(2026, 10, 20) },
        root: { bytes: root.length, sha256: createHash('sha256').update(root).digest('hex') },
        ...manifest,
      }),
    );
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([MAGIC, length, text, sign(null, text, key ?? this.#keys.privateKey), root]);
  }

  /** What the other slot has from its first octet on. */
  written(slot: SlotName, bytes: number): Buffer {
    return readFileSync(join(this.root, slot === 'a' ? 'dev/vda4' : 'dev/vda5')).subarray(0, bytes);
  }

  /** As root's helper runs programs of the machine. */
  readonly run = (name: string, args: readonly string[]): Ran => {
    this.ran.push([name, ...args].join(' '));
    const ok = (stdout = ''): Ran => ({ status: 0, stdout, stderr: '' });
    switch (name) {
      case 'lsblk': {
        const stick = { name: '/dev/sdb1', fstype: 'vfat', hotplug: true, mountpoint: null };
        const own = { name: '/dev/vda6', fstype: 'ext4', hotplug: false, mountpoint: '/data' };
        return ok(JSON.stringify({ blockdevices: this.stick === undefined ? [own] : [own, stick] }));
      }
      case 'mount': {
        const folder = args.at(-1) ?? '';
        for (const [file, bytes] of Object.entries(this.stick ?? {})) writeFileSync(join(folder, file), bytes);
        return ok();
      }
      case 'systemctl':
        if (args.includes('reboot')) this.restarts += 1;
        return ok();
      default:
        return ok();
    }
  };

  /** The boot loader's choice, and what is seen of it. `version`: of what was written to the other slot */
  boot(version?: string): { slot: SlotName; onTrial: boolean } {
    // What is there lasts for one boot.
    rmSync(join(this.root, 'run'), { recursive: true, force: true });
    mkdirSync(join(this.root, 'run'));
    const state = readBootState(this.state);
    const other = otherSlot(state.slot);
    if (version !== undefined) this.#versions[other] = version;
    if (state.trial !== other || state.left === 0) {
      if (state.trial === other) writeBootState(this.state, { ...state, trial: '', left: 0, failed: other });
      return this.#runs(state.slot, false);
    }
    writeBootState(this.state, { ...state, left: state.left - 1 });
    return this.#runs(other, true);
  }

  #runs(slot: SlotName, onTrial: boolean): { slot: SlotName; onTrial: boolean } {
    const number = slot === 'a' ? 4 : 5;
    this.#put('proc/cmdline', `root=PARTUUID=1 cordboard.slot=${slot} cordboard.trial=${onTrial ? 1 : 0} quiet\n`);
    this.#put('proc/self/mountinfo', `22 1 254:${number} / / ro - squashfs /dev/root ro\n`);
    const release = { version: this.#versions[slot] ?? '?', builtAt: 0 };
    this.#put('usr/lib/cordboard-image/release.json', JSON.stringify(release));
    return { slot, onTrial };
  }

  #put(path: string, text: string): void {
    mkdirSync(join(this.root, path, '..'), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }
}
