import type { NetworkPort, NetworkSettings } from '@cordboard/daemon/contract';

export interface PortDraft extends Omit<NetworkPort, 'dns'> {
  /** as it is typed */
  dns: string;
}

/** The settings as they are typed: lists are words with spaces between them. */
export interface NetworkDraft {
  hostName: string;
  timeZone: string;
  ntpServers: string;
  ports: PortDraft[];
}

const words = (text: string): string[] => text.split(/[\s,，]+/).filter(Boolean);

export function draftOf({ hostName, timeZone, ntpServers, ports }: NetworkSettings): NetworkDraft {
  return {
    ...{ hostName, timeZone, ntpServers: ntpServers.join(' ') },
    ports: ports.map((port) => ({ ...port, dns: port.dns.join(' ') })),
  };
}

export function settingsOf({ hostName, timeZone, ntpServers, ports }: NetworkDraft): NetworkSettings {
  return {
    ...{ hostName: hostName.trim(), timeZone, ntpServers: words(ntpServers) },
    ports: ports.map(({ port, mode, address, gateway, dns }) => ({
      ...{ port, mode, dns: words(dns) },
      // what was typed for the other way is not kept
      ...(mode === 'fixed' ? { address: address.trim(), gateway: gateway.trim() } : { address: '', gateway: '' }),
    })),
  };
}

export const same = (one: NetworkSettings, other: NetworkSettings): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** The first fixed address that was not there before, as a browser has it; undefined: the network gives it. */
export function newAddress(before: NetworkSettings, after: NetworkSettings): string | undefined {
  const known = new Set(before.ports.map(({ address }) => address));
  const found = after.ports.find(({ mode, address }) => mode === 'fixed' && !known.has(address));
  const plain = found?.address.split('/')[0];
  return plain?.includes(':') ? `[${plain}]` : plain;
}

/** Whether the network gives an address where one was fixed: nobody knows it before. */
export const askedOfNetwork = (before: NetworkSettings, after: NetworkSettings): boolean =>
  after.ports.some(
    ({ port, mode }) => mode === 'dhcp' && before.ports.some((then) => then.port === port && then.mode === 'fixed'),
  );

/** Whether addresses change: only then anybody has to confirm. */
export const readdressed = (before: NetworkSettings, after: NetworkSettings): boolean =>
  JSON.stringify(before.ports) !== JSON.stringify(after.ports);

/** Where the page at the new address is opened with the code that confirms it. */
export const CONFIRM_QUERY = 'network';
export function confirmLink(host: string, code: string, { protocol, port } = window.location): string {
  return `${protocol}//${host}${port === '' ? '' : `:${port}`}/?${CONFIRM_QUERY}=${code}`;
}
