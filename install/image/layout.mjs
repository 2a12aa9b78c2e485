// How the disk of a box is laid out. Numbers and names of the partitions are also known to grub.cfg, to the script of the initramfs and to
// `cordboard update`; whoever changes one changes them all.
//
//   1 bios    GRUB for BIOS, 2 esp GRUB for UEFI and grub.cfg: neither is written in operation
//   3 state   which slot is booted: the 1024 octets of a GRUB environment block, the one file of a file system that nobody ever mounts
//   4 a, 5 b  two read-only roots (squashfs), of which one runs and the other is what updates are written to
//   6 data    everything that a box makes; grows to the end of the disk at the first boot

export const SECTOR = 512;
const MIB = 2 ** 20;

const BIOS_BOOT = '21686148-6449-6E6F-744E-656564454649';
const ESP = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const LINUX = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';

/** Sizes in MiB. */
const PARTS = [
  { name: 'bios', type: BIOS_BOOT, mib: 1 },
  { name: 'esp', type: ESP, mib: 48 },
  { name: 'state', type: LINUX, mib: 1 },
  { name: 'a', type: LINUX, mib: 480 },
  { name: 'b', type: LINUX, mib: 480 },
  { name: 'data', type: LINUX, mib: 96 },
];

/** By name: number from 1, first octet, size in octets, type. */
export const PARTITIONS = Object.fromEntries(
  PARTS.map(({ name, type, mib }, index) => {
    const before = PARTS.slice(0, index).reduce((sum, one) => sum + one.mib, 1);
    return [name, { number: index + 1, type, start: before * MIB, bytes: mib * MIB }];
  }),
);

/** A MiB at either end is the partition table's. */
export const DISK_BYTES = PARTS.reduce((sum, { mib }) => sum + mib, 2) * MIB;

/** Most that an image may have, in octets. */
export const MOST_BYTES = 1_200_000_000;

/** For sfdisk. */
export function partitionScript() {
  const lines = Object.entries(PARTITIONS).map(
    ([name, { start, bytes, type }]) =>
      `start=${start / SECTOR}, size=${bytes / SECTOR}, type=${type}, name=cordboard-${name}`,
  );
  return ['label: gpt', 'unit: sectors', 'sector-size: 512', ...lines, ''].join('\n');
}
