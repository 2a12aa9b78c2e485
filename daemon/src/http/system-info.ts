import { statfs } from 'node:fs/promises';
import os from 'node:os';
import type { SystemInfo } from '../contract/index.js';
import { LinuxMachine, soon } from '../health/index.js';
import { errorText } from '../platform/index.js';
import type { HttpContext } from './context.js';

/** Its load is since the page was asked for last. */
const host = new LinuxMachine();

let machine: Promise<{ cpuModel: string; os: string; kernel: string }> | undefined;

/** The machine and the engine. What cannot be told is null or empty; nothing here fails. */
export async function systemInfo(http: HttpContext): Promise<SystemInfo> {
  const { log, ports, recordingsFolder } = http;
  const noStatistics = (error: unknown): undefined => {
    log.debug({ err: error }, `no statistics of the engine: ${errorText(error)}`);
  };
  machine ??= readMachine();
  const [fixed, look, disk, engine] = await Promise.all([
    machine,
    host.look(),
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
      loadPercent: Math.round(look.cpuPercent * 10) / 10,
      memoryBytes: os.totalmem(),
      memoryFreeBytes: os.freemem(),
      temperatureC: look.temperatureC,
    },
    disk: disk === undefined ? null : { sizeBytes: disk.bsize * disk.blocks, freeBytes: disk.bsize * disk.bavail },
    recordings: ports.engine.recordingDisk(),
    tick: engine?.tick ?? null,
    counters: engine?.counters ?? [],
  };
}

async function readMachine(): Promise<{ cpuModel: string; os: string; kernel: string }> {
  // It asks programs, and is itself as long in loading as much else: nobody waits for it who does not look at the page.
  const info = await soon(import('systeminformation').then(({ default: si }) => si.osInfo()));
  return {
    cpuModel: os.cpus()[0]?.model.trim() ?? '',
    os: info === undefined ? os.type() : `${info.distro} ${info.release}`,
    kernel: os.release(),
  };
}
