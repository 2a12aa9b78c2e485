import { z } from 'zod';
import { SipBan, SipBanCreate, SipRegistration, SipStatus, SipTrunkStatus } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ByAddress = z.strictObject({ address: z.string().min(1).max(60) });

/** Who is registered and who is kept out. */
export function sipRoutes(http: HttpContext): Route[] {
  const { clock, db, log, ports, sip } = http;
  return [
    route({
      method: 'get',
      path: '/sip',
      summary: 'Whether SIP runs, and on which ports',
      tag: 'SIP',
      needs: ['stations.view', 'trunks.view'],
      reply: SipStatus,
      handle() {
        const listening = ports.sip.listening();
        return Promise.resolve({
          enabled: sip.enabled,
          domain: sip.domain,
          listening: listening === undefined ? null : { port: listening.port, tlsPort: listening.tlsPort ?? null },
        });
      },
    }),
    route({
      method: 'get',
      path: '/sip/trunks',
      summary: 'How SIP trunks that are switched on do now',
      tag: 'SIP',
      needs: 'trunks.view',
      reply: z.array(SipTrunkStatus),
      handle: () => Promise.resolve([...ports.sip.trunks()]),
    }),
    route({
      method: 'get',
      path: '/sip/registrations',
      summary: 'Where SIP telephones are registered now',
      tag: 'SIP',
      needs: ['stations.view', 'trunks.view'],
      reply: z.array(SipRegistration),
      async handle() {
        const nowMs = clock.wallMs();
        const living = (await db.sipBindings.list()).filter(({ expiresAt }) => expiresAt > nowMs);
        return living.map(
          ({ stationNumber: station, contact, transport, receivedHost, receivedPort, path, userAgent, expiresAt }) => ({
            ...{ station, contact, transport, receivedHost, receivedPort, path, userAgent, expiresAt },
          }),
        );
      },
    }),
    route({
      method: 'get',
      path: '/sip/bans',
      summary: 'Addresses that are not listened to, newest first',
      tag: 'SIP',
      needs: ['stations.view', 'trunks.view'],
      reply: z.array(SipBan),
      async handle() {
        const nowMs = clock.wallMs();
        return (await db.sipBans.list()).filter(({ until }) => until > nowMs);
      },
    }),
    route({
      method: 'post',
      path: '/sip/bans',
      summary: 'Do not listen to an address for a while',
      tag: 'SIP',
      needs: 'settings.edit',
      body: SipBanCreate,
      reply: SipBan,
      status: 201,
      async handle({ body, identity }) {
        const address = canonical(body.address);
        const since = clock.wallMs();
        const ban = await db.write(async (tx) => {
          const count = ((await tx.sipBans.find(address))?.count ?? 0) + 1;
          const row = { address, reason: body.reason, since, until: since + body.durationMs, count };
          await tx.sipBans.put(row);
          return row;
        });
        await ports.sip.applied();
        log.info({ address, until: ban.until, by: identity.user.username }, 'address banned');
        return ban;
      },
    }),
    route({
      method: 'delete',
      path: '/sip/bans/:address',
      summary: 'Listen to an address again',
      tag: 'SIP',
      needs: 'settings.edit',
      params: ByAddress,
      errors: ['sip_ban_not_found'],
      async handle({ params, identity }) {
        const address = canonical(params.address);
        if (!(await db.write((tx) => tx.sipBans.remove(address)))) throw new AppError('sip_ban_not_found', { address });
        await ports.sip.applied();
        log.info({ address, by: identity.user.username }, 'ban lifted');
      },
    }),
  ];
}

/** One text for one address (RFC 5952): IPv6 has many. What is none stays as it is. */
function canonical(address: string): string {
  if (!/^[0-9A-Fa-f:.]+$/.test(address) || !address.includes(':')) return address;
  const text = `http://[${address}]`;
  return URL.canParse(text) ? new URL(text).hostname.slice(1, -1) : address;
}
