// What the machine tells of itself: load, memory, heat, network, disks.
import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';

export interface MachineLook {
  cpuPercent: number;
  memoryPercent: number;
  /** null: there is no sensor */
  temperatureC: number | null;
  receivedBytesPerS: number;
  sentBytesPerS: number;
}

export interface Machine {
  look(): Promise<MachineLook>;
  /** Undefined: there is no such folder. */
  disk(folder: string): Promise<{ sizeBytes: number; freeBytes: number } | undefined>;
  /** 0: there is no such file. */
  fileBytes(file: string): Promise<number>;
}

/** sensors of broken hardware can hang */
const SENSOR_LIMIT_MS = 2000;

/** Drivers of the kernel's hwmon for sensors in a processor, and names that others give them. */
const PROCESSOR_CHIPS = /^(coretemp|k10temp|zenpower|cpu_thermal)/;
const PROCESSOR_LABELS = /^(tctl|tdie|package|physical|core|cpu)/i;

/** Reads the kernel's own files: programs that are asked instead would keep the daemon waiting for each. */
export class LinuxMachine implements Machine {
  readonly #root: string;
  readonly #nowMs: () => number;
  #cpu: { busy: number; all: number } = { busy: 0, all: 0 };
  #network: { atMs: number; received: number; sent: number } | undefined;

  /** `root`: where /proc and /sys are */
  constructor(root = '/', nowMs = () => performance.now()) {
    this.#root = root;
    this.#nowMs = nowMs;
  }

  async look(): Promise<MachineLook> {
    const [cpuPercent, temperatureC, network] = await Promise.all([
      soon(this.#load()),
      soon(this.#temperature()),
      soon(this.#traffic()),
    ]);
    return {
      cpuPercent: cpuPercent ?? 0,
      // what the system keeps of files is free for whoever needs it
      memoryPercent: 100 * (1 - process.availableMemory() / os.totalmem()),
      temperatureC: temperatureC ?? null,
      receivedBytesPerS: network?.received ?? 0,
      sentBytesPerS: network?.sent ?? 0,
    };
  }

  async disk(folder: string): Promise<{ sizeBytes: number; freeBytes: number } | undefined> {
    const found = await statfs(folder).catch(() => undefined);
    if (found === undefined) return undefined;
    return { sizeBytes: found.bsize * found.blocks, freeBytes: found.bsize * found.bavail };
  }

  async fileBytes(file: string): Promise<number> {
    return (await stat(file).catch(() => undefined))?.size ?? 0;
  }

  #read(path: string): Promise<string> {
    return readFile(join(this.#root, path), 'utf8');
  }

  /** % since the last look, of all processors; of the first look since the machine was started. proc(5), stat. */
  async #load(): Promise<number> {
    const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, ...rest] = numbersOf(
      (await this.#read('proc/stat')).split('\n')[0],
    );
    // hard and soft interrupts, stolen; what guests used is in user already
    const others = rest.slice(0, 3).reduce((sum, one) => sum + one, 0);
    const busy = user + nice + system + others;
    const now = { busy, all: busy + idle + waiting };
    const before = this.#cpu;
    this.#cpu = now;
    return now.all > before.all ? (100 * (now.busy - before.busy)) / (now.all - before.all) : 0;
  }

  /** The hottest of the processor's own sensors, otherwise of the thermal zones, in °C; undefined: there is none. */
  async #temperature(): Promise<number | undefined> {
    const processor = await this.#sensors('sys/class/hwmon', async (folder) => {
      const chip = await this.#text(`${folder}/name`);
      const inputs = (await this.#list(folder)).filter((name) => /^temp\d+_input$/.test(name));
      if (PROCESSOR_CHIPS.test(chip)) return inputs;
      const labels = await Promise.all(inputs.map((name) => this.#text(`${folder}/${name.replace('input', 'label')}`)));
      return inputs.filter((_, i) => PROCESSOR_LABELS.test(labels[i] ?? ''));
    });
    const found = processor.length > 0 ? processor : await this.#sensors('sys/class/thermal', async () => ['temp']);
    return found.length === 0 ? undefined : Math.max(...found);
  }

  /** °C of those files of each device of a class that are chosen. */
  async #sensors(kind: string, choose: (folder: string) => Promise<string[]>): Promise<number[]> {
    const read = async (name: string): Promise<number[]> => {
      const folder = `${kind}/${name}`;
      const files = await choose(folder);
      return Promise.all(files.map(async (file) => Number.parseInt(await this.#text(`${folder}/${file}`), 10) / 1000));
    };
    // a sensor that is not wired says 0 or less
    return (await Promise.all((await this.#list(kind)).map(read))).flat().filter((celsius) => celsius > 0);
  }

  #list(path: string): Promise<string[]> {
    return readdir(join(this.#root, path)).catch(() => []);
  }

  /** Empty when there is no such file. */
  #text(path: string): Promise<string> {
    return this.#read(path).catch(() => '');
  }

  /** Bytes a second since the last look, over all that leads elsewhere; 0 at the first. proc(5), net/dev. */
  async #traffic(): Promise<{ received: number; sent: number }> {
    const now = { atMs: this.#nowMs(), received: 0, sent: 0 };
    for (const line of (await this.#read('proc/net/dev')).split('\n')) {
      const [, name, figures] = /^\s*(\S+):(.*)$/.exec(line) ?? [];
      if (name === undefined || name === 'lo') continue;
      const of = numbersOf(figures);
      now.received += of[0] ?? 0;
      now.sent += of[8] ?? 0;
    }
    const before = this.#network;
    this.#network = now;
    const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1000;
    if (before === undefined || seconds <= 0) return { received: 0, sent: 0 };
    // an interface that went took its count along
    const rate = (since: number): number => Math.max(0, Math.round(since / seconds));
    return { received: rate(now.received - before.received), sent: rate(now.sent - before.sent) };
  }
}

export const thisMachine: Machine = new LinuxMachine();

const numbersOf = (text = ''): number[] => (text.match(/\d+/g) ?? []).map(Number);

/** What comes in time; undefined when it does not, or fails. */
export async function soon<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), SENSOR_LIMIT_MS);
  });
  try {
    return await Promise.race([work.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
