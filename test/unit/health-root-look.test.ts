// What root sees of disks and clock: read from what smartctl and timedatectl print, left for the box, and not believed for ever.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAsRoot, rootLook } from '../../daemon/src/health/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NOW = 1_800_000_000_000;
const scan = (...names: string[]) =>
  JSON.stringify({ devices: names.map((name) => ({ name, type: 'sat', protocol: 'ATA' })) });
const attribute = (id: number, value: number, raw: number) => ({ id, value, raw: { value: raw } });
const ata = (passed: boolean, ...table: ReturnType<typeof attribute>[]) => ({
  ...{ model_name: 'Disk X', smart_status: { passed }, temperature: { current: 38 } },
  ata_smart_attributes: { table },
});

function looked(disks: Record<string, unknown>, clock: string | undefined) {
  return lookAsRoot({
    wallMs: () => NOW,
    run(command, args) {
      if (command === 'timedatectl') return clock;
      if (args.includes('--scan-open')) return scan(...Object.keys(disks));
      const said = disks[args.at(-1) as string];
      return said === undefined ? undefined : typeof said === 'string' ? said : JSON.stringify(said);
    },
  });
}

test('disks by what they say of themselves', () => {
  const { disks, clockFollows } = looked(
    {
      '/dev/sda': ata(true, attribute(5, 100, 0), attribute(197, 100, 0), attribute(231, 97, 0)),
      '/dev/sdb': ata(false),
      '/dev/sdc': ata(true, attribute(198, 100, 4)),
      '/dev/nvme0': {
        ...{
          smart_status: { passed: true },
          nvme_smart_health_information_log: { percentage_used: 93, media_errors: 0 },
        },
      },
      '/dev/nvme1': { smart_status: { passed: true }, nvme_smart_health_information_log: { media_errors: 2 } },
      '/dev/vda': { model_name: 'virtual' },
      '/dev/sdd': 'no JSON',
    },
    'yes\n',
  );
  expect(clockFollows).toBe(true);
  expect(disks.map(({ device, failing, wornPercent }) => [device, failing, wornPercent])).toEqual([
    ['/dev/sda', false, 3],
    ['/dev/sdb', true, null],
    ['/dev/sdc', true, null],
    ['/dev/nvme0', false, 93],
    ['/dev/nvme1', true, null],
  ]);
});

test('a machine without such programs tells nothing', () => {
  expect(looked({}, undefined)).toEqual({ at: NOW, clockFollows: null, disks: [] });
  expect(lookAsRoot({ run: () => undefined, wallMs: () => NOW }).disks).toEqual([]);
  expect(looked({}, 'no').clockFollows).toBe(false);
});

test('the box believes what is whole and of now', () => {
  const file = join(temporaryFolder(), 'machine.json');
  const look = looked({ '/dev/sda': ata(true) }, 'yes');
  expect(rootLook(NOW, file)).toBeUndefined();
  writeFileSync(file, JSON.stringify(look));
  expect(rootLook(NOW + 60_000, file)).toEqual(look);
  expect(rootLook(NOW + 3_600_000, file)).toBeUndefined();
  for (const bad of ['', '{', JSON.stringify({ ...look, disks: [{}] }), ' '.repeat(70_000)]) {
    writeFileSync(file, bad);
    expect(rootLook(NOW, file)).toBeUndefined();
  }
});
