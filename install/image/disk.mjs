// The raw image, put together from its partitions in a plain file: nothing is mounted and no loop device is asked for.
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../lib/child.mjs';
import { Failure } from '../lib/failure.mjs';
import { inRoot } from '../lib/paths.mjs';
import { DISK_BYTES, PARTITIONS, SECTOR, partitionScript } from './layout.mjs';
import { environmentBlock, must, place, sizeOf } from './steps.mjs';

const GRUB = '/usr/lib/grub';
const CONFIG = 'install/image/grub.cfg';

/** What grub.cfg uses and what it reads from; nothing is loaded later. */
const MODULES = [
  ...['part_gpt', 'fat', 'squash4', 'gzio', 'normal', 'echo', 'test', 'regexp', 'loadenv', 'probe', 'linux', 'boot'],
  ...['serial', 'terminal', 'sleep', 'reboot', 'minicmd', 'configfile'],
];

/**
 * Makes the image.
 * @param {{ file: string, root: string, work: string, keep: (text: string) => void }} options `root`: the squashfs of slot a, at most as
 *   large as a slot; `work`: an empty folder
 */
export async function makeDisk({ file, root, work, keep }) {
  if (sizeOf(root) > PARTITIONS.a.bytes)
    throw new Failure(`The root is ${sizeOf(root)} octets and a slot has ${PARTITIONS.a.bytes}.`);
  rmSync(file, { force: true });
  writeFileSync(file, '');
  truncateSync(file, DISK_BYTES);
  await partition(file);
  await bootByBios(file, work, keep);
  await bootByUefi(file, work, keep);
  await bootState(file, work, keep);
  await must('dd', [
    ...[`if=${root}`, `of=${file}`, 'bs=1M', 'conv=notrunc,sparse', `seek=${PARTITIONS.a.start / 2 ** 20}`],
  ]);
  const data = join(work, 'data.ext4');
  writeFileSync(data, '');
  truncateSync(data, PARTITIONS.data.bytes);
  // Room in its tables for a disk of terabytes. No reserve: the product keeps its own.
  await must('mkfs.ext4', ['-q', '-L', 'cordboard-data', '-m', '0', '-E', 'resize=4294967295', data]);
  await must('dd', [
    ...[`if=${data}`, `of=${file}`, 'bs=1M', 'conv=notrunc,sparse', `seek=${PARTITIONS.data.start / 2 ** 20}`],
  ]);
}

async function partition(file) {
  const made = await run('sh', [
    '-c',
    `sfdisk --quiet --no-reread --no-tell-kernel "$1" <<'END'\n${partitionScript()}END\n`,
    'sh',
    file,
  ]);
  if (made.code !== 0) throw new Failure('The partition table could not be made.', made.output);
}

/**
 * As grub-bios-setup would, without a device: the first sector is told where the core begins, the core's first sector where the rest of it
 * is, and that the BIOS's word on which disk it booted from is to be taken (0x66, two no-operations).
 */
async function bootByBios(file, work, keep) {
  const core = join(work, 'core.img');
  await must(
    'grub-mkimage',
    // Without a disk in it: the one that was booted from.
    [...['-O', 'i386-pc', '-p', '(,gpt2)/grub', '-o', core], 'biosdisk', ...MODULES],
    { onOutput: keep },
  );
  const boot = readFileSync(join(GRUB, 'i386-pc/boot.img'));
  const first = PARTITIONS.bios.start / SECTOR;
  boot.writeBigUInt64LE(BigInt(first), 0x5c);
  boot.writeUInt16LE(0x9090, 0x66);
  // What stands behind is the partition table's.
  place(file, 0, boot.subarray(0, 440));
  const bytes = readFileSync(core);
  const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & (SECTOR - 1))]);
  if (padded.length > PARTITIONS.bios.bytes) throw new Failure('The core of GRUB does not fit its partition.');
  const list = SECTOR - 12;
  padded.writeBigUInt64LE(BigInt(first + 1), list);
  padded.writeUInt16LE(padded.length / SECTOR - 1, list + 8);
  padded.writeUInt16LE(0x820, list + 10);
  place(file, PARTITIONS.bios.start, padded);
}

/** The file lies in one piece, at the beginning of a sector: whoever writes it does so in place, and finds it by its first line. */
async function bootState(file, work, keep) {
  const [fat, block] = [join(work, 'state.fat'), join(work, 'grubenv')];
  writeFileSync(block, environmentBlock({ slot: 'a', trial: '', left: '', failed: '', spoiled: 'b' }));
  writeFileSync(fat, '');
  truncateSync(fat, PARTITIONS.state.bytes);
  await must('mkfs.vfat', ['-F', '12', '-s', '4', '-n', 'CORDSTATE', fat], { onOutput: keep });
  await must('mcopy', ['-i', fat, block, '::/grubenv'], {
    env: { ...process.env, MTOOLS_SKIP_CHECK: '1' },
    onOutput: keep,
  });
  place(file, PARTITIONS.state.start, fat);
}

/** By the path that every firmware looks at on a disk that it does not know. */
async function bootByUefi(file, work, keep) {
  const loader = join(work, 'bootx64.efi');
  await must('grub-mkimage', [...['-O', 'x86_64-efi', '-p', '/grub', '-o', loader], ...MODULES], { onOutput: keep });
  const esp = join(work, 'esp.fat');
  mkdirSync(work, { recursive: true });
  writeFileSync(esp, '');
  truncateSync(esp, PARTITIONS.esp.bytes);
  await must('mkfs.vfat', ['-F', '32', '-n', 'CORDBOARD', esp], { onOutput: keep });
  const env = { ...process.env, MTOOLS_SKIP_CHECK: '1' };
  await must('mmd', ['-i', esp, '::/EFI', '::/EFI/BOOT', '::/grub'], { env, onOutput: keep });
  await must('mcopy', ['-i', esp, loader, '::/EFI/BOOT/BOOTX64.EFI'], { env, onOutput: keep });
  await must('mcopy', ['-i', esp, inRoot(CONFIG), '::/grub/grub.cfg'], { env, onOutput: keep });
  place(file, PARTITIONS.esp.start, esp);
}
