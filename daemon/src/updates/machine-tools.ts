// Programs of the machine that the updater needs: what root may, and nobody else.
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../platform/index.js';

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}
export type RunProgram = (name: string, args: readonly string[]) => Ran;

export const runProgram: RunProgram = (name, args) => {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const { status, stdout, stderr, error } = spawnSync(name, args, { encoding: 'utf8', env });
  return { status, stdout: stdout ?? '', stderr: stderr || (error === undefined ? '' : String(error)) };
};

/** Its output; throws when it fails. */
export function mustRun(run: RunProgram, name: string, args: readonly string[]): string {
  const { status, stdout, stderr } = run(name, args);
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

interface Device {
  name: string;
  fstype: string | null;
  hotplug: boolean;
  mountpoint: string | null;
  children?: Device[] | undefined;
}
const Device: z.ZodType<Device> = z.object({
  name: z.string(),
  fstype: z.string().nullable(),
  hotplug: z.boolean(),
  mountpoint: z.string().nullable(),
  get children() {
    return z.array(Device).optional();
  },
});
const Listed = z.object({ blockdevices: z.array(Device) });

/**
 * The update in the first folder of a stick that is not mounted; of several there the one whose name sorts last. The stick is read only, and
 * nothing on it is run. AppError update_no_stick.
 */
export async function fromStick<T>(
  run: RunProgram,
  work: (stream: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const columns = 'NAME,FSTYPE,TRAN,HOTPLUG,MOUNTPOINT';
  const listed = Listed.parse(JSON.parse(mustRun(run, 'lsblk', ['--json', '--paths', '--output', columns])));
  const all = (devices: Device[]): Device[] => devices.flatMap((one) => [one, ...all(one.children ?? [])]);
  for (const { name, fstype, hotplug, mountpoint } of all(listed.blockdevices)) {
    if (!hotplug || fstype === null || mountpoint !== null) continue;
    const folder = mkdtempSync(join(tmpdir(), 'stick-'));
    let mounted = false;
    try {
      mounted = run('mount', ['-o', 'ro,nosuid,nodev,noexec', name, folder]).status === 0;
      if (!mounted) continue;
      const file = readdirSync(folder)
        .filter((one) => one.endsWith('.cbu'))
        .sort()
        .at(-1);
      if (file === undefined) continue;
      const stream = createReadStream(join(folder, file), { highWaterMark: 2 ** 20 });
      const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
      try {
        return await work(stream);
      } finally {
        stream.destroy();
        await closed;
      }
    } finally {
      if (mounted) run('umount', [folder]);
      // Not with what is in it: that may be the stick still.
      try {
        rmdirSync(folder);
      } catch {
        // it goes with the next start
      }
    }
  }
  throw new AppError('update_no_stick');
}
