// The file of each maker, field by field, read by another program; what people write into names spoils none of them.
import { describe, expect, test } from 'vitest';
import type { DeskPhoneCreate, PhoneVendor } from '../../daemon/src/contract/index.js';
import { readPosix, phoneZone } from '../../daemon/src/phones/zone.js';
import { Template } from '../../daemon/src/phones/template.js';
import { VENDORS, deskOfPhones, sipStation, unnoted, type DeskOfPhones } from '../support/phone-desk.js';
import { readLines, readXml } from '../support/phone-files.js';

const MACS: Record<PhoneVendor, string> = {
  yealink: '805ec0123456',
  grandstream: '000b82123456',
  fanvil: '0c383e123456',
  cisco: 'ccef48123456',
  htek: '001fc1123456',
};
/** What breaks files that are put together carelessly. */
const NASTY = `前台 <&"'> {{secret}} #;=%NULL%`;

const keys: DeskPhoneCreate['keys'] = [
  { kind: 'blf', number: '1002', label: `王 "&<` },
  { kind: 'speedDial', number: '013800138000', label: '' },
];

async function made(vendor: PhoneVendor, of: DeskOfPhones, over: Partial<DeskPhoneCreate> = {}): Promise<string> {
  const mac = MACS[vendor];
  await of.desk.create(
    { mac, model: '', station: 1001, keys, firmwareUrl: 'http://fw.example/new/x.rom', ...over },
    unnoted,
  );
  const { url } = await of.desk.access(mac, unnoted);
  const name = VENDORS.get(vendor)!.files[0]!.replace('{mac}', mac);
  return of.file(`${url}${name}`);
}

async function withStation(over: Parameters<typeof sipStation>[1] = {}, zone?: string): Promise<DeskOfPhones> {
  const of = await deskOfPhones(zone);
  await of.db.write((tx) =>
    tx.sipStations.insert(sipStation(1001, { name: NASTY, codecs: ['pcma', 'g722'], ...over })),
  );
  return of;
}

const SECRET = /^[A-Za-z0-9]{20}$/;

describe('the file of a telephone', () => {
  test('by Yealink', async () => {
    const of = await withStation();
    of.settings.username = 'phones';
    of.settings.password = 'pw-1';
    const basic = `Basic ${Buffer.from('phones:pw-1').toString('base64')}`;
    await of.desk.create(
      { mac: MACS.yealink, model: '', station: 1001, keys, firmwareUrl: 'http://fw.example/x.rom' },
      unnoted,
    );
    const { url, adminPassword } = await of.desk.access(MACS.yealink, unnoted);
    const text = await of.file(`${url}805ec0123456.cfg`, { authorization: basic });
    expect(text.split('\n')[0]).toBe('#!version:1.0.0.1');
    const read = readLines(text);
    expect(read).toMatchObject({
      'account.1.enable': '1',
      'account.1.label': `1001 ${NASTY}`,
      'account.1.display_name': NASTY,
      'account.1.user_name': '1001',
      'account.1.auth_name': '1001',
      'account.1.password': expect.stringMatching(SECRET) as string,
      'account.1.sip_server.1.address': '192.168.1.10',
      'account.1.sip_server.1.port': '5060',
      'account.1.sip_server.1.transport_type': '0',
      'account.1.srtp_encryption': '0',
      'account.1.dtmf.type': '1',
      'account.1.codec.pcma.enable': '1',
      'account.1.codec.pcma.priority': '1',
      'account.1.codec.g722.priority': '2',
      'account.1.codec.pcmu.enable': '0',
      'voice_mail.number.1': '*97',
      'local_time.time_zone': '+8',
      'local_time.ntp_server1': 'cn.pool.ntp.org',
      'local_time.summer_time': '0',
      'lang.gui': 'Chinese_S',
      'static.auto_provision.server.url': url,
      'static.auto_provision.server.username': 'phones',
      'static.security.user_password': `admin:${adminPassword}`,
      'static.firmware.url': 'http://fw.example/x.rom',
      'linekey.2.type': '16',
      'linekey.2.value': '1002',
      'linekey.2.label': `王 "&<`,
      'linekey.2.extension': '*8',
      'linekey.3.type': '13',
      'linekey.3.value': '013800138000',
      'distinctive_ring_tones.alert_info.1.text': 'internal',
    });
    expect(read['remote_phonebook.data.1.url']).toMatch(
      /^http:\/\/phones:pw-1@192\.168\.1\.10:8080\/provision\/[\w-]{32}\/directory\.xml$/,
    );
  });

  test('by Grandstream', async () => {
    const of = await withStation({ dtmf: 'info', srtp: 'offered' });
    const read = readXml(await made('grandstream', of, { transport: 'tcp' }));
    const p = (name: string): string => read[`/gs_provision/config/${name}`]![0]!;
    expect(read['/gs_provision/mac']).toEqual([MACS.grandstream]);
    expect([p('P271'), p('P47'), p('P35'), p('P36'), p('P3')]).toEqual([
      '1',
      '192.168.1.10:5060',
      '1001',
      '1001',
      NASTY,
    ]);
    expect(p('P34')).toMatch(SECRET);
    expect([p('P130'), p('P183'), p('P33'), p('P99')]).toEqual(['1', '1', '*97', '1']);
    expect([p('P2301'), p('P2302'), p('P2303')]).toEqual(['0', '0', '1']);
    expect([p('P57'), p('P58'), p('P59'), p('P60')]).toEqual(['8', '9', '9', '9']);
    expect([p('P64'), p('P246'), p('P30'), p('P1362')]).toEqual(['customize', 'CST-8', 'cn.pool.ntp.org', 'zh']);
    expect([p('P212'), p('P330'), p('P192')]).toEqual(['1', '1', 'fw.example/new/x.rom']);
    expect(p('P237')).toMatch(/^192\.168\.1\.10:8080\/provision\/[\w-]{32}$/);
    expect(p('P331')).toMatch(/^192\.168\.1\.10:8080\/provision\/[\w-]{32}$/);
    expect(p('P1365')).toBe('11');
    expect([p('P1467'), p('P1468'), p('P1367'), p('P1470')]).toEqual([`王 "&<`, '1002', '10', '013800138000']);
  });

  test('by Fanvil', async () => {
    const of = await withStation({ security: 'tls', srtp: 'required', language: 'en' });
    const read = readXml(await made('fanvil', of));
    const line = (name: string): string => read[`/sysConf/sip/line[1]/${name}`]![0]!;
    expect([line('PhoneNumber'), line('DisplayName'), line('RegisterAddr'), line('RegisterPort')]).toEqual([
      ...['1001', NASTY, '192.168.1.10', '5061'],
    ]);
    expect(line('RegisterPswd')).toMatch(SECRET);
    expect([line('Transport'), line('MediaCrypto'), line('DTMFMode'), line('MWINum')]).toEqual(['3', '1', '1', '*97']);
    expect(line('VoiceCodecMap')).toBe('PCMA,G722');
    const date = (name: string): string => read[`/sysConf/phone/date/${name}`]![0]!;
    expect([date('TimeZone'), date('TimeZoneName'), date('EnableDST')]).toEqual(['32', 'UTC+8', '0']);
    expect(read['/sysConf/phone/display/DefaultLanguage']).toEqual(['en']);
    const key = (at: number, name: string): string => read[`/sysConf/dsskey/internal[1]/Fkey[${at}]/${name}`]![0]!;
    expect([key(1, 'Value'), key(2, 'Type'), key(2, 'Value'), key(3, 'Value')]).toEqual([
      ...['SIP1', '1', '1002@1/bc', '013800138000@1/f'],
    ]);
    expect(read['/sysConf/ap/FlashFileName']).toEqual(['0c383e123456.cfg']);
    expect(read['/sysConf/web/account[1]/Password']![0]).toMatch(/^[A-Za-z0-9]{16}$/);
    expect(read['/sysConf/phone/MenuPassword']![0]).toMatch(/^\d{6}$/);
  });

  test('by Cisco (SPA)', async () => {
    const of = await withStation({ dtmf: 'inband' });
    const read = readXml(await made('cisco', of));
    const p = (name: string): string => read[`/flat-profile/${name}`]![0]!;
    expect([p('Proxy_1_'), p('User_ID_1_'), p('Auth_ID_1_'), p('Display_Name_1_')]).toEqual([
      ...['192.168.1.10:5060', '1001', '1001', NASTY],
    ]);
    expect(p('Password_1_')).toMatch(SECRET);
    expect([p('SIP_Transport_1_'), p('DTMF_Tx_Method_1_'), p('Voice_Mail_Number')]).toEqual(['UDP', 'InBand', '*97']);
    expect([p('Preferred_Codec_1_'), p('Second_Preferred_Codec_1_'), p('Third_Preferred_Codec_1_')]).toEqual([
      ...['G711a', 'G722', 'Unspecified'],
    ]);
    expect([p('Time_Zone'), p('Daylight_Saving_Time_Enable'), p('Primary_NTP_Server')]).toEqual([
      ...['GMT+08:00', 'No', 'cn.pool.ntp.org'],
    ]);
    expect(p('Profile_Rule')).toMatch(/^http:\/\/192\.168\.1\.10:8080\/provision\/[\w-]{32}\/\$MA\.xml$/);
    expect(p('Extended_Function_2_')).toBe('fnc=blf+sd+cp;sub=1002@$PROXY;ext=1002@$PROXY');
    expect(p('Extended_Function_3_')).toBe('fnc=sd;ext=013800138000@$PROXY');
    expect(p('Upgrade_Rule')).toBe('http://fw.example/new/x.rom');
  });

  test('by Htek', async () => {
    const of = await withStation();
    const read = readXml(await made('htek', of));
    const p = (name: string): string => read[`/hl_provision/config/${name}`]![0]!;
    expect([p('P271'), p('P47'), p('P35'), p('P3'), p('P130')]).toEqual(['1', '192.168.1.10:5060', '1001', NASTY, '0']);
    expect(p('P34')).toMatch(SECRET);
    expect([p('P57'), p('P58'), p('P20166'), p('P64'), p('P33')]).toEqual(['8', '9', '0', '89', '*97']);
    expect([p('P41201'), p('P41301'), p('P41401'), p('P41601')]).toEqual(['3', '1002', `王 "&<`, '*8']);
    expect([p('P41202'), p('P41302')]).toEqual(['2', '013800138000']);
    expect(p('P4401')).toMatch(/\/directory\.xml$/);
    expect(p('P2')).toMatch(/^[A-Za-z0-9]{16}$/);
  });
});

describe('summer time', () => {
  test('is told as each maker counts it', async () => {
    const yealink = readLines(await made('yealink', await withStation({}, 'Europe/Berlin')));
    expect(yealink).toMatchObject({
      'local_time.time_zone': '+1',
      'local_time.summer_time': '1',
      'local_time.start_time': '3/5/7/2',
      'local_time.end_time': '10/5/7/3',
      'local_time.offset_time': '60',
    });
    const cisco = readXml(await made('cisco', await withStation({}, 'America/New_York')));
    expect(cisco['/flat-profile/Daylight_Saving_Time_Rule']).toEqual(['start=3/8/7/2:0:0;end=11/1/7/2:0:0;save=1']);
    const grandstream = readXml(await made('grandstream', await withStation({}, 'Asia/Kolkata')));
    expect(grandstream['/gs_provision/config/P246']).toEqual(['IST-5:30']);
    const htek = readXml(await made('htek', await withStation({}, 'Asia/Kolkata')));
    expect(htek['/hl_provision/config/P64']).toEqual(['84']);
  });

  test('is read from the tables of the system, and done without where there are none', () => {
    expect(readPosix('NZST-12NZDT,M9.5.0,M4.1.0/3')).toEqual({
      minutes: 720,
      summer: {
        minutes: 60,
        start: { month: 9, week: 5, day: 0, hour: 2 },
        end: { month: 4, week: 1, day: 0, hour: 3 },
      },
    });
    expect(readPosix('nonsense')).toBeUndefined();
    expect(phoneZone('Asia/Kolkata', Date.UTC(2026, 0), '/nowhere')).toMatchObject({
      posix: '<+0530>-5:30',
      minutes: 330,
    });
  });
});

describe('the telephone book', () => {
  const entries = [{ name: NASTY, numbers: ['1002', '013800138000'] }];
  test.each([
    ['yealink', 'directory.xml', '/YealinkIPPhoneDirectory/DirectoryEntry'],
    ['fanvil', 'directory.xml', '/PhoneDirectory/DirectoryEntry'],
    ['cisco', 'directory.xml', '/CiscoIPPhoneDirectory/DirectoryEntry'],
    ['htek', 'directory.xml', '/PhoneDirectory/DirectoryEntry'],
  ] as const)('of %s', async (vendor, name, place) => {
    const of = await withStation();
    of.book.push(...entries);
    const text = await made(vendor, of);
    const url = /http:\/\/192\.168\.1\.10:8080\/provision\/[\w-]{32}\/directory\.xml/.exec(text)![0];
    expect(url.endsWith(name)).toBe(true);
    const read = readXml(await of.file(url));
    expect(read[`${place}/Name`]).toEqual([NASTY]);
    expect(read[`${place}/Telephone`]).toEqual(['1002', '013800138000']);
  });

  test('of grandstream, in the folder that its file names', async () => {
    const of = await withStation();
    of.book.push(...entries);
    const folder = readXml(await made('grandstream', of))['/gs_provision/config/P331']![0]!;
    const read = readXml(await of.file(`http://${folder}/phonebook.xml`));
    expect(read['/AddressBook/Contact/FirstName']).toEqual([NASTY]);
    expect(read['/AddressBook/Contact/Phone/phonenumber']).toEqual(['1002', '013800138000']);
  });
});

test('every maker names his sources, and his template asks for nothing that nobody gives', async () => {
  expect([...VENDORS.keys()].sort()).toEqual(['cisco', 'fanvil', 'grandstream', 'htek', 'yealink']);
  for (const { vendor, sources, ouis, mostKeys, keyFields } of VENDORS.values()) {
    expect(sources.every((one) => one.startsWith('https://'))).toBe(true);
    expect(ouis).toContain(MACS[vendor].slice(0, 6));
    if (keyFields !== undefined) expect(keyFields).toHaveLength(mostKeys);
    const of = await withStation({ codecs: ['opus', 'pcmu', 'g722', 'pcma'], name: '1001' });
    const many = Array.from({ length: 60 }, (_, at): DeskPhoneCreate['keys'][number] => ({
      ...{ kind: 'blf', number: String(2000 + at), label: '' },
    }));
    expect(await made(vendor, of, { keys: many, firmwareUrl: '' })).not.toContain('{{');
  }
});

test('a template that is not whole is refused when it is read', () => {
  expect(() => new Template('{{#keys}}', 'xml', {})).toThrow('{{/keys}} is missing');
  expect(() => new Template('{{/keys}}', 'xml', {})).toThrow('closes what is not open');
  expect(() => new Template('{{a|b}}', 'xml', {})).toThrow('there is no map b');
  expect(() => new Template('{{a}}', 'xml', {}).render({})).toThrow('which nobody gives');
  expect(new Template('{{a}}', 'lines', {}).render({ a: ' x\ny\u2028z ' })).toBe('x y z');
});
