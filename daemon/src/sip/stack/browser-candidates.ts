// Where a browser may reach our sound: within the house by the addresses of this machine, outside by what the router in front is told.
// ICE finds out which of them does; the nearest is tried first, so that nobody in the house goes by the router.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { addressFamily } from '../locate/index.js';

/** A browser tries each with each of its own. */
const MOST = 8;

export interface BrowserCandidatesOptions {
  /** that our sockets are bound to */
  host: string;
  externalAddress?: string | undefined;
}

/** `nearest`: of ours, that packets to the browser leave from; undefined: there is no way to it. */
export function browserCandidates(
  { host, externalAddress }: BrowserCandidatesOptions,
  nearest: string | undefined,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string[] {
  const takes = (address: string): boolean => {
    if (host === '::') return true;
    return host === '0.0.0.0' ? addressFamily(address) === 4 : address === host;
  };
  const ours = Object.values(interfaces)
    .flatMap((all) => all ?? [])
    // An address of a link is good on that link alone, and a browser is not told which.
    .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
    .map(({ address }) => address);
  const inside = [...(nearest === undefined ? [] : [nearest]), ...ours].filter(takes);
  const most = MOST - (externalAddress === undefined ? 0 : 1);
  return [
    ...new Set([...[...new Set(inside)].slice(0, most), ...(externalAddress === undefined ? [] : [externalAddress])]),
  ];
}
