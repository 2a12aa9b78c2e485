// Volumes that are mounted, by the label or UUID that people know them by: /dev/disk and /proc/mounts tell.
import { readFile, readdir, realpath, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupVolume } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';

/** Where the system itself is: not offered as a place for its back-ups. */
const OWN = new Set([
  '/',
  '/boot',
  '/boot/efi',
  '/home',
  '/usr',
  '/var',
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
]);

/** `root`: where /dev and /proc begin. None where there is no udev. */
export async function mountedVolumes(root = '/'): Promise<BackupVolume[]> {
  const mounts = await mountsOf(root);
  const [labels, uuids] = await Promise.all(['by-label', 'by-uuid'].map((kind) => linksOf(root, kind)));
  const found: BackupVolume[] = [];
  for (const [device, mountedAt] of mounts) {
    const label = labels?.get(device) ?? '';
    const uuid = uuids?.get(device) ?? '';
    if ((label === '' && uuid === '') || OWN.has(mountedAt)) continue;
    const space = await statfs(join(root, mountedAt)).catch(() => undefined);
    found.push({ label, uuid, mountedAt, freeBytes: space === undefined ? 0 : space.bavail * space.bsize });
  }
  return found;
}

/** Where a volume is mounted now. backup_volume_missing */
export async function mountPointOf(volume: string, root = '/'): Promise<string> {
  const found = (await mountedVolumes(root)).find(({ label, uuid }) => label === volume || uuid === volume);
  if (found === undefined) throw new AppError('backup_volume_missing', { volume });
  return join(root, found.mountedAt);
}

/** device → mount point, the first one of each */
async function mountsOf(root: string): Promise<Map<string, string>> {
  const text = await readFile(join(root, 'proc/mounts'), 'utf8').catch(() => '');
  const mounts = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [device = '', at = ''] = line.split(' ');
    // proc(5), fstab(5): space, tab, newline and backslash are written in octal.
    const plain = at.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    if (device.startsWith('/dev/') && !mounts.has(device)) mounts.set(device, plain);
  }
  return mounts;
}

/** device → name of the link that leads to it */
async function linksOf(root: string, kind: string): Promise<Map<string, string>> {
  const folder = join(root, 'dev/disk', kind);
  const links = new Map<string, string>();
  const base = root === '/' ? '' : await realpath(root).catch(() => root);
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const device = await realpath(join(folder, name)).catch(() => undefined);
    // udev writes what no name of a file may have as \xNN.
    const plain = Buffer.from(
      name.replace(/\\x([0-9a-f]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
      /\\x[89a-f]/.test(name) ? 'latin1' : 'utf8',
    ).toString('utf8');
    if (device !== undefined) links.set(device.slice(base.length), plain);
  }
  return links;
}
