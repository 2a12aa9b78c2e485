// The settings as a page may change them: settings.json is written whole or not at all, after the schema has seen what the box
// would be with it; what the environment says stays the environment's.
import {
  VARIABLES,
  checkSettings,
  readEnvironment,
  readSettingsFile,
  writeWhole,
  SETTINGS_VERSION,
} from '../config/index.js';
import type { Settings, SettingsFile } from '../config/index.js';
import type { Setting, SettingsState, SettingValue } from '../contract/index.js';
import { AppError } from '../platform/index.js';

/** What may be changed here. `live`: holds at once; the rest at the next start. */
export const EDITABLE: Readonly<Record<string, { secret?: boolean; live?: boolean }>> = {
  'organisation.name': { live: true },
  language: {},
  timeZone: {},
  country: {},
  'http.host': {},
  'http.port': {},
  'http.tlsPort': {},
  'http.allowedHosts': {},
  'http.sessionMs': {},
  'virtual.spans': {},
  'virtual.stations': {},
  'sip.enabled': {},
  'sip.host': {},
  'sip.port': {},
  'sip.tlsPort': {},
  'sip.domain': {},
  'sip.externalAddress': {},
  'sip.rtpPorts.first': {},
  'sip.rtpPorts.last': {},
  'sip.callsPerHour': {},
  'firewall.mode': {},
  'firewall.webFrom': {},
  'firewall.sshFrom': {},
  'recordings.encrypt': {},
  'recordings.reserveMb': {},
  'recordings.lowMb': {},
  'recordings.giveUpOldest': {},
  'mail.host': { live: true },
  'mail.port': { live: true },
  'mail.tls': { live: true },
  'mail.username': { live: true },
  'mail.password': { secret: true, live: true },
  'mail.from': { live: true },
  'mail.alarmsTo': { live: true },
  'phones.enabled': { live: true },
  'phones.url': { live: true },
  'phones.byMac': { live: true },
  'phones.windowMinutes': { live: true },
  'phones.username': { live: true },
  'phones.password': { secret: true, live: true },
  'phones.ntpServer': { live: true },
  'phones.messagesNumber': { live: true },
  pickUpCode: { live: true },
  parkingMs: { live: true },
  'agents.stationInUse': { live: true },
  'music.standard': { live: true },
  'flows.keepRecordingsDays': { live: true },
  'log.level': {},
};

/** What pages write as a whole. */
const PARTS = ['boards', 'e1', 'analogs', 'linkSets'] as const;
type Part = (typeof PARTS)[number];

export interface SettingsDeskOptions {
  /** settings.json */
  file: string;
  env: NodeJS.ProcessEnv;
  countries: readonly string[];
  canRestart: boolean;
  /** of the box as it runs: what holds at once is written into it, and read there when it is needed */
  running?: object | undefined;
  /** some of what holds at once is another now */
  changed?: (() => void) | undefined;
}

export class SettingsDesk {
  readonly #options: SettingsDeskOptions;
  /** as the box was started */
  readonly #started: unknown;

  constructor(options: SettingsDeskOptions) {
    this.#options = options;
    this.#started = this.#now();
  }

  list(): SettingsState {
    const { file, env, countries, canRestart } = this.#options;
    const written = readSettingsFile(file);
    const { origin } = readEnvironment(env);
    const now = checkSettings(written, env);
    const settings = Object.entries(EDITABLE).map(([path, { secret = false, live = false }]): Setting => {
      const value = at(now, path) as SettingValue | undefined;
      const variable = origin.get(path) ?? null;
      return {
        path,
        value: secret ? null : (value ?? null),
        secret,
        isSet: value !== undefined && value !== '',
        source: variable !== null ? 'environment' : at(written, path) !== undefined ? 'file' : 'default',
        variable,
        live,
        pending: !live && !same(value, at(this.#started, path)),
      };
    });
    const restartNeeded = settings.some(({ pending }) => pending) || this.pending(PARTS);
    return { settings, restartNeeded, canRestart, countries: [...countries] };
  }

  /** Whole parts of the file, as they would be with it; nothing is written. settings_invalid. */
  tried(parts: Readonly<Partial<Record<Part, unknown>>>): Settings {
    return checkSettings({ ...readSettingsFile(this.#options.file), ...parts }, this.#options.env);
  }

  /** settings_invalid: nothing is written then. They hold at the next start. */
  replace(parts: Readonly<Partial<Record<Part, unknown>>>): Settings {
    const { file } = this.#options;
    const now = this.tried(parts);
    const draft = { ...readSettingsFile(file), ...parts, version: SETTINGS_VERSION };
    writeWhole(file, `${JSON.stringify(draft, null, 2)}\n`);
    return now;
  }

  /** Is one of these another than when the box was started? */
  pending(parts: readonly Part[]): boolean {
    const now = this.#now();
    return parts.some((part) => !same(at(now, part), at(this.#started, part)));
  }

  /** setting_not_known, setting_locked, settings_invalid: nothing is written then. Gives the paths that are others now. */
  change(changes: Readonly<Record<string, SettingValue | null>>): string[] {
    const { file, env } = this.#options;
    const { origin } = readEnvironment(env);
    const draft: SettingsFile = structuredClone(readSettingsFile(file));
    const changed: string[] = [];
    for (const [path, value] of Object.entries(changes)) {
      if (EDITABLE[path] === undefined) throw new AppError('setting_not_known', { path });
      const variable = origin.get(path);
      if (variable !== undefined) throw new AppError('setting_locked', { path, variable });
      if (same(at(draft, path), value ?? undefined)) continue;
      put(draft, path.split('.'), value);
      changed.push(path);
    }
    if (changed.length === 0) return [];
    const now = checkSettings(draft, env);
    writeWhole(file, `${JSON.stringify({ ...draft, version: SETTINGS_VERSION }, null, 2)}\n`);
    this.#take(
      now,
      changed.filter((path) => EDITABLE[path]?.live === true),
    );
    return changed;
  }

  #take(now: unknown, paths: readonly string[]): void {
    const { running, changed } = this.#options;
    if (running === undefined || paths.length === 0) return;
    for (const path of paths) set(running, path.split('.'), at(now, path));
    changed?.();
  }

  #now(): Settings {
    return checkSettings(readSettingsFile(this.#options.file), this.#options.env);
  }
}

/** Every setting that a variable stands for can be locked by it; for tests. */
export const LOCKABLE = new Set(Object.values(VARIABLES).map(({ setting }) => setting.join('.')));

function at(tree: unknown, path: string): unknown {
  let value = tree;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function set(tree: object, [key, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined) return;
  const owner = tree as Record<string, unknown>;
  if (rest.length === 0) owner[key] = value;
  else if (typeof owner[key] === 'object' && owner[key] !== null) set(owner[key], rest, value);
}

/** null takes it away, and what has become empty by that. */
function put(tree: SettingsFile, path: readonly string[], value: SettingValue | null): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    if (value === null) delete tree[key];
    else tree[key] = value;
    return;
  }
  const inner = (tree[key] ??= {}) as SettingsFile;
  put(inner, rest, value);
  if (Object.keys(inner).length === 0) delete tree[key];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
