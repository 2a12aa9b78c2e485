// What only root sees of the machine: how disks judge themselves (SMART), whether the clock follows others (NTP). A timer of systemd looks
// (`cordboard health look`) and leaves it where the box reads it; the box itself has no right to.
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';

export const ROOT_LOOK_FILE = '/run/cordboard-health/machine.json';
/** Three looks of the timer: what is older tells nothing of now. */
const STALE_MS = 45 * 60_000;
const LONGEST = 65_536;
const MOST_DISKS = 64;

export const DiskLook = z.strictObject({
  device: z.string().max(100),
  model: z.string().max(200),
  /** it says of itself that it is about to fail, or has errors that it cannot mend */
  failing: z.boolean(),
  /** of a solid disk's life; null: it does not tell */
  wornPercent: z.number().min(0).max(1000).nullable(),
  temperatureC: z.number().nullable(),
});
export type DiskLook = z.infer<typeof DiskLook>;

export const RootLook = z.strictObject({
  /** wall clock, ms */
  at: z.int().min(0),
  /** null: nobody knows */
  clockFollows: z.boolean().nullable(),
  disks: z.array(DiskLook).max(MOST_DISKS),
});
export type RootLook = z.infer<typeof RootLook>;

/** Undefined: nobody has looked, or not for long. */
export function rootLook(nowMs: number, file = ROOT_LOOK_FILE): RootLook | undefined {
  try {
    if (statSync(file).size > LONGEST) return undefined;
    const look = RootLook.parse(JSON.parse(readFileSync(file, 'utf8')));
    return Math.abs(nowMs - look.at) > STALE_MS ? undefined : look;
  } catch {
    return undefined;
  }
}

export interface LookPorts {
  /** its output; undefined: there is no such program, or it hangs. Its exit code says nothing: smartctl's is a set of bits. */
  run(command: string, args: readonly string[]): string | undefined;
  wallMs(): number;
}

export function lookAsRoot({ run, wallMs }: LookPorts): RootLook {
  const devices = smart(run('smartctl', ['--scan-open', '--json']));
  const names = devices === undefined ? [] : SCANNED.catch({ devices: [] }).parse(devices).devices;
  const disks = names.slice(0, MOST_DISKS).flatMap(({ name, type }) => {
    const said = smart(run('smartctl', ['--health', '--attributes', '--info', '--json', '--device', type, name]));
    return said === undefined ? [] : diskOf(name, said);
  });
  const clock = run('timedatectl', ['show', '--property=NTPSynchronized', '--value'])?.trim();
  return { at: wallMs(), clockFollows: clock === 'yes' ? true : clock === 'no' ? false : null, disks };
}

const SCANNED = z.object({ devices: z.array(z.object({ name: z.string().startsWith('/dev/'), type: z.string() })) });

const SAID = z.object({
  model_name: z.string().optional(),
  smart_status: z.object({ passed: z.boolean() }).optional(),
  temperature: z.object({ current: z.number() }).optional(),
  ata_smart_attributes: z
    .object({ table: z.array(z.object({ id: z.number(), value: z.number(), raw: z.object({ value: z.number() }) })) })
    .optional(),
  nvme_smart_health_information_log: z
    .object({ percentage_used: z.number().optional(), media_errors: z.number().optional() })
    .optional(),
});

/** Of ATA: sectors that could not be read and wait, and those that cannot be mended. */
const UNREADABLE = new Set([197, 198]);
/** Of ATA: life that is left of a solid disk, by maker, counted down from 100. */
const LIFE_LEFT = new Set([169, 177, 202, 231, 233]);

/** None: it is no disk that judges itself (a virtual one, a card reader). */
function diskOf(device: string, json: unknown): DiskLook[] {
  const parsed = SAID.safeParse(json);
  if (!parsed.success || parsed.data.smart_status === undefined) return [];
  const {
    smart_status,
    model_name = '',
    temperature,
    ata_smart_attributes,
    nvme_smart_health_information_log: nvme,
  } = parsed.data;
  const table = ata_smart_attributes?.table ?? [];
  const unreadable = table.some(({ id, raw }) => UNREADABLE.has(id) && raw.value > 0);
  const left = table.find(({ id, value }) => LIFE_LEFT.has(id) && value <= 100)?.value;
  return [
    {
      device: device.slice(0, 100),
      model: model_name.slice(0, 200),
      failing: !smart_status.passed || unreadable || (nvme?.media_errors ?? 0) > 0,
      wornPercent: nvme?.percentage_used ?? (left === undefined ? null : 100 - left),
      temperatureC: temperature?.current ?? null,
    },
  ];
}

function smart(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
