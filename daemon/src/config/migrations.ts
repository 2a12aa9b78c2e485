// The settings file changes its form only in steps. Step n turns version n into n + 1; it may rename, split and drop, and knows
// nothing of later versions. Released steps never change. The file as it was is kept beside it as settings.json.v<n>.
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync, copyFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../platform/index.js';
import { SETTINGS_VERSION } from './schema.js';

export type SettingsFile = Record<string, unknown>;
export type SettingsMigration = (settings: SettingsFile) => SettingsFile;

/** recordings.flushMs, of up to 2 s, has become recordings.syncMs, of up to 1.4 s. */
function syncInsteadOfFlush(settings: SettingsFile): SettingsFile {
  const recordings = settings['recordings'];
  if (typeof recordings !== 'object' || recordings === null || !('flushMs' in recordings)) return settings;
  const { flushMs, ...others } = recordings as Record<string, unknown>;
  const syncMs = typeof flushMs === 'number' ? Math.min(flushMs, 1400) : flushMs;
  return { ...settings, recordings: { ...others, syncMs } };
}

/** Version 3 adds `sip`, all of which has defaults: a program of version 2 would refuse it. */
function sipAdded(settings: SettingsFile): SettingsFile {
  return settings;
}

/** steps[0]: from version 1 to 2, and so on */
export const settingsMigrations: readonly SettingsMigration[] = [syncInsteadOfFlush, sipAdded];

export interface MigratedSettings {
  settings: SettingsFile;
  /** where the file as it was is kept; undefined: nothing changed */
  backup: string | undefined;
}

/** AppError settings_newer. Writes the file anew when a step was taken. */
export function migrateSettings(
  file: string,
  settings: SettingsFile,
  steps: readonly SettingsMigration[] = settingsMigrations,
  newest: number = SETTINGS_VERSION,
): MigratedSettings {
  const version = settings['version'] ?? 1;
  // Something else than a version is the schema's to refuse.
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) return { settings, backup: undefined };
  const backup = `${file}.v${version}`;
  if (version > newest) {
    throw new AppError('settings_newer', { file, version, known: newest, backup: `${file}.v${newest}` });
  }
  if (version === newest) return { settings, backup: undefined };

  let migrated = settings;
  for (let from = version; from < newest; from++) {
    const step = steps[from - 1];
    if (step === undefined) throw new Error(`the settings have no step from version ${from}`);
    migrated = { ...step(structuredClone(migrated)), version: from + 1 };
  }
  copyFileSync(file, backup);
  writeWhole(file, `${JSON.stringify(migrated, null, 2)}\n`);
  return { settings: migrated, backup };
}

/** Old or new after a power cut, never a part. */
export function writeWhole(file: string, text: string, mode = 0o600): void {
  const draft = `${file}.new`;
  writeFileSync(draft, text, { mode, flush: true });
  renameSync(draft, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
