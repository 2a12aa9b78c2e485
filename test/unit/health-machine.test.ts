import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { LinuxMachine } from '../../daemon/src/health/machine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let root: string;
let nowMs: number;
let machine: LinuxMachine;

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const NETWORK_HEAD = [
  'Inter-|   Receive                                                |  Transmit',
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
];
const network = (...lines: string[]): void => put('proc/net/dev', [...NETWORK_HEAD, ...lines, ''].join('\n'));

beforeEach(() => {
  root = temporaryFolder();
  nowMs = 1000;
  machine = new LinuxMachine(root, () => nowMs);
});

describe('load', () => {
  it('is of all processors, since the last look; what waits for a disk is idle, what a guest used counts once', async () => {
    put('proc/stat', 'cpu  100 20 30 700 50 10 10 80 100 20\ncpu0 1 1 1 1\n');
    expect((await machine.look()).cpuPercent).toBeCloseTo(25);
    put('proc/stat', 'cpu  175 20 30 720 55 10 10 80 175 20\ncpu0 1 1 1 1\n');
    expect((await machine.look()).cpuPercent).toBeCloseTo(75);
    expect((await machine.look()).cpuPercent).toBe(0);
  });
});

describe('heat', () => {
  const sensor = (path: string, celsius: number, label?: string): void => {
    put(`sys/class/hwmon/${path}_input`, `${celsius * 1000}\n`);
    if (label !== undefined) put(`sys/class/hwmon/${path}_label`, `${label}\n`);
  };

  it('is that of the processor, of whichever driver', async () => {
    put('sys/class/hwmon/hwmon0/name', 'nvme\n');
    sensor('hwmon0/temp1', 81, 'Composite');
    put('sys/class/hwmon/hwmon1/name', 'coretemp\n');
    sensor('hwmon1/temp1', 51.5, 'Package id 0');
    sensor('hwmon1/temp2', 49, 'Core 0');
    expect((await machine.look()).temperatureC).toBe(51.5);
    put('sys/class/hwmon/hwmon1/name', 'it8728\n');
    expect((await machine.look()).temperatureC).toBe(51.5);
  });

  it('is that of the hottest zone where the processor has no sensor', async () => {
    put('sys/class/thermal/thermal_zone0/temp', '27800\n');
    put('sys/class/thermal/thermal_zone1/temp', '44000\n');
    put('sys/class/thermal/cooling_device0/type', 'Fan\n');
    expect((await machine.look()).temperatureC).toBe(44);
  });

  it('is not known where there is no sensor, or none that is wired', async () => {
    expect((await machine.look()).temperatureC).toBeNull();
    put('sys/class/thermal/thermal_zone0/temp', '-40000\n');
    expect((await machine.look()).temperatureC).toBeNull();
  });
});

describe('network', () => {
  it('is bytes a second since the last look, of what leads elsewhere', async () => {
    network('    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0', '  eth0: 1000 7 0 0 0 0 0 0 500 6 0 0 0 0 0 0');
    expect(await machine.look()).toMatchObject({ receivedBytesPerS: 0, sentBytesPerS: 0 });
    nowMs += 2000;
    network(
      '    lo: 9999 9 0 0 0 0 0 0 9999 9 0 0 0 0 0 0',
      '  eth0: 5000 7 0 0 0 0 0 0 1500 6 0 0 0 0 0 0',
      'wlan0:600 1 0 0 0 0 0 0 0 6 0 0 0 0 0 0',
    );
    expect(await machine.look()).toMatchObject({ receivedBytesPerS: 2300, sentBytesPerS: 500 });
  });

  it('is nothing, and not less, when an interface went', async () => {
    network('  eth0: 1000 7 0 0 0 0 0 0 500 6 0 0 0 0 0 0');
    await machine.look();
    nowMs += 1000;
    network();
    expect(await machine.look()).toMatchObject({ receivedBytesPerS: 0, sentBytesPerS: 0 });
  });
});

it('says what it can where nothing can be read', async () => {
  expect(await machine.look()).toMatchObject({ cpuPercent: 0, temperatureC: null, receivedBytesPerS: 0 });
  expect(await machine.disk(join(root, 'nowhere'))).toBeUndefined();
  expect(await machine.fileBytes(join(root, 'nothing'))).toBe(0);
});
