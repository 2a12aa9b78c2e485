import type { Country } from '@cordboard/native';
import type { AnalogChoices } from './analog.js';
import type { Numbering } from './numbering.js';
import type { SpanSignallingConfig } from './r2.js';
import type { Settings } from './schema.js';

/** All that is configured, once read and checked; folders are absolute. */
export interface Config {
  readonly settings: Settings;
  readonly country: Country;
  readonly numbering: Numbering;
  /** by number of the E1; those that are not named are ISDN primary rate */
  readonly e1: ReadonlyMap<number, SpanSignallingConfig>;
  /** what an analog port is set to, by its number and the country */
  readonly analogOf: (analog: number) => AnalogChoices;
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
