// Desk telephones: which station each is, and when it is given its account.
import { z } from 'zod';
import {
  DeskPhoneCreate,
  DeskPhoneList,
  DeskPhonePatch,
  DeskPhoneSet,
  MacAddress,
  PhoneAccess,
  PhoneCommonAccess,
  PhoneFile,
  PhoneProvisioned,
} from '../../contract/index.js';
import type { PhoneNote } from '../../phones/index.js';
import { audit, type Change } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ByMac = z.strictObject({ mac: MacAddress });
const common = { tag: 'Telephones', needs: 'stations.edit' } as const;

export function phoneRoutes({ clock, db, ports }: HttpContext): Route[] {
  const { phones } = ports;
  const noteOf =
    (identity: Identity, action: Change['action']): PhoneNote =>
    (tx, objectId, states) =>
      audit(tx, clock.wallMs(), identity, { action, objectKind: 'phone', objectId, ...states });
  return [
    route({
      ...{ method: 'get', path: '/phones', tag: common.tag, needs: 'stations.view', reply: DeskPhoneList },
      summary: 'Desk telephones that fetch their settings, those that nobody knows yet, and makers',
      handle: () => phones.list(),
    }),
    route({
      ...{ ...common, method: 'post', path: '/phones', body: DeskPhoneCreate, reply: DeskPhoneSet, status: 201 },
      summary: 'Say which station a telephone is; it may fetch its account from now on',
      errors: [
        ...(['phone_exists', 'phone_station_taken', 'phone_vendor_unknown', 'phone_transport'] as const),
        'sip_station_not_found',
      ],
      handle: ({ body, identity }) => phones.create(body, noteOf(identity, 'created')),
    }),
    route({
      ...{ ...common, method: 'get', path: '/phones/common', reply: PhoneCommonAccess },
      summary: 'The URL for all telephones, for DHCP',
      handle: () => phones.common(false),
    }),
    route({
      ...{ ...common, method: 'post', path: '/phones/common', reply: PhoneCommonAccess },
      summary: 'Another URL for all telephones; the one before leads nowhere',
      async handle({ identity }) {
        const found = await phones.common(true);
        await db.write((tx) => noteOf(identity, 'changed')(tx, 'common', {}));
        return found;
      },
    }),
    route({
      ...{ ...common, method: 'patch', path: '/phones/:mac', params: ByMac, body: DeskPhonePatch, reply: DeskPhoneSet },
      summary: 'Change a telephone; it holds when it fetches the next time',
      errors: ['phone_not_found', 'phone_station_taken', 'phone_transport', 'sip_station_not_found'],
      handle: ({ params: { mac }, body, identity }) => phones.change(mac, body, noteOf(identity, 'changed')),
    }),
    route({
      ...{ ...common, method: 'delete', path: '/phones/:mac', params: ByMac, errors: ['phone_not_found'] },
      summary: 'Forget a telephone; its station stays, with the secret that it has',
      handle: ({ params: { mac }, identity }) => phones.remove(mac, noteOf(identity, 'removed')),
    }),
    route({
      ...{ ...common, method: 'post', path: '/phones/:mac/provision', params: ByMac, reply: PhoneProvisioned },
      summary: 'Provision it anew: it gets another secret when it fetches, which it is told to do if it is registered',
      errors: ['phone_not_found', 'phones_off'],
      handle: ({ params: { mac }, identity }) => phones.provision(mac, noteOf(identity, 'reset')),
    }),
    route({
      ...{ ...common, method: 'post', path: '/phones/:mac/access', params: ByMac, reply: PhoneAccess },
      summary: 'Its own URL, and what opens its pages; that it was asked for is written down',
      errors: ['phone_not_found'],
      handle: ({ params: { mac }, identity }) => phones.access(mac, noteOf(identity, 'opened')),
    }),
    route({
      ...{ ...common, method: 'post', path: '/phones/:mac/renew', params: ByMac, reply: DeskPhoneSet },
      summary: 'Another URL and another password of its pages; it may fetch its account from now on',
      errors: ['phone_not_found'],
      handle: ({ params: { mac }, identity }) => phones.renew(mac, noteOf(identity, 'reset')),
    }),
    route({
      ...{ ...common, method: 'get', path: '/phones/:mac/file', params: ByMac, reply: PhoneFile },
      summary: 'What it would be given, without what is secret',
      errors: ['phone_not_found', 'sip_station_not_found'],
      handle: ({ params: { mac } }) => phones.preview(mac),
    }),
  ];
}
