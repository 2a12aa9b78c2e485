import { z } from 'zod';
import { SipAccount, SipStation, SipStationCreate, SipStationPatch, type SrtpPolicy } from '../../contract/index.js';
import type { SipStationRow } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { mustNotBeReserved, extensionInPath } from '../numbers.js';
import { route, type Route } from '../route.js';
import { digestHashes, newSecret } from '../../sip/index.js';
import { accountPicture } from '../account-picture.js';
import { sipServers } from '../sip-account.js';

const ByNumber = z.strictObject({ number: extensionInPath });

export function sipStationRoutes(http: HttpContext): Route[] {
  const { clock, db, log, ports, sip } = http;

  function toStation(row: SipStationRow): SipStation {
    const { realm, ha1Md5: _md5, ha1Sha256: _sha256, ...station } = row;
    return { ...station, secretValid: realm === sip.domain };
  }

  function digestsOf(number: number, secret: string): Pick<SipStationRow, 'ha1Md5' | 'ha1Sha256'> {
    const hashes = digestHashes(String(number), sip.domain, secret);
    return { ha1Md5: hashes.MD5, ha1Sha256: hashes['SHA-256'] };
  }

  /** With the secret, this once. */
  async function account(row: SipStationRow, secret: string): Promise<SipAccount> {
    const servers = sipServers(sip, ports.sip.listening(), row.security);
    const typed = { username: String(row.number), secret, domain: sip.domain, servers };
    return { station: toStation(row), ...typed, picture: await accountPicture(typed) };
  }

  return [
    route({
      method: 'get',
      path: '/stations/sip',
      summary: 'All SIP telephones',
      tag: 'SIP',
      needs: ['stations.view', 'floor.view'],
      reply: z.array(SipStation),
      handle: async () => (await db.sipStations.list()).map(toStation),
    }),
    route({
      method: 'get',
      path: '/stations/sip/:number',
      summary: 'One SIP telephone',
      tag: 'SIP',
      needs: ['stations.view', 'floor.view'],
      params: ByNumber,
      reply: SipStation,
      errors: ['sip_station_not_found'],
      async handle({ params: { number } }) {
        const row = await db.sipStations.find(number);
        if (row === null) throw new AppError('sip_station_not_found', { number });
        return toStation(row);
      },
    }),
    route({
      method: 'post',
      path: '/stations/sip',
      summary: 'Make a SIP telephone; its secret is told this once',
      tag: 'SIP',
      needs: 'stations.edit',
      body: SipStationCreate,
      reply: SipAccount,
      status: 201,
      errors: ['number_in_use', 'number_reserved'],
      async handle({ body, identity }) {
        mustNotBeReserved(http.numbering, body.number);
        const secret = newSecret();
        const row: SipStationRow = {
          ...body,
          name: body.name ?? String(body.number),
          language: body.language ?? http.defaultLanguage,
          srtp: srtpOf(body.security, body.srtp, 'none'),
          realm: sip.domain,
          ...digestsOf(body.number, secret),
          createdAt: clock.wallMs(),
        };
        await db.write((tx) => tx.sipStations.insert(row));
        await ports.sip.applied();
        log.info({ station: row.number, by: identity.user.username }, 'SIP telephone made');
        return account(row, secret);
      },
    }),
    route({
      method: 'patch',
      path: '/stations/sip/:number',
      summary: 'Change a SIP telephone; its calls go on',
      tag: 'SIP',
      needs: 'stations.edit',
      params: ByNumber,
      body: SipStationPatch,
      reply: SipStation,
      errors: ['sip_station_not_found'],
      async handle({ params: { number }, body, identity }) {
        const changed = await db.write(async (tx) => {
          const row = await tx.sipStations.find(number);
          if (row === null) throw new AppError('sip_station_not_found', { number });
          const srtp = srtpOf(body.security ?? row.security, body.srtp, row.srtp);
          await tx.sipStations.update(number, { ...body, srtp });
          return tx.sipStations.find(number);
        });
        if (changed === null) throw new AppError('sip_station_not_found', { number });
        await ports.sip.applied();
        log.info({ station: number, by: identity.user.username }, 'SIP telephone changed');
        return toStation(changed);
      },
    }),
    route({
      method: 'delete',
      path: '/stations/sip/:number',
      summary: 'Remove a SIP telephone that no ring group rings; its registrations end',
      tag: 'SIP',
      needs: 'stations.edit',
      params: ByNumber,
      errors: ['sip_station_not_found', 'station_in_use'],
      async handle({ params: { number }, identity }) {
        const removed = await db.write((tx) => tx.sipStations.remove(number));
        if (!removed) throw new AppError('sip_station_not_found', { number });
        await ports.sip.applied();
        log.info({ station: number, by: identity.user.username }, 'SIP telephone removed');
      },
    }),
    route({
      method: 'post',
      path: '/stations/sip/:number/secret',
      summary: 'Make a new secret; the telephone cannot register with the old one any more',
      tag: 'SIP',
      needs: 'stations.edit',
      params: ByNumber,
      reply: SipAccount,
      errors: ['sip_station_not_found'],
      async handle({ params: { number }, identity }) {
        const secret = newSecret();
        const changed = await db.write(async (tx) => {
          await tx.sipStations.update(number, { realm: sip.domain, ...digestsOf(number, secret) });
          // Who registered with the old secret has to show the new one.
          await tx.sipBindings.replace(number, []);
          return tx.sipStations.find(number);
        });
        if (changed === null) throw new AppError('sip_station_not_found', { number });
        await ports.sip.applied();
        log.info({ station: number, by: identity.user.username }, 'SIP telephone got a new secret');
        return account(changed, secret);
      },
    }),
  ];
}

/** Signalling that nobody overhears is worth little when everybody hears the call: with tls the audio is encrypted, too. */
function srtpOf(security: 'any' | 'tls', wanted: SrtpPolicy | undefined, before: SrtpPolicy): SrtpPolicy {
  if (security === 'any') return wanted ?? before;
  if (wanted !== undefined && wanted !== 'required') throw invalidBody('srtp', new AppError('tls_needs_srtp'));
  return 'required';
}
