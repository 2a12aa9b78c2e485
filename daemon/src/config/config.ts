import type { Country } from '@cordboard/native';
import type { Numbering } from './numbering.js';
import type { Settings } from './schema.js';

/** All that is configured, once read and checked; folders are absolute. */
export interface Config {
  readonly settings: Settings;
  readonly country: Country;
  readonly numbering: Numbering;
  readonly home: string;
  readonly settingsFile: string;
  /** codes of those that may be chosen */
  readonly countries: readonly string[];
  readonly recordingsFolder: string;
  /** where a box's own prompts are: <folder>/<language>/<name>.wav */
  readonly promptsFolder: string;
  readonly databaseFile: string;
  readonly setupCodeFile: string;
  readonly localTokenFile: string;
  /** key and certificate of SIP over TLS (tls-files.ts) */
  readonly tlsFolder: string;
}
