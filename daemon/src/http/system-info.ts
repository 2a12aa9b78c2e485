import { statfs } from 'node:fs/promises';
import os from 'node:os';
import si from 'systeminformation';
import type { SystemInfo } from '../contract/index.js';
import { errorText } from '../platform/index.js';
import type { HttpContext } from './context.js';

/** Reading sensors can hang on broken hardware; the page does not. */
const SENSOR_TIMEOUT_MS = 2000;

let machine: Promise<{ cpuModel: string; os: string; kernel: string }> | undefined;

/** The machine and the engine. What cannot be told is null or empty; nothing here fails. */
export async function systemInfo(http: HttpContext): Promise<SystemInfo> {
  const { log, ports, recordingsFolder } = http;
  const noStatistics = (error: unknown): undefined => {
    log.debug({ err: error }, `no statistics of the engine: ${errorText(error)}`);
  };
  machine ??= readMachine();
  const [fixed, load, temperature, disk, engine] = await Promise.all([
    machine,
    soon(si.currentLoad()),
    soon(si.cpuTemperature()),
    statfs(recordingsFolder).catch(() => undefined),
    ports.engine.statistics().catch(noStatistics),
  ]);
  return {
    version: http.version,
    node: process.version,
    startedAt: http.startedAtMs,
    uptimeMs: Math.round(process.uptime() * 1000),
    host: {
      hostname: os.hostname(),
      ...fixed,
      cpus: os.cpus().length,
      loadPercent: Math.round((load?.currentLoad ?? 0) * 10) / 10,
      memoryBytes: os.totalmem(),
      memoryFreeBytes: os.freemem(),
      temperatureC: temperature?.main ?? null,
    },
    disk: disk === undefined ? null : { sizeBytes: disk.bsize * disk.blocks, freeBytes: disk.bsize * disk.bavail },
    recordings: ports.engine.recordingDisk(),
    tick: engine?.tick ?? null,
    counters: engine?.counters ?? [],
  };
}

async function readMachine(): Promise<{ cpuModel: string; os: string; kernel: string }> {
  const info = await soon(si.osInfo());
  return {
    cpuModel: os.cpus()[0]?.model.trim() ?? '',
    os: info === undefined ? os.type() : `${info.distro} ${info.release}`,
    kernel: os.release(),
  };
}

async function soon<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), SENSOR_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
