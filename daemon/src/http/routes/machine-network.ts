// Addresses, name and time of a box that owns its network.
import { NetworkAsked, NetworkConfirm, NetworkPut, NetworkState } from '../../contract/index.js';
import { audit } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { openRoute, route, type Route } from '../route.js';

const common = { tag: 'System', needs: 'settings.edit' } as const;

export function machineNetworkRoutes({ clock, db, log, ports }: HttpContext): Route[] {
  const { network } = ports;
  const note = (identity: Identity, after: object): Promise<void> =>
    db.write((tx) =>
      audit(tx, clock.wallMs(), identity, { action: 'changed', objectKind: 'settings', objectId: 'network', after }),
    );
  return [
    route({
      ...{ method: 'get', path: '/network', tag: 'System', needs: 'settings.view', reply: NetworkState },
      summary: 'Addresses, name and time of the machine, as they are and as they are to be',
      handle: () => network.state(),
    }),
    route({
      ...common,
      method: 'put',
      path: '/network',
      summary: 'Have others set; other addresses go again unless somebody confirms them',
      body: NetworkPut,
      reply: NetworkAsked,
      status: 202,
      errors: ['network_not_here', 'network_busy'],
      async handle({ body, identity }) {
        const asked = network.ask(body);
        log.warn({ by: identity.user.username }, 'another network was asked for');
        const { hostName, timeZone, ntpServers, ports: wanted } = body.settings;
        await note(identity, {
          ...{ hostName, timeZone, ntpServers: ntpServers.join(', ') },
          ports: wanted.map(({ port, mode, address }) => `${port} ${mode} ${address}`.trim()).join(', '),
        });
        return asked;
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/network/keep',
      summary: 'Keep the other addresses',
      errors: ['network_nothing_to_confirm'],
      async handle({ identity }) {
        network.keep();
        await note(identity, { kept: true });
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/network',
      summary: 'Bring the old addresses back at once',
      errors: ['network_nothing_to_confirm'],
      async handle({ identity }) {
        network.back();
        await note(identity, { kept: false });
      },
    }),
    openRoute({
      method: 'post',
      path: '/network/confirm',
      summary: 'Keep the other addresses; from one of them, by the code that was given when they were asked for',
      tag: 'System',
      body: NetworkConfirm,
      errors: ['network_nothing_to_confirm', 'network_code_wrong'],
      handle({ body, remoteAddress }) {
        network.keepByCode(body.code);
        log.warn({ remoteAddress }, 'the other network was confirmed from where it is reached');
      },
    }),
  ];
}
