// A box for real SIP peers. It is the compiled one: the stack's thread loads compiled files.
import { createHash, randomInt } from 'node:crypto';
import { startBox as startCompiledBox } from '../../daemon/dist/main.js';
import type { Box } from '../../daemon/src/main.js';
import type { SipStationRow, TrunkRow } from '../../daemon/src/db/index.js';
import type { TrunkHost } from '../../daemon/src/contract/index.js';
import { startTestBox, waitFor, type Ending, type TestBoxOptions } from './box.js';
import { freePort } from './free-ports.js';
import { sipStationRow, trunkRow } from './db-rows.js';

/** Of every box of the tests. */
export const DOMAIN = 'cordboard';

export interface SipBox extends Box {
  /** where it listens */
  readonly sipPort: number;
  readonly sipsPort: number;
}

export async function startSipBox(options: TestBoxOptions = {}, ending?: Ending): Promise<SipBox> {
  const first = 2 * randomInt(5000, 9500);
  const rtp = { CORDBOARD_RTP_PORTS: `${first}-${first + 999}` };
  const env = { CORDBOARD_SIP_PORT: String(await freePort()), ...rtp, ...options.env };
  const box = await startTestBox({ start: startCompiledBox, ...options, env }, ending);
  const ports = box.sip?.ports;
  if (ports?.tlsPort === undefined) throw new Error('SIP does not listen');
  return Object.assign(box, { sipPort: ports.port, sipsPort: ports.tlsPort });
}

/** Makes the account of a telephone; resolves with its secret when the stack knows it. */
export async function addStation(box: Box, number: number, over: Partial<SipStationRow> = {}): Promise<string> {
  const secret = `secret-of-${number}`;
  const digest = (algorithm: string): string =>
    createHash(algorithm).update(`${number}:${DOMAIN}:${secret}`).digest('hex');
  const row = sipStationRow({
    ...{ number, name: `Phone ${number}`, realm: DOMAIN, codecs: ['pcma', 'pcmu'], srtp: 'none', security: 'any' },
    language: 'en',
    ...{ ha1Md5: digest('md5'), ha1Sha256: digest('sha256'), digest: ['sha256', 'md5'], maxCalls: 4, ...over },
  });
  const { lines } = box.sip!;
  await box.db.write((tx) => tx.sipStations.insert(row));
  await waitFor(lines.events, 'station.changed', () => lines.stations().some(({ station }) => station === number));
  return secret;
}

/** A carrier known by where it sends from. */
export async function addTrunk(box: Box, id: string, at: TrunkHost, over: Partial<TrunkRow> = {}): Promise<void> {
  const row = trunkRow({
    ...{ id, name: id, kind: 'sip', spans: [], mode: 'address', hosts: [at], sources: [at.host], username: '' },
    ...{ secret: '', fromUser: '', fromDomain: '', codecs: ['pcma', 'pcmu'], dtmf: 'auto', srtp: 'none' },
    ...{ maxCalls: 100, optionsIntervalS: 0, numberFormat: 'dialled', callerId: 'pass', enabled: true, ...over },
  });
  await box.db.write((tx) => tx.trunks.insert(row));
}

/** Leads numbers out over a trunk, without the digits before the point. */
export async function addRouteOut(box: Box, pattern: string, trunks: string[]): Promise<void> {
  const strip = pattern.indexOf('.');
  await box.db.write((tx) =>
    tx.outboundRoutes.insert({
      ...{ id: `out-${pattern}`, name: pattern, pattern, priority: 10, trunks, strip, prepend: '' },
      ...{ emergency: false, enabled: true, cost: 0, calendar: null, callingNumber: '' },
    }),
  );
}
