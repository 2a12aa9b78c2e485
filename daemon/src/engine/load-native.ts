// The only place that loads the addon. It is loaded when an engine is made, not when this file is imported, so that
// everything else runs without it.
import { createRequire } from 'node:module';
import type { EngineConfig } from '@cordboard/native';
import { AppError, errorText, type Log } from '../platform/index.js';
import { NativeEngineClient, type EngineClient, type RawEngineConstructor } from './engine-client.js';

const require = createRequire(import.meta.url);

/** Makes an engine and starts it. Throws engine_refused with the reason, also when the addon is not built. */
export function createEngine(config: EngineConfig, log: Log): EngineClient {
  let addon: { Engine: RawEngineConstructor };
  try {
    addon = require('@cordboard/native') as { Engine: RawEngineConstructor };
  } catch (error) {
    throw new AppError('engine_refused', { command: 'engine.load', reason: errorText(error) }, { cause: error });
  }
  return new NativeEngineClient(addon.Engine, config, log);
}
