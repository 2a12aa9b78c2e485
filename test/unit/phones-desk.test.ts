// Who is given an account and who is not; whoever gets nothing gets the same, whatever he asked for.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { digestHashes } from '../../daemon/src/sip/index.js';
import { T0 } from './../support/db-rows.js';
import { deskOfPhones, settled, sipStation, unnoted, type DeskOfPhones } from '../support/phone-desk.js';
import { readLines } from '../support/phone-files.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MAC = '805ec0123456';
const FILE = `${MAC}.cfg`;
const NOTHING = { kind: 'nothing' };

async function withPhone(): Promise<DeskOfPhones & { url: string }> {
  const of = await deskOfPhones();
  await of.db.write((tx) => tx.sipStations.insert(sipStation(1001)));
  const body = { mac: MAC, model: '', station: 1001, keys: [], firmwareUrl: '' };
  expect(await of.desk.create(body, unnoted)).toMatchObject({ vendor: 'yealink', state: 'open', transport: 'udp' });
  const { url } = await of.desk.access(MAC, unnoted);
  return { ...of, url };
}
const secretIn = (text: string): string => readLines(text)['account.1.password']!;
const stateOf = async (of: DeskOfPhones) => (await of.desk.list()).phones[0]!.state;

async function registers(of: DeskOfPhones): Promise<void> {
  of.desk.registered(1001);
  await settled(async () => (await stateOf(of)) === 'registered');
}

describe('an account', () => {
  test('is given until the telephone has registered, and never again', async () => {
    const of = await withPhone();
    const first = secretIn(await of.file(of.url + FILE));
    expect((await of.db.sipStations.find(1001))!.ha1Md5).toBe(digestHashes('1001', 'cordboard', first).MD5);
    expect(await stateOf(of)).toBe('fetched');
    // It may have lost the first answer.
    expect(secretIn(await of.file(of.url + FILE))).toBe(first);
    await registers(of);
    expect(await of.fetch(of.url + FILE)).toEqual(NOTHING);
    expect((await of.db.phones.find(MAC))!.sealedSecret).toBeNull();
  });

  test('is another one when it is provisioned anew, which the telephone is told', async () => {
    const of = await withPhone();
    const first = secretIn(await of.file(of.url + FILE));
    await registers(of);
    expect(await of.desk.provision(MAC, unnoted)).toMatchObject({ notified: 1, phone: { state: 'open' } });
    expect(of.told).toEqual(['1001 check-sync']);
    const second = secretIn(await of.file(of.url + FILE));
    expect(second).not.toBe(first);
    // A registration from before does not close it.
    expect(await stateOf(of)).toBe('fetched');
  });

  test('is for the address that asked first alone', async () => {
    const of = await withPhone();
    await of.file(of.url + FILE);
    expect(await of.fetch(of.url + FILE, { address: '192.168.1.51' })).toEqual(NOTHING);
    expect((await of.fetch(of.url + FILE)).kind).toBe('file');
  });

  test('is not given when time is over, and its secret is forgotten', async () => {
    const of = await withPhone();
    await of.file(of.url + FILE);
    await of.clock.advance(61 * 60_000);
    expect(await of.fetch(of.url + FILE)).toEqual(NOTHING);
    await settled(async () => (await of.db.phones.find(MAC))!.sealedSecret === null);
    expect(await stateOf(of)).toBe('closed');
  });

  test('is not given to a telephone whose station is switched off, and goes with the station', async () => {
    const of = await withPhone();
    await of.db.write((tx) => tx.sipStations.update(1001, { enabled: false }));
    expect(await of.fetch(of.url + FILE)).toEqual(NOTHING);
    await of.db.write((tx) => tx.sipStations.remove(1001));
    expect(await of.db.phones.find(MAC)).toBeNull();
  });

  test('is still to be given after a restart in between, with the same secret', async () => {
    const home = temporaryFolder();
    const of = await deskOfPhones('Asia/Shanghai', home);
    await of.db.write((tx) => tx.sipStations.insert(sipStation(1001)));
    await of.desk.create({ mac: MAC, model: '', station: 1001, keys: [], firmwareUrl: '' }, unnoted);
    const { url } = await of.desk.access(MAC, unnoted);
    const first = secretIn(await of.file(url + FILE));
    of.desk.stop();
    const again = await deskOfPhones('Asia/Shanghai', home, of.db);
    expect(secretIn(await again.file(url + FILE))).toBe(first);
    await registers(again);
    expect(await again.fetch(url + FILE)).toEqual(NOTHING);
  });

  test('two that ask at once are told the same', async () => {
    const of = await withPhone();
    const all = await Promise.all([1, 2, 3, 4].map(() => of.file(of.url + FILE)));
    expect(new Set(all.map(secretIn)).size).toBe(1);
  });

  test('who has given it, and to whom, is written down without it', async () => {
    const of = await withPhone();
    const secret = secretIn(await of.file(of.url + FILE));
    const [entry] = await of.db.audit.list({ limit: 1 });
    expect(entry).toMatchObject({ actor: `phone ${MAC}`, action: 'opened', objectKind: 'phone', objectId: MAC });
    expect(JSON.stringify(await of.db.audit.list({ limit: 10 }))).not.toContain(secret);
    expect(JSON.stringify(await of.db.phones.list())).not.toContain(secret);
  });
});

describe('the URL for all', () => {
  test('lists telephones that nobody knows, by the addresses of makers alone', async () => {
    const of = await withPhone();
    const { url } = await of.desk.common(false);
    const userAgent = 'Yealink SIP-T46U 108.86.0.20 80:5e:c0:99:99:99';
    expect(await of.fetch(`${url}805ec0999999.cfg`, { userAgent })).toEqual(NOTHING);
    expect(await of.fetch(`${url}123456999999.cfg`)).toEqual(NOTHING);
    expect((await of.desk.list()).unknown).toEqual([
      { mac: '805ec0999999', vendor: 'yealink', model: 'T46U', address: '192.168.1.50', firstAt: T0, lastAt: T0 },
    ]);
    await of.db.write((tx) => tx.sipStations.insert(sipStation(1002)));
    await of.desk.create({ mac: '805ec0999999', model: '', station: 1002, keys: [], firmwareUrl: '' }, unnoted);
    expect((await of.desk.list()).unknown).toEqual([]);
    // It comes again from where it was seen, and from nowhere else.
    expect(await of.fetch(`${url}805ec0999999.cfg`, { address: '10.0.0.9' })).toEqual(NOTHING);
    expect(readLines(await of.file(`${url}805ec0999999.cfg`))['account.1.user_name']).toBe('1002');
    expect((await of.desk.list()).phones.find(({ station }) => station === 1002)!.model).toBe('T46U');
  });

  test('gives nothing away when telephones are not to be known by their address, and another URL ends it', async () => {
    const of = await withPhone();
    const { url } = await of.desk.common(false);
    of.settings.byMac = false;
    expect(await of.fetch(url + FILE)).toEqual(NOTHING);
    of.settings.byMac = true;
    const { url: another } = await of.desk.common(true);
    expect(await of.fetch(url + FILE)).toEqual(NOTHING);
    expect((await of.fetch(another + FILE)).kind).toBe('file');
  });

  test('remembers two hundred of them', async () => {
    const of = await withPhone();
    const { url } = await of.desk.common(false);
    for (let i = 0; i < 300; i += 1)
      await of.fetch(`${url}805ec1${String(i).padStart(6, '0')}.cfg`.replace('805ec1', '805ec0'));
    expect((await of.desk.list()).unknown).toHaveLength(200);
  });
});

describe('strangers', () => {
  test('learn nothing: no token, a wrong file, a used one look alike, and so does silence after thirty', async () => {
    const of = await withPhone();
    for (const path of ['/provision/', `/provision/x/${FILE}`, `${of.url}0c383e000000.cfg`, `${of.url}../${FILE}`])
      expect(await of.fetch(path)).toEqual(NOTHING);
    const address = '203.0.113.9';
    for (let i = 0; i < 40; i += 1) await of.fetch(`/provision/${'a'.repeat(32)}/${FILE}`, { address });
    expect(await of.fetch(of.url + FILE, { address })).toEqual(NOTHING);
    expect((await of.fetch(of.url + FILE)).kind).toBe('file');
    await of.clock.advance(20_000);
    expect(await of.fetch(`/provision/${'a'.repeat(32)}/${FILE}`, { address })).toEqual(NOTHING);
  });

  test('have to say who they are where the settings ask for it', async () => {
    const of = await withPhone();
    Object.assign(of.settings, { username: 'phones', password: 'right' });
    const basic = (text: string): { authorization: string } => ({
      authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    const CHALLENGE = { kind: 'challenge' };
    expect(await of.fetch(of.url + FILE)).toEqual(CHALLENGE);
    expect(await of.fetch('/provision/nonsense')).toEqual(CHALLENGE);
    expect(await of.fetch(of.url + FILE, basic('phones:wrong'))).toEqual(CHALLENGE);
    expect((await of.fetch(of.url + FILE, basic('phones:right'))).kind).toBe('file');
  });

  test('get nothing by 20,000 paths and headers made of what breaks others', async () => {
    const of = await withPhone();
    const parts = [
      '..',
      '%2e%2e',
      '%00',
      '/',
      '\\',
      '//',
      '.',
      'provision',
      '\u0000',
      'é',
      '?',
      '#',
      ';',
      MAC,
      '.cfg',
      '{mac}',
    ];
    const [own] = /[\w-]{32}/.exec(of.url)!;
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    const word = (): string =>
      random(3) === 0 ? randomBytes(random(40)).toString('latin1') : parts[random(parts.length)]!;
    let given = 0;
    for (let i = 0; i < 20_000; i += 1) {
      const token = random(4) === 0 ? own : word();
      const path = `/provision/${token}/${Array.from({ length: random(5) }, word).join('')}`;
      const authorization = random(3) === 0 ? `Basic ${word()}` : undefined;
      const answer = await of.fetch(path, {
        address: `10.0.${random(200)}.${random(200)}`,
        userAgent: word(),
        ...(authorization === undefined ? {} : { authorization }),
      });
      if (answer.kind === 'file') {
        // By the right token and the right name, and by nothing else.
        expect(path).toBe(`/provision/${own}/${FILE}`);
        given += 1;
      } else expect(answer).toEqual(NOTHING);
    }
    expect(given).toBeLessThanOrEqual(20);
    // After all of that the right one is still served.
    expect(
      (await of.fetch(of.url + FILE, { address: given === 0 ? '192.168.1.50' : '10.0.0.1' })).kind === 'file' ||
        given > 0,
    ).toBe(true);
    console.info(`20,000 hostile requests: ${given} files given, all of them by the right token and name`);
  });
});
