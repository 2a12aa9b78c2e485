// What the machine has of network: its wired ports, their addresses, its name and its time zone.
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { NetworkPortName, NetworkSettings, type NetworkFound } from '../contract/index.js';
import { BY_DHCP, HOSTNAME, LOCALTIME, ZONES } from './plan.js';

/** As they were kept last; readable by the box, written by root alone. */
export const KEPT_SETTINGS = '/var/lib/cordboard-network/settings.json';

/** ARPHRD_ETHER of the kernel */
const ETHERNET = '1';

export type Addresses = () => Record<string, readonly { cidr: string | null; internal: boolean }[] | undefined>;

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    // a port without a link has no speed to read
    return '';
  }
};

/** `root`: where /sys begins. Bridges, tunnels and the like are nobody's cable and left out. */
export function findPorts(root: string, addresses: Addresses = networkInterfaces): NetworkFound[] {
  const folder = join(root, 'sys/class/net');
  if (!existsSync(folder)) return [];
  const all = addresses();
  return readdirSync(folder)
    .filter((port) => NetworkPortName.safeParse(port).success && read(join(folder, port, 'type')) === ETHERNET)
    .filter((port) => existsSync(join(folder, port, 'device')))
    .sort()
    .map((port) => {
      const speed = Number(read(join(folder, port, 'speed')) || '-1');
      return {
        port,
        mac: read(join(folder, port, 'address')),
        link: read(join(folder, port, 'carrier')) === '1',
        speedMbit: speed > 0 ? speed : null,
        addresses: (all[port] ?? []).flatMap(({ cidr }) => (cidr === null || cidr.startsWith('fe80:') ? [] : [cidr])),
      };
    });
}

/** What is in force: as it was kept last, or, on a box that nobody has set up, every port by DHCP. */
export function networkInForce(root: string, found: readonly NetworkFound[]): NetworkSettings {
  const kept = keptSettings(join(root, KEPT_SETTINGS));
  const name = read(join(root, HOSTNAME)) || hostname();
  const plain = NetworkSettings.shape.hostName.safeParse(name.toLowerCase().replace(/\..*$/, ''));
  const base = kept ?? { hostName: plain.data ?? 'cordboard', ports: [], timeZone: zoneOf(root), ntpServers: [] };
  // A port that came later asks for its address, as the image has it.
  const others = found
    .filter(({ port }) => !base.ports.some((one) => one.port === port))
    .map(({ port }) => ({ port, ...BY_DHCP }));
  return { ...base, ports: [...base.ports, ...others] };
}

function keptSettings(file: string): NetworkSettings | undefined {
  try {
    return NetworkSettings.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function zoneOf(root: string): string {
  try {
    const [, zone] = readlinkSync(join(root, LOCALTIME)).split(`${ZONES}/`);
    return zone ?? 'Etc/UTC';
  } catch {
    return 'Etc/UTC';
  }
}
