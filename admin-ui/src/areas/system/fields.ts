import type { SettingValue } from '@cordboard/daemon/contract';

/** Settings as they stand on the page; `unit`: what one is in the file, of what is shown. */
export const GROUPS: readonly { name: string; paths: readonly string[] }[] = [
  { name: 'organisation', paths: ['organisation.name', 'language', 'timeZone', 'country'] },
  {
    name: 'service',
    paths: ['parkingMs', 'pickUpCode', 'agents.stationInUse', 'music.standard', 'flows.keepRecordingsDays'],
  },
  {
    name: 'sip',
    paths: [
      ...['sip.enabled', 'sip.host', 'sip.port', 'sip.tlsPort', 'sip.domain', 'sip.externalAddress'],
      ...['sip.rtpPorts.first', 'sip.rtpPorts.last', 'sip.callsPerHour'],
    ],
  },
  {
    name: 'phones',
    paths: [
      ...['phones.enabled', 'phones.url', 'phones.byMac', 'phones.windowMinutes', 'phones.username'],
      ...['phones.password', 'phones.ntpServer', 'phones.messagesNumber'],
    ],
  },
  {
    name: 'mail',
    paths: ['mail.host', 'mail.port', 'mail.tls', 'mail.username', 'mail.password', 'mail.from', 'mail.alarmsTo'],
  },
  {
    name: 'recordings',
    paths: ['recordings.encrypt', 'recordings.reserveMb', 'recordings.lowMb', 'recordings.giveUpOldest'],
  },
  { name: 'http', paths: ['http.host', 'http.port', 'http.tlsPort', 'http.allowedHosts', 'http.sessionMs'] },
  { name: 'firewall', paths: ['firewall.mode', 'firewall.webFrom', 'firewall.sshFrom'] },
  { name: 'lines', paths: ['virtual.spans', 'virtual.stations'] },
];

export const UNITS: Readonly<Record<string, number>> = { parkingMs: 1000, 'http.sessionMs': 3_600_000 };

/** of what is shown, in the file's own terms; undefined: not a value of this kind */
export function fromShown(
  path: string,
  shown: string | number | boolean,
  before: SettingValue | null,
): SettingValue | null {
  const unit = UNITS[path];
  if (typeof shown === 'number') return unit ? Math.round(shown * unit) : shown;
  if (typeof shown === 'boolean') return shown;
  if (Array.isArray(before))
    return shown
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  // an optional one that is emptied is not set any more
  return shown === '' && ['sip.externalAddress', 'sip.host', 'http.tlsPort'].includes(path) ? null : shown;
}

export function toShown(path: string, value: SettingValue | null): string | number | boolean {
  if (value === null) return '';
  if (Array.isArray(value)) return value.join('\n');
  return typeof value === 'number' ? value / (UNITS[path] ?? 1) : value;
}
