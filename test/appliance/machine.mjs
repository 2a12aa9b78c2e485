// A box in a virtual machine: the image as it is written to a disk, under pure emulation. Its serial line is read and typed at, its port 80
// is a port of this machine, its power can be cut, and it can be kept as it runs, to go on from there as often as it is needed.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PARTITIONS } from '../../install/image/layout.mjs';
import { copyDisk } from './disk-history.mjs';
import { PowerDisk } from './power-disk.mjs';

const OVMF_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const OVMF_VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd';
/** Other work of this machine comes first. */
const NICE = String(process.env.CORDBOARD_IMAGE_NICE ?? 10);
const MEMORY_MIB = 1536;
/** until the emulator answers */
const GO_ON_MS = 60_000;
const pause = () => new Promise((resolve) => setTimeout(resolve, 200));

/** A disk of its own with an image written to it. `bytes`: the disk's size, larger than the image's. */
export function newDisk(image, file, bytes) {
  copyDisk(image, file);
  truncateSync(file, bytes);
}

/**
 * An image whose service may take its time: what a watchdog and a limit of minutes are right for is thirty times slower here. A file of
 * systemd's in the data partition says so, laid there as the administrator of a box could; all else is as in `image`.
 */
export function patientImage(image, file) {
  copyDisk(image, file);
  const [setting, commands] = [`${file}.conf`, `${file}.commands`];
  writeFileSync(setting, '[Service]\nTimeoutStartSec=infinity\nWatchdogSec=0\n');
  const folders = ['state', 'etc', 'systemd', 'system', 'cordboard.service.d'];
  const steps = folders.map((_name, i) => `mkdir ${folders.slice(0, i + 1).join('/')}`);
  writeFileSync(commands, [...steps, `write ${setting} ${folders.join('/')}/emulated.conf`, ''].join('\n'));
  const ran = spawnSync('debugfs', ['-w', '-f', commands, `${file}?offset=${PARTITIONS.data.start}`], {
    encoding: 'utf8',
  });
  if (ran.status !== 0) throw new Error(`debugfs: ${ran.stderr || ran.error}`);
  rmSync(setting);
  rmSync(commands);
  return file;
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Box {
  /** What the serial line has said since the power was last switched on. */
  console = '';
  /** When it said each line: milliseconds since the power was switched on, and the line. */
  lines = [];
  #child;
  #ended = Promise.resolve(0);
  #listeners = new Set();
  #disk;
  #sockets = mkdtempSync(join(tmpdir(), 'box-'));

  /**
   * @param {{ disk: string, firmware?: 'bios' | 'uefi', stick?: string, log: (text: string) => void, port: number, variables?: string }} options
   *   `disk`: raw; `stick`: a raw image that is plugged in as a USB stick; `variables`: file for those of UEFI
   */
  constructor(options) {
    this.options = options;
  }

  get url() {
    return `http://127.0.0.1:${this.options.port}`;
  }

  get running() {
    return this.#child !== undefined;
  }

  /**
   * Switches the power on.
   * @param {{ from?: string, history?: string }} options `from`: what `keep` left, to go on from there; `history`: file that every write to the
   *   disk is kept in
   * @returns {Promise<import('./power-disk.mjs').DiskHistory | undefined>} of the disk
   */
  async on({ from, history } = {}) {
    this.console = '';
    this.lines = [];
    const socket = join(this.#sockets, 'disk');
    this.#disk = new PowerDisk({ file: this.options.disk, socket });
    const kept = history === undefined ? undefined : this.#disk.keepHistory(history);
    await this.#disk.serve();
    const args = ['-n', NICE, 'qemu-system-x86_64', ...this.#machine(socket)];
    const child = spawn('nice', [...args, ...(from === undefined ? [] : ['-incoming', `exec:cat '${from}'`])], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdin.on('error', () => undefined);
    this.#listen(child);
    this.#ended = new Promise((resolve) =>
      child.on('exit', (code) => {
        this.#child = undefined;
        for (const listener of [...this.#listeners]) listener();
        resolve(code);
      }),
    );
    if (from !== undefined) await this.#goOn();
    return kept;
  }

  /** What was kept is read in, and runs on; it had been stopped. */
  async #goOn() {
    for (const end = Date.now() + GO_ON_MS; !existsSync(this.#qmp);) {
      if (Date.now() > end || !this.running) throw new Error(`the emulator has no monitor: ${this.console}`);
      await pause();
    }
    const monitor = await Monitor.open(this.#qmp);
    while ((await monitor.ask('query-migrate')).status !== 'completed') await pause();
    await monitor.ask('cont');
    monitor.close();
  }

  #machine(socket) {
    const { firmware = 'bios', stick, port, variables } = this.options;
    if (firmware === 'uefi' && !existsSync(variables)) copyFileSync(OVMF_VARS, variables);
    return [
      ...['-M', 'q35', '-accel', 'tcg,thread=multi,tb-size=512'],
      ...['-cpu', 'max,vendor=GenuineIntel,family=6,model=94,stepping=3', '-smp', '2', '-m', String(MEMORY_MIB)],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none', '-serial', 'stdio', '-monitor', 'none'],
      ...['-qmp', `unix:${this.#qmp},server=on,wait=off`],
      ...(firmware === 'uefi' ? pflash(variables) : []),
      ...['-blockdev', `driver=nbd,node-name=disk,server.type=unix,server.path=${socket}`],
      ...['-device', 'virtio-blk-pci,drive=disk,write-cache=on,bootindex=1'],
      ...['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:80`, '-device', 'virtio-net-pci,netdev=net,romfile='],
      ...['-device', 'virtio-rng-pci', '-rtc', 'base=utc'],
      ...(stick === undefined
        ? []
        : [
            ...['-device', 'qemu-xhci', '-drive', `if=none,id=stick,format=raw,file=${stick}`],
            ...['-device', 'usb-storage,drive=stick,removable=on'],
          ]),
    ];
  }

  get #qmp() {
    return join(this.#sockets, 'qmp');
  }

  #listen(child) {
    const began = performance.now();
    let line = '';
    const hear = (text) => {
      this.console += text;
      line += text;
      const whole = line.split('\n');
      line = whole.pop();
      for (const one of whole) this.lines.push([Math.round(performance.now() - began), one.trimEnd()]);
      this.options.log(text);
      for (const listener of [...this.#listeners]) listener();
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
  }

  /** Processor seconds that the emulator has used. */
  get processorSeconds() {
    const pid = this.#child?.pid;
    if (pid === undefined) return 0;
    const ran = spawnSync('ps', ['-o', 'cputimes=', '-p', String(pid)], { encoding: 'utf8' });
    return Number(ran.stdout.trim());
  }

  /**
   * Cuts the power: of what was written to the disk since its last flush, any part is lost. Resolves when it is gone.
   * @param {() => number} random from 0 to 1; decides which part
   */
  async cut(random = () => 0) {
    if (this.#child === undefined) return { unflushed: 0, lostBytes: 0 };
    this.#child.kill('SIGKILL');
    await this.#ended;
    const lost = this.#disk.lose(random);
    await this.#letGo();
    return lost;
  }

  /** Resolves when it has switched itself off. */
  async off() {
    await this.#ended;
    await this.#letGo();
  }

  async #letGo() {
    const disk = this.#disk;
    this.#disk = undefined;
    await disk?.close();
  }

  /** Keeps the running machine, memory and processors, in `file`, and ends it; its disk stays as the machine knows it. */
  async keep(file) {
    rmSync(file, { force: true });
    const monitor = await Monitor.open(this.#qmp);
    await monitor.ask('stop');
    await monitor.ask('migrate-set-parameters', { 'max-bandwidth': 2 ** 33 });
    await monitor.ask('migrate', { uri: `exec:cat > '${file}'` });
    for (;;) {
      const { status, 'error-desc': why } = await monitor.ask('query-migrate');
      if (status === 'completed') break;
      if (status === 'failed') throw new Error(`the machine could not be kept: ${why}`);
      await pause();
    }
    await monitor.ask('quit').catch(() => undefined);
    monitor.close();
    await this.off();
  }

  /** Types at the serial line. */
  type(text) {
    this.#child?.stdin.write(text);
  }

  /** Resolves with the match when the serial line has said it, from octet `from` of `console` on. */
  heard(pattern, limitMs, from = 0) {
    return new Promise((resolve, reject) => {
      const done = (act, value) => {
        clearTimeout(limit);
        this.#listeners.delete(look);
        act(value);
      };
      const limit = setTimeout(
        () =>
          done(reject, new Error(`${pattern} was not heard in ${limitMs / 1000} s; last: ${this.console.slice(-600)}`)),
        limitMs,
      );
      const look = () => {
        const found = pattern.exec(this.console.slice(from));
        if (found !== null) done(resolve, found);
        else if (this.#child === undefined)
          done(reject, new Error(`the machine is off; last: ${this.console.slice(-600)}`));
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** Ends it, and forgets what it used besides its disk. */
  async forget() {
    await this.cut();
    rmSync(this.#sockets, { recursive: true, force: true });
  }
}

const pflash = (variables) => [
  ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${OVMF_CODE}`],
  ...['-drive', `if=pflash,unit=1,format=raw,file=${variables}`],
];

/** QMP, the emulator's own monitor: one command after the other. */
class Monitor {
  #socket;
  #text = '';
  #waiting = [];

  static async open(path) {
    const monitor = new Monitor();
    monitor.#socket = connect(path);
    monitor.#socket.setEncoding('utf8').on('data', (text) => monitor.#hear(text));
    monitor.#socket.on('close', () => monitor.#end()).on('error', () => monitor.#end());
    await monitor.ask('qmp_capabilities');
    return monitor;
  }

  ask(execute, args) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute, ...(args === undefined ? {} : { arguments: args }) })}\n`);
    });
  }

  close() {
    this.#socket.destroy();
  }

  #hear(text) {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop();
    for (const line of lines.filter((one) => one.trim() !== '')) {
      const said = JSON.parse(line);
      // The greeting and events are not asked for.
      if (said.return === undefined && said.error === undefined) continue;
      const { resolve, reject } = this.#waiting.shift();
      if (said.error === undefined) resolve(said.return);
      else reject(new Error(said.error.desc));
    }
  }

  #end() {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the emulator is gone'));
  }
}
