// Which files make the machine's network, name and time what the settings say: for systemd-networkd (systemd.network(5)), systemd-timesyncd
// (timesyncd.conf(5)), hostname(5), hosts(5) and localtime(5). Pure: what is there is given, what is to be is told.
import type { NetworkPort, NetworkSettings } from '../contract/index.js';

/** null: the file goes; a link where its target is told */
export type PlannedFile = { path: string; text: string | null } | { path: string; link: string };

export const NETWORK_FOLDER = '/etc/systemd/network';
const OURS = /^10-cordboard-[A-Za-z0-9_-]+\.network$/;
/** of the console of earlier versions */
const OF_CONSOLE = '10-console.network';
export const HOSTNAME = '/etc/hostname';
const HOSTS = '/etc/hosts';
const TIMESYNC = '/etc/systemd/timesyncd.conf.d/cordboard.conf';
const TIMEZONE = '/etc/timezone';
export const LOCALTIME = '/etc/localtime';
export const ZONES = '/usr/share/zoneinfo';

/** What a port is that nobody has set up. */
export const BY_DHCP = { mode: 'dhcp' as const, address: '', gateway: '', dns: [] };

const HEAD = '# Written by Cordboard as the page of the network has it; changes here are lost.\n';

export interface Present {
  /** names of NETWORK_FOLDER */
  networkFiles: readonly string[];
  hosts: string;
}

export function planNetwork(settings: NetworkSettings, present: Present): PlannedFile[] {
  const { ports, hostName, timeZone, ntpServers } = settings;
  const wanted = ports.map((port) => ({ path: `${NETWORK_FOLDER}/${fileOf(port.port)}`, text: networkText(port) }));
  const gone = present.networkFiles
    .filter((name) => (OURS.test(name) || name === OF_CONSOLE) && !ports.some(({ port }) => fileOf(port) === name))
    .map((name) => ({ path: `${NETWORK_FOLDER}/${name}`, text: null }));
  return [
    ...wanted,
    ...gone,
    { path: HOSTNAME, text: `${hostName}\n` },
    { path: HOSTS, text: hostsText(present.hosts, hostName) },
    { path: TIMESYNC, text: ntpServers.length === 0 ? null : `${HEAD}[Time]\nNTP=${ntpServers.join(' ')}\n` },
    { path: TIMEZONE, text: `${timeZone}\n` },
    { path: LOCALTIME, link: `..${ZONES}/${timeZone}` },
  ];
}

const fileOf = (port: string): string => `10-cordboard-${port}.network`;

export function networkText({ port, mode, address, gateway, dns }: NetworkPort): string {
  const lines = ['[Match]', `Name=${port}`, '', '[Network]', 'LinkLocalAddressing=yes', 'IPv6AcceptRA=yes'];
  for (const server of dns) lines.push(`DNS=${server}`);
  if (mode === 'dhcp') {
    lines.push('DHCP=yes', '', '[DHCPv4]', 'UseDomains=yes');
    if (dns.length > 0) lines.push('UseDNS=no', '', '[DHCPv6]', 'UseDNS=no');
  } else {
    lines.push(`Address=${address}`);
    if (gateway !== '') lines.push(`Gateway=${gateway}`);
    // The address is there while the cable is out: services that listen on it start all the same.
    lines.push('ConfigureWithoutCarrier=yes');
  }
  return `${HEAD}${lines.join('\n')}\n`;
}

/** Debian has the machine's own name at 127.0.1.1; all other lines stay. */
function hostsText(text: string, hostName: string): string {
  const line = `127.0.1.1 ${hostName}`;
  const lines = text.split('\n').filter((one) => !/^127\.0\.1\.1\s/.test(one));
  const at = lines.findIndex((one) => /^127\.0\.0\.1\s/.test(one));
  lines.splice(at + 1, 0, line);
  return `${lines.join('\n').replace(/\n+$/, '')}\n`;
}
