// Who measures: the box that runs on this machine, or an engine that is started for it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DiagnosticInventory, DiagnosticRigInput, DiagnosticRun, Language } from '../contract/index.js';
import { DiagnosticRig } from '../contract/index.js';
import { loadConfig, homeFolder } from '../config/index.js';
import { DiagnosticsService, EngineClaims } from '../diagnostics/index.js';
import { createEngine, engineConfig } from '../engine/index.js';
import { version } from '../main/folders.js';
import { silentLog, systemClock } from '../platform/index.js';
import { LocalApi } from './local-api.js';

export interface DiagTarget {
  inventory(): Promise<DiagnosticInventory>;
  begin(rig: DiagnosticRigInput): Promise<DiagnosticRun>;
  run(): Promise<DiagnosticRun | null>;
  continue(step: number, done: boolean): Promise<void>;
  cancel(): Promise<void>;
  file(id: string, format: 'json' | 'pdf'): Promise<Buffer>;
  close(): Promise<void>;
}

export function boxTarget(home: string | undefined): DiagTarget {
  const api = new LocalApi(home);
  return {
    inventory: () => api.request('GET', '/diagnostics/inventory'),
    begin: (rig) => api.request('POST', '/diagnostics/run', rig),
    run: () => api.request('GET', '/diagnostics/run'),
    continue: (step, done) => api.request('POST', '/diagnostics/run/continue', { step, done }),
    cancel: () => api.request('DELETE', '/diagnostics/run'),
    file: (id, format) => api.download(`/diagnostics/reports/${id}?format=${format}`),
    close: () => Promise.resolve(),
  };
}

/** Only an engine, without calls, pages and database: for a rig, and for a machine that has room for nothing else. */
export async function aloneTarget(home: string | undefined, language: Language): Promise<DiagTarget> {
  const config = loadConfig({ home: home ?? homeFolder(), env: process.env });
  mkdirSync(config.recordingsFolder, { recursive: true });
  const engine = createEngine(engineConfig(config), silentLog);
  const claims = new EngineClaims(engine, silentLog);
  const service = new DiagnosticsService({
    ...{ engine, claims, clock: systemClock, log: silentLog, version: version() },
    folder: join(config.home, 'diagnostics'),
    keyFile: join(config.home, 'keys', 'diagnostics.pem'),
  });
  await service.start();
  return {
    inventory: () => service.inventory(),
    begin: (rig) => service.begin(DiagnosticRig.parse(rig)),
    run: () => service.run(),
    continue: (step, done) => Promise.resolve(service.continue(step, done)),
    cancel: () => service.cancel(),
    file: async (id, format) => (await service.file(id, format, language)).bytes,
    async close() {
      await service.stop();
      await engine.close();
    },
  };
}
