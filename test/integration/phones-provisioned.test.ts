// A desk telephone fetches its file over HTTP, is made from what stands in it alone (baresip), registers and takes a call; afterwards the
// file is nobody's. Told to fetch anew, it is told by the box.
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type {
  DeskPhoneList,
  DeskPhoneSet,
  PhoneAccess,
  PhoneCommonAccess,
  PhoneProvisioned,
  SipAccount,
} from '../../daemon/src/contract/index.js';
import { Phone } from '../support/baresip.js';
import { waitFor, whileRunning } from '../support/box.js';
import { readLines, readXml } from '../support/phone-files.js';
import { settled } from '../support/phone-desk.js';
import { registered, startSipBox, type SipBox } from '../support/sip-box.js';
import { speech } from '../support/speech.js';

const MAC = '805ec0123456';
let sip: SipBox;
const running = whileRunning();
beforeAll(async () => {
  sip = await startSipBox({}, running);
});
afterAll(() => running.end());

/** As a telephone asks: no header that a browser would send. */
function fetched(
  url: string,
  method = 'GET',
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, headers: { 'user-agent': 'Yealink SIP-T46U 108.86.0.20 80:5e:c0:12:34:56' } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          const { date: _date, ...headers } = response.headers;
          resolve({ status: response.statusCode ?? 0, text, headers });
        });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

const phones = (): Promise<DeskPhoneList> => sip.api.request<DeskPhoneList>('GET', '/phones');

it('a telephone fetches, registers, takes a call, and its file is used up', async () => {
  await sip.api.request('POST', '/stations/sip', { number: 1001, name: '前台 "A"', digest: ['md5'], codecs: ['pcma'] });
  const { url: common } = await sip.api.request<PhoneCommonAccess>('GET', '/phones/common');
  expect(common).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/provision\/[\w-]{32}\/$/);
  // Nobody knows it: it gets what a stranger gets, and stands on the list.
  const stranger = await fetched(`${common.replace(/provision\/.*/, 'provision/nobody')}/${MAC}.cfg`);
  const unknown = await fetched(`${common}${MAC}.cfg`);
  expect(unknown).toEqual(stranger);
  expect((await phones()).unknown).toMatchObject([
    { mac: MAC, vendor: 'yealink', model: 'T46U', address: '127.0.0.1' },
  ]);

  const made = await sip.api.request<DeskPhoneSet>('POST', '/phones', { mac: '80:5E:C0:12:34:56', station: 1001 });
  expect(made).toMatchObject({ mac: MAC, vendor: 'yealink', model: 'T46U', state: 'open', name: '前台 "A"' });
  const file = await fetched(`${common}${MAC}.cfg`);
  expect(file.status).toBe(200);
  const read = readLines(file.text);
  expect((await phones()).phones).toMatchObject([{ mac: MAC, state: 'fetched' }]);

  const phone = await Phone.start(
    {
      number: Number(read['account.1.user_name']),
      secret: read['account.1.password']!,
      port: Number(read['account.1.sip_server.1.port']),
      says: speech(1).path,
    },
    running,
  );
  await settled(async () => (await phones()).phones[0]!.state === 'registered');
  for (const url of [`${common}${MAC}.cfg`, `${read['static.auto_provision.server.url']}${MAC}.cfg`])
    expect(await fetched(url)).toEqual(stranger);

  const { secret } = await sip.api.request<SipAccount>('POST', '/stations/sip', {
    number: 1002,
    digest: ['md5'],
    codecs: ['pcma'],
  });
  const caller = await Phone.start({ number: 1002, secret, port: sip.port, says: speech(2).path }, running);
  await Promise.all([caller.dial('1001'), phone.answer()]);
  await phone.event('CALL_ESTABLISHED');
  await waitFor(sip.box.live, 'call.updated', () => sip.box.calls.live().some(({ phase }) => phase === 'talking'));
  await caller.hangUp();
  await phone.event('CALL_CLOSED');

  // Its telephone book stays its own: the colleague is in it.
  const book = await fetched(read['remote_phonebook.data.1.url']!);
  expect(readXml(book.text)['/YealinkIPPhoneDirectory/DirectoryEntry/Telephone']).toContain('1002');

  const anew = await sip.api.request<PhoneProvisioned>('POST', `/phones/${MAC}/provision`);
  expect(anew.phone.state).toBe('open');
  const second = readLines((await fetched(`${common}${MAC}.cfg`)).text);
  expect(second['account.1.password']).not.toBe(read['account.1.password']);
  const { adminPassword } = await sip.api.request<PhoneAccess>('POST', `/phones/${MAC}/access`);
  expect(second['static.security.user_password']).toBe(`admin:${adminPassword}`);
  expect(await fetched(`${common}${MAC}.cfg`, 'POST')).toEqual(stranger);
});

it('a telephone that is registered is told to fetch anew, in the words of its maker', async () => {
  const phone = await registered(sip, 1003);
  await sip.api.request('POST', '/phones', { mac: 'ccef48000001', station: 1003 });
  const told = sip.api.request<PhoneProvisioned>('POST', '/phones/ccef48000001/provision');
  const notify = await phone.nextRequest('NOTIFY');
  expect(notify.headers.get('Event')).toBe('resync');
  expect(notify.headers.get('Subscription-State')).toBe('terminated;reason=noresource');
  phone.answer(notify, 200);
  expect(await told).toMatchObject({ notified: 1, phone: { state: 'open', vendor: 'cisco' } });
});

it('a call says whether it comes from inside, for the ring tone', async () => {
  const called = await registered(sip, 1004);
  const caller = await registered(sip, 1005);
  const call = caller.call('1004');
  const invite = await called.nextRequest('INVITE');
  expect(invite.headers.get('Alert-Info')).toBe('<http://cordboard>;info=internal');
  called.answer(invite, 486);
  expect((await call.final).status).toBe(486);
});
