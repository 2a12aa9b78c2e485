// What boards there are, read from /sys: those on the bus, whether a driver is loaded or not, and the spans and channels of the
// driver. Nothing is opened, so it can be looked at by anybody and at any time.
import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { PciIds } from './profiles.js';

export type ChannelUse = 'none' | 'speech' | 'frames' | 'link' | 'cas' | 'station' | 'line' | 'other';

export interface FoundChannel {
  /** number within the driver */
  channel: number;
  /** within its span, from 1: the timeslot of an E1 */
  position: number;
  /** configured as */
  use: ChannelUse;
  /** of an analog module: what hangs there; undefined: no module, or no analog board */
  module: 'fxs' | 'fxo' | undefined;
}

export interface FoundSpan {
  /** number within the driver */
  device: number;
  name: string;
  description: string;
  /** E1, T1, J1, FXS, FXO, ANALOG_MIXED, … */
  type: string;
  manufacturer: string;
  board: string;
  /** bus and slot, as the driver says */
  location: string;
  /** of the board, where it hangs on PCI */
  pci: string | undefined;
  /** CCS, HDB3, CRC4, …; empty: it has not been configured */
  line: string[];
  /** as configured */
  clock: number;
  alarms: ('los' | 'red' | 'ais' | 'yellow')[];
  channels: FoundChannel[];
}

export interface FoundPci extends PciIds {
  /** 0000:02:05.0 */
  address: string;
  /** module that drives it now */
  module: string | undefined;
}

export interface FoundHardware {
  /** the driver's version; undefined: it is not loaded */
  driver: string | undefined;
  pci: FoundPci[];
  spans: FoundSpan[];
}

/** `root`: where /sys begins; another one for tests. */
export function findHardware(root = '/'): FoundHardware {
  return { driver: driverVersion(root), pci: findPci(root), spans: findSpans(root) };
}

function driverVersion(root: string): string | undefined {
  const module = join(root, 'sys/module/dahdi');
  if (!existsSync(module)) return undefined;
  return text(join(module, 'version')) || 'dahdi';
}

function findPci(root: string): FoundPci[] {
  const folder = join(root, 'sys/bus/pci/devices');
  return entries(folder)
    .sort()
    .map((address) => {
      const at = join(folder, address);
      const id = (name: string): string => text(join(at, name)).replace(/^0x/, '').toLowerCase();
      return {
        ...{ address, vendor: id('vendor'), device: id('device') },
        ...{ subvendor: id('subsystem_vendor'), subdevice: id('subsystem_device') },
        module: link(join(at, 'driver/module')) ?? link(join(at, 'driver')),
      };
    });
}

function findSpans(root: string): FoundSpan[] {
  const folder = join(root, 'sys/bus/dahdi_spans/devices');
  const channels = findChannels(root);
  return entries(folder)
    .flatMap((name) => {
      const device = Number(/^span-(\d+)$/.exec(name)?.[1]);
      return Number.isInteger(device) ? [{ device, at: join(folder, name) }] : [];
    })
    .sort((a, b) => a.device - b.device)
    .map(({ device, at }) => {
      // The span stands in the folder of its board.
      const board = dirname(realpathSync(at));
      return {
        device,
        name: text(join(at, 'name')),
        description: text(join(at, 'desc')),
        type: text(join(at, 'spantype')),
        manufacturer: text(join(board, 'manufacturer')),
        board: text(join(board, 'type')),
        location: text(join(board, 'location')),
        pci: /^pci:([0-9a-f:.]+)$/.exec(basename(board))?.[1],
        line: text(join(at, 'lineconfig')).split('/').filter(Boolean),
        clock: Number(text(join(at, 'syncsrc'))) || 0,
        alarms: alarmsOf(Number(text(join(at, 'alarms'))) || 0),
        channels: channels.get(device) ?? [],
      };
    });
}

function findChannels(root: string): Map<number, FoundChannel[]> {
  const folder = join(root, 'sys/bus/dahdi_channels/devices');
  const found = new Map<number, FoundChannel[]>();
  for (const name of entries(folder)) {
    const [, span, position] = /^dahdi!chan!(\d+)!(\d+)$/.exec(name) ?? [];
    const channel = Number(text(join(folder, name, 'channo')));
    if (span === undefined || !Number.isInteger(channel) || channel < 1) continue;
    const able = text(join(folder, name, 'sigcap')).split(/\s+/);
    const module = able.includes('FXOKS') ? 'fxs' : able.includes('FXSKS') ? 'fxo' : undefined;
    const one = { channel, position: Number(position), use: useOf(text(join(folder, name, 'sig'))), module } as const;
    found.set(Number(span), [...(found.get(Number(span)) ?? []), one]);
  }
  for (const all of found.values()) all.sort((a, b) => a.position - b.position);
  return found;
}

/** FXO signalling is spoken to a telephone, FXS signalling to an exchange. */
function useOf(signalling: string): ChannelUse {
  if (signalling === 'Unconfigured' || signalling === '') return 'none';
  if (/^FXO/.test(signalling)) return 'station';
  if (/^FXS/.test(signalling)) return 'line';
  if (/MTP2/.test(signalling)) return 'link';
  if (/HDLC/.test(signalling)) return 'frames';
  return signalling === 'Clear' ? 'speech' : signalling === 'CAS' ? 'cas' : 'other';
}

/** Bits of the driver (dahdi/user.h): RECOVER 1, LOOPBACK 2, YELLOW 4, RED 8, BLUE 16, NOTOPEN 32, LOS 256, LFA 512. */
function alarmsOf(bits: number): FoundSpan['alarms'] {
  const is = (mask: number): boolean => (bits & mask) !== 0;
  return [
    ...(is(256 | 32) ? (['los'] as const) : []),
    ...(is(1 | 8 | 512) ? (['red'] as const) : []),
    ...(is(16) ? (['ais'] as const) : []),
    ...(is(4) ? (['yellow'] as const) : []),
  ];
}

/** What cannot be read is not there: a board may go while it is looked at. */
function text(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function link(file: string): string | undefined {
  try {
    return basename(readlinkSync(file));
  } catch {
    return undefined;
  }
}
