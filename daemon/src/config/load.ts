// Reads all that is configured: the settings file, then the environment over it, then the country.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ErrorDetail, Language } from '../contract/index.js';
import { AppError, check, errorText, problemLine } from '../platform/index.js';
import { readAnalogs } from './analog.js';
import type { Config } from './config.js';
import { knownCountries, readCountry } from './country.js';
import { HOME_VARIABLE, readEnvironment } from './environment.js';
import { parseJsonText } from './json-text.js';
import { migrateSettings, type SettingsFile } from './migrations.js';
import { readE1s } from './r2.js';
import { SettingsSchema, type Settings } from './schema.js';

export interface LoadOptions {
  env?: NodeJS.ProcessEnv | undefined;
  /** wins over CORDBOARD_HOME */
  home?: string | undefined;
  /** default firmware-config/countries of this installation */
  countriesFolder?: string | undefined;
  /** default firmware-config/r2 of this installation */
  r2Folder?: string | undefined;
}

/** Beside daemon/ in the source tree and in an installation alike. */
const COUNTRIES = fileURLToPath(new URL('../../../firmware-config/countries', import.meta.url));

export const R2_PROTOCOLS = fileURLToPath(new URL('../../../firmware-config/r2', import.meta.url));

/** CORDBOARD_HOME, else the user's own: $XDG_DATA_HOME/cordboard or ~/.local/share/cordboard. */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env[HOME_VARIABLE];
  if (own !== undefined && own !== '') return resolve(own);
  const data = env['XDG_DATA_HOME'];
  return join(data !== undefined && isAbsolute(data) ? data : join(homedir(), '.local/share'), 'cordboard');
}

/**
 * Makes the home when it is not there. AppError settings_unreadable, settings_not_json (file, line, column), settings_invalid
 * (every problem, with the variable's name where it came from the environment), settings_newer, country_*, r2_protocol_*.
 */
export function loadConfig(options: LoadOptions = {}): Config {
  const env = options.env ?? process.env;
  const home = options.home === undefined ? homeFolder(env) : resolve(options.home);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const settings = readSettings(join(home, 'settings.json'), env);
  const { analog, ...country } = readCountry(settings.country, options.countriesFolder ?? COUNTRIES);
  return {
    settings,
    ...country,
    analogOf: readAnalogs(settings.analogs, analog),
    e1: readE1s(settings.e1, options.r2Folder ?? R2_PROTOCOLS),
    home,
    settingsFile: join(home, 'settings.json'),
    countries: knownCountries(options.countriesFolder ?? COUNTRIES),
    recordingsFolder: resolve(home, settings.recordings.folder),
    promptsFolder: resolve(home, settings.prompts.folder),
    databaseFile: resolve(home, settings.database.file),
    setupCodeFile: join(home, 'setup-code'),
    localTokenFile: join(home, 'local-token'),
    tlsFolder: join(home, 'tls'),
  };
}

/** AppError as loadConfig. */
export function readSettings(file: string, env: NodeJS.ProcessEnv): Settings {
  return checkSettings(readSettingsFile(file), env);
}

/** As they would be with this file, in this environment. AppError settings_invalid. */
export function checkSettings(file: SettingsFile, env: NodeJS.ProcessEnv): Settings {
  const fromEnvironment = readEnvironment(env);
  const merged = merge(file, fromEnvironment.settings);
  const checked = check(SettingsSchema, merged);
  const problems = (language: Language): ErrorDetail[] => [
    ...fromEnvironment.problems(language),
    ...(checked.ok ? [] : checked.problems(language)).map(({ path, message }) => ({
      path: fromEnvironment.origin.get(path) ?? path,
      message,
    })),
  ];
  if (!checked.ok || problems('en').length > 0) {
    const line = { en: problemLine(problems('en')), zh: problemLine(problems('zh-CN')) };
    throw new AppError('settings_invalid', { problems: line }, { details: problems });
  }
  return checked.value;
}

export function readSettingsFile(file: string): SettingsFile {
  if (!existsSync(file)) return {};
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new AppError('settings_unreadable', { file, reason: errorText(error) }, { cause: error });
  }
  const json = parseJsonText(text);
  if (!json.ok) throw new AppError('settings_not_json', { file, ...json.problem });
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) {
    const reason = { en: 'an object in braces must stand here', zh: '此处应为花括号中的对象' };
    throw new AppError('settings_not_json', { file, line: 1, column: 1, reason });
  }
  return migrateSettings(file, json.value as SettingsFile).settings;
}

/** `over` wins; objects are merged, everything else is replaced. */
function merge(under: SettingsFile, over: SettingsFile): SettingsFile {
  const result: SettingsFile = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isObject(below) && isObject(value) ? merge(below, value) : value;
  }
  return result;
}

function isObject(value: unknown): value is SettingsFile {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
