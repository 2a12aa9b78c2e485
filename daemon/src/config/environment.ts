// The environment wins over the settings file. Each variable stands for one setting; one that begins with CORDBOARD_ and is
// not in the table is refused, because a typing error would otherwise go unnoticed for months.
import type { ErrorDetail, Language } from '../contract/index.js';
import { nearest, unknownKey } from '../platform/index.js';

interface Variable {
  setting: readonly string[];
  /** a second one that gets the same */
  also?: readonly string[];
  kind: 'text' | 'number' | 'boolean' | 'list' | 'range';
}

/** In this order: what stands later wins over what stands before. */
export const VARIABLES: Readonly<Record<string, Variable>> = {
  CORDBOARD_BIND: { setting: ['http', 'host'], also: ['sip', 'host'], kind: 'text' },
  CORDBOARD_HTTP_HOST: { setting: ['http', 'host'], kind: 'text' },
  CORDBOARD_HTTP_PORT: { setting: ['http', 'port'], kind: 'number' },
  CORDBOARD_HTTP_ALLOWED_HOSTS: { setting: ['http', 'allowedHosts'], kind: 'list' },
  CORDBOARD_HTTP_SESSION_MS: { setting: ['http', 'sessionMs'], kind: 'number' },
  CORDBOARD_LOG_LEVEL: { setting: ['log', 'level'], kind: 'text' },
  CORDBOARD_LANGUAGE: { setting: ['language'], kind: 'text' },
  CORDBOARD_ORGANISATION_NAME: { setting: ['organisation', 'name'], kind: 'text' },
  CORDBOARD_COUNTRY: { setting: ['country'], kind: 'text' },
  CORDBOARD_TIME_ZONE: { setting: ['timeZone'], kind: 'text' },
  CORDBOARD_PARKING_MS: { setting: ['parkingMs'], kind: 'number' },
  CORDBOARD_PICK_UP_CODE: { setting: ['pickUpCode'], kind: 'text' },
  CORDBOARD_AGENTS_STATION_IN_USE: { setting: ['agents', 'stationInUse'], kind: 'text' },
  CORDBOARD_VIRTUAL_SPANS: { setting: ['virtual', 'spans'], kind: 'number' },
  CORDBOARD_VIRTUAL_LINES: { setting: ['virtual', 'lines'], kind: 'number' },
  CORDBOARD_VIRTUAL_STATIONS: { setting: ['virtual', 'stations'], kind: 'number' },
  CORDBOARD_RECORDINGS_FOLDER: { setting: ['recordings', 'folder'], kind: 'text' },
  CORDBOARD_RECORDINGS_SYNC_MS: { setting: ['recordings', 'syncMs'], kind: 'number' },
  CORDBOARD_RECORDINGS_RESERVE_MB: { setting: ['recordings', 'reserveMb'], kind: 'number' },
  CORDBOARD_RECORDINGS_JOURNAL_MB: { setting: ['recordings', 'journalMb'], kind: 'number' },
  CORDBOARD_RECORDINGS_ENCRYPT: { setting: ['recordings', 'encrypt'], kind: 'boolean' },
  CORDBOARD_RECORDINGS_ENCRYPT_AFTER_MS: { setting: ['recordings', 'encryptAfterMs'], kind: 'number' },
  CORDBOARD_RECORDINGS_LOW_MB: { setting: ['recordings', 'lowMb'], kind: 'number' },
  CORDBOARD_RECORDINGS_GIVE_UP_OLDEST: { setting: ['recordings', 'giveUpOldest'], kind: 'boolean' },
  CORDBOARD_MAIL_HOST: { setting: ['mail', 'host'], kind: 'text' },
  CORDBOARD_MAIL_PORT: { setting: ['mail', 'port'], kind: 'number' },
  CORDBOARD_MAIL_TLS: { setting: ['mail', 'tls'], kind: 'text' },
  CORDBOARD_MAIL_USERNAME: { setting: ['mail', 'username'], kind: 'text' },
  CORDBOARD_MAIL_PASSWORD: { setting: ['mail', 'password'], kind: 'text' },
  CORDBOARD_MAIL_FROM: { setting: ['mail', 'from'], kind: 'text' },
  CORDBOARD_MAIL_ALARMS_TO: { setting: ['mail', 'alarmsTo'], kind: 'text' },
  CORDBOARD_MAIL_CA_FILE: { setting: ['mail', 'caFile'], kind: 'text' },
  CORDBOARD_MUSIC_STANDARD: { setting: ['music', 'standard'], kind: 'text' },
  CORDBOARD_PROMPTS_FOLDER: { setting: ['prompts', 'folder'], kind: 'text' },
  CORDBOARD_DATABASE_FILE: { setting: ['database', 'file'], kind: 'text' },
  CORDBOARD_FLOWS_KEEP_RECORDINGS_DAYS: { setting: ['flows', 'keepRecordingsDays'], kind: 'number' },
  CORDBOARD_SIP_ENABLED: { setting: ['sip', 'enabled'], kind: 'boolean' },
  CORDBOARD_SIP_HOST: { setting: ['sip', 'host'], kind: 'text' },
  CORDBOARD_SIP_PORT: { setting: ['sip', 'port'], kind: 'number' },
  CORDBOARD_SIPS_PORT: { setting: ['sip', 'tlsPort'], kind: 'number' },
  CORDBOARD_HTTPS_PORT: { setting: ['http', 'tlsPort'], kind: 'number' },
  CORDBOARD_SIP_WS_PORT: { setting: ['sip', 'wsPort'], kind: 'number' },
  CORDBOARD_SIP_WSS_PORT: { setting: ['sip', 'wssPort'], kind: 'number' },
  CORDBOARD_SIP_WEBRTC_PORT: { setting: ['sip', 'webrtcPort'], kind: 'number' },
  CORDBOARD_SIP_TURN_URLS: { setting: ['sip', 'turnUrls'], kind: 'list' },
  CORDBOARD_SIP_TURN_SECRET: { setting: ['sip', 'turnSecret'], kind: 'text' },
  CORDBOARD_SIP_DOMAIN: { setting: ['sip', 'domain'], kind: 'text' },
  CORDBOARD_SIP_EXTERNAL_ADDRESS: { setting: ['sip', 'externalAddress'], kind: 'text' },
  CORDBOARD_SIP_TRUSTED: { setting: ['sip', 'trusted'], kind: 'list' },
  CORDBOARD_SIP_CALLS_PER_HOUR: { setting: ['sip', 'callsPerHour'], kind: 'number' },
  CORDBOARD_SIP_DSCP: { setting: ['sip', 'dscp'], kind: 'number' },
  CORDBOARD_SIP_MAX_STREAMS: { setting: ['sip', 'maxStreams'], kind: 'number' },
  CORDBOARD_SIP_THREADS: { setting: ['sip', 'threads'], kind: 'number' },
  CORDBOARD_RTP_PORTS: { setting: ['sip', 'rtpPorts'], kind: 'range' },
  CORDBOARD_FIREWALL_MODE: { setting: ['firewall', 'mode'], kind: 'text' },
  CORDBOARD_FIREWALL_WEB_FROM: { setting: ['firewall', 'webFrom'], kind: 'list' },
  CORDBOARD_FIREWALL_SSH_FROM: { setting: ['firewall', 'sshFrom'], kind: 'list' },
  CORDBOARD_PHONES_ENABLED: { setting: ['phones', 'enabled'], kind: 'boolean' },
  CORDBOARD_PHONES_URL: { setting: ['phones', 'url'], kind: 'text' },
  CORDBOARD_PHONES_BY_MAC: { setting: ['phones', 'byMac'], kind: 'boolean' },
  CORDBOARD_PHONES_WINDOW_MINUTES: { setting: ['phones', 'windowMinutes'], kind: 'number' },
  CORDBOARD_PHONES_USERNAME: { setting: ['phones', 'username'], kind: 'text' },
  CORDBOARD_PHONES_PASSWORD: { setting: ['phones', 'password'], kind: 'text' },
  CORDBOARD_PHONES_NTP_SERVER: { setting: ['phones', 'ntpServer'], kind: 'text' },
  CORDBOARD_PHONES_MESSAGES_NUMBER: { setting: ['phones', 'messagesNumber'], kind: 'text' },
  CORDBOARD_ENGINE_REALTIME: { setting: ['engine', 'realtime'], kind: 'boolean' },
  CORDBOARD_ENGINE_ANNOUNCERS: { setting: ['engine', 'announcers'], kind: 'number' },
  CORDBOARD_ENGINE_MEDIA_THREADS: { setting: ['engine', 'mediaThreads'], kind: 'number' },
  CORDBOARD_ENGINE_CLIP_CACHE_MB: { setting: ['engine', 'clipCacheMb'], kind: 'number' },
};

const PREFIX = 'CORDBOARD_';

/** Where the home is; read before the settings. */
export const HOME_VARIABLE = 'CORDBOARD_HOME';

/** Of the project's own tools, which may start the daemon in the same environment. */
const OF_OTHERS = new Set(['CORDBOARD_PACKAGES', 'CORDBOARD_FUZZ', 'CORDBOARD_BOX']);

export interface EnvironmentResult {
  /** in the form of the settings file */
  settings: Record<string, unknown>;
  /** for a setting's path, the variable it came from */
  origin: Map<string, string>;
  problems: (language: Language) => ErrorDetail[];
}

export function readEnvironment(env: NodeJS.ProcessEnv): EnvironmentResult {
  const settings: Record<string, unknown> = {};
  const origin = new Map<string, string>();
  for (const [name, { setting, also, kind }] of Object.entries(VARIABLES)) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    for (const path of also === undefined ? [setting] : [setting, also]) {
      put(settings, path, convert(text, kind));
      origin.set(path.join('.'), name);
      if (kind === 'range') for (const end of ['first', 'last']) origin.set([...path, end].join('.'), name);
    }
  }
  const unknown = Object.keys(env).filter(
    (name) =>
      name.startsWith(PREFIX) && name !== HOME_VARIABLE && !OF_OTHERS.has(name) && VARIABLES[name] === undefined,
  );
  const problems = (language: Language): ErrorDetail[] =>
    unknown.sort().map((name) => ({ path: name, message: unknownKey(nearVariable(name), language) }));
  return { settings, origin, problems };
}

/** Compared without what they all begin with, else everything would be near. */
function nearVariable(name: string): string | undefined {
  const short = (one: string): string => one.slice(PREFIX.length);
  const near = nearest(short(name), [...Object.keys(VARIABLES), HOME_VARIABLE].map(short));
  return near === undefined ? undefined : PREFIX + near;
}

/** What cannot be converted stays text, and the schema says what it must be. */
function convert(text: string, kind: Variable['kind']): unknown {
  switch (kind) {
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
    case 'list':
      return text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '');
    case 'range': {
      const ends = /^(\d{1,5})-(\d{1,5})$/.exec(text);
      return ends === null ? text : { first: Number(ends[1]), last: Number(ends[2]) };
    }
    case 'text':
      return text;
  }
}

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path;
  if (first === undefined) return;
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = (target[first] ??= {}) as Record<string, unknown>;
  put(inner, rest, value);
}
