// A machine with boards, as /sys shows it, in a folder: with or without the driver. Configuring it is done by a stand-in for
// dahdi_cfg that reads the same lines.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplyPorts, CommandResult } from '../../daemon/src/boards/index.js';
import { findHardware } from '../../daemon/src/boards/index.js';

export interface BoardMade {
  /** 0000:02:05.0 */
  pci: string;
  /** vendor:device/subvendor:subdevice */
  ids: string;
  name: string;
  location: string;
  module: string;
  /** E1: so many spans; else the modules of an analog board, one letter each: s FXS, o FXO, - none */
  spans: number | string;
  type?: string;
}

export class BoardMachine {
  readonly #root: string;
  readonly #boards: BoardMade[];
  /** commands that were run */
  readonly ran: string[] = [];
  /** by the beginning of a command: it fails with these words */
  readonly failing = new Map<string, string>();
  /** what a configured driver has otherwise than it was told */
  twist: ((conf: string) => string) | undefined;
  readonly folders: { root: string };
  #ms = 0;

  constructor(root: string, boards: BoardMade[], { loaded = true } = {}) {
    this.#root = root;
    this.#boards = boards;
    this.folders = { root };
    for (const { pci, ids } of boards) {
      const [vendor = '', device = '', subvendor = '', subdevice = ''] = ids.split(/[:/]/);
      const at = `sys/bus/pci/devices/${pci}`;
      for (const [name, id] of Object.entries({
        vendor,
        device,
        subsystem_vendor: subvendor,
        subsystem_device: subdevice,
      }))
        this.write(`${at}/${name}`, `0x${id || '0000'}`);
    }
    if (loaded) this.load();
  }

  at(path: string): string {
    return join(this.#root, path);
  }

  write(path: string, text: string): void {
    const file = this.at(path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }

  read(path: string): string | undefined {
    return existsSync(this.at(path)) ? readFileSync(this.at(path), 'utf8') : undefined;
  }

  /** Spans and channels, numbered in the order of the boards. */
  load(): void {
    this.write('sys/module/dahdi/version', '2.11.1');
    let [span, channel] = [0, 0];
    for (const { pci, name, location, module, spans, type } of this.#boards) {
      const driver = `sys/bus/pci/drivers/${module}`;
      mkdirSync(this.at(driver), { recursive: true });
      this.#link(`../../drivers/${module}`, `sys/bus/pci/devices/${pci}/driver`);
      const board = `sys/devices/pci0/pci:${pci}`;
      this.write(`${board}/manufacturer`, 'Digium');
      this.write(`${board}/type`, name);
      this.write(`${board}/location`, location);
      const modules = typeof spans === 'string' ? spans : undefined;
      for (let i = 0; i < (modules === undefined ? Number(spans) : 1); i += 1) {
        span += 1;
        const at = `${board}/span-${span}`;
        this.write(`${at}/name`, `${name}/0/${i + 1}`);
        this.write(`${at}/desc`, `${name} Card 0 Span ${i + 1}`);
        this.write(`${at}/spantype`, type ?? (modules === undefined ? 'E1' : 'ANALOG_MIXED'));
        this.write(`${at}/alarms`, '0x0');
        this.write(`${at}/syncsrc`, '0');
        this.write(`${at}/lineconfig`, '');
        mkdirSync(this.at('sys/bus/dahdi_spans/devices'), { recursive: true });
        this.#link(`../../../devices/pci0/pci:${pci}/span-${span}`, `sys/bus/dahdi_spans/devices/span-${span}`);
        const count = modules?.length ?? 31;
        for (let position = 1; position <= count; position += 1) {
          channel += 1;
          const one = `sys/bus/dahdi_channels/devices/dahdi!chan!${three(span)}!${three(position)}`;
          const able = { s: 'FXOLS FXOGS FXOKS', o: 'FXSLS FXSKS', '-': '' }[modules?.[position - 1] ?? ''];
          this.write(`${one}/channo`, String(channel));
          this.write(`${one}/sig`, 'Unconfigured');
          this.write(`${one}/sigcap`, able ?? 'Clear HDLCFCS CAS');
        }
      }
    }
  }

  unload(): void {
    for (const folder of ['sys/module/dahdi', 'sys/bus/dahdi_spans', 'sys/bus/dahdi_channels', 'sys/devices'])
      rmSync(this.at(folder), { recursive: true, force: true });
    for (const { pci } of this.#boards) rmSync(this.at(`sys/bus/pci/devices/${pci}/driver`), { force: true });
  }

  setSpan(span: number, name: string, value: string): void {
    this.write(`sys/bus/dahdi_spans/devices/span-${span}/${name}`, value);
  }

  ports(): ApplyPorts {
    return {
      root: this.#root,
      find: () => findHardware(this.#root),
      run: (command, args) => this.#run(command, args),
      wait: (ms) => {
        this.#ms += ms;
        return Promise.resolve();
      },
      wallMs: () => 1_000_000 + this.#ms,
    };
  }

  #run(command: string, args: readonly string[]): CommandResult {
    const line = [command, ...args].join(' ').replaceAll(this.#root, '');
    this.ran.push(line);
    for (const [begin, output] of this.failing) if (line.startsWith(begin)) return { code: 1, output };
    if (line === 'modprobe dahdi' && this.read('sys/module/dahdi/version') === undefined) this.load();
    if (/^wanrouter (re)?start$/.test(line) && this.read('sys/module/dahdi/version') === undefined) this.load();
    if (line.startsWith('modprobe -r')) this.unload();
    if (command === 'dahdi_cfg' && args[0] === '-c') this.#configure(readFileSync(args[1] ?? '', 'utf8'));
    return { code: 0, output: '' };
  }

  #configure(text: string): void {
    const conf = this.twist?.(text) ?? text;
    const uses = { bchan: 'Clear', dchan: 'HDLCFCS', cas: 'CAS', fxoks: 'FXOKS', fxsks: 'FXSKS' };
    for (const [, span, clock, , code, crc4] of conf.matchAll(/^span=(\d+),(\d+),(\d+),c[ca]s,(\w+)(,crc4)?$/gm)) {
      this.setSpan(Number(span), 'lineconfig', [`${code?.toUpperCase()}/CCS`, ...(crc4 ? ['CRC4'] : [])].join('/'));
      this.setSpan(Number(span), 'syncsrc', clock ?? '0');
    }
    for (const [word, sig] of Object.entries(uses))
      for (const [, list = ''] of conf.matchAll(new RegExp(`^${word}=([0-9,-]+)`, 'gm')))
        for (const channel of numbersIn(list)) this.#channel(channel, sig);
  }

  #channel(channel: number, sig: string): void {
    const folder = 'sys/bus/dahdi_channels/devices';
    const name = readdirSync(this.at(folder)).find((one) => this.read(`${folder}/${one}/channo`) === `${channel}\n`);
    if (name !== undefined) this.write(`${folder}/${name}/sig`, sig);
  }

  #link(target: string, path: string): void {
    rmSync(this.at(path), { force: true });
    symlinkSync(target, this.at(path));
  }
}

export const TE405P: BoardMade = {
  ...{ pci: '0000:02:05.0', ids: 'd161:1405/0005:0000', name: 'Wildcard TE405P', location: 'PCI Bus 02 Slot 06' },
  ...{ module: 'wct4xxp', spans: 4 },
};
export const TDM800P: BoardMade = {
  ...{ pci: '0000:03:01.0', ids: 'd161:0800/0000:0000', name: 'Wildcard TDM800P', location: 'PCI Bus 03 Slot 02' },
  ...{ module: 'wctdm24xxp', spans: 'ssoooo--' },
};

export const A104: BoardMade = {
  ...{ pci: '0000:0a:1f.0', ids: '1923:0100/0000:0000', name: 'wanpipe A104', location: 'PCI Bus 10 Slot 31' },
  ...{ module: 'wanpipe', spans: 4 },
};
export const A200: BoardMade = {
  ...{ pci: '0000:0b:04.0', ids: '1923:0040/0000:0000', name: 'wanpipe A200', location: 'PCI Bus 11 Slot 4' },
  ...{ module: 'wanpipe', spans: 'oooo' },
};

const three = (n: number): string => String(n).padStart(3, '0');

function numbersIn(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}
