// What the machine tells of itself: load, memory, heat, network, disks.
import { stat, statfs } from 'node:fs/promises';
import os from 'node:os';
import si from 'systeminformation';

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

export const thisMachine: Machine = {
  async look() {
    const [load, temperature, network] = await Promise.all([
      soon(si.currentLoad()),
      soon(si.cpuTemperature()),
      soon(si.networkStats('*')),
    ]);
    const sum = (of: (one: si.Systeminformation.NetworkStatsData) => number): number =>
      Math.round((network ?? []).reduce((all, one) => all + Math.max(0, of(one) || 0), 0));
    return {
      cpuPercent: load?.currentLoad ?? 0,
      // what the system keeps of files is free for whoever needs it
      memoryPercent: 100 * (1 - process.availableMemory() / os.totalmem()),
      temperatureC: temperature?.main ?? null,
      receivedBytesPerS: sum((one) => one.rx_sec),
      sentBytesPerS: sum((one) => one.tx_sec),
    };
  },
  async disk(folder) {
    const found = await statfs(folder).catch(() => undefined);
    if (found === undefined) return undefined;
    return { sizeBytes: found.bsize * found.blocks, freeBytes: found.bsize * found.bavail };
  },
  fileBytes: async (file) => (await stat(file).catch(() => undefined))?.size ?? 0,
};

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
