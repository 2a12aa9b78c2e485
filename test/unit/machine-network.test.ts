// Which files set the network, when they go again, and what a power cut leaves; on a machine of files.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { NetworkPort, NetworkPut, NetworkSettings, isNeighbour } from '../../daemon/src/contract/index.js';
import {
  ANSWER,
  NetworkDesk,
  REQUEST,
  applyNetwork,
  findPorts,
  networkInForce,
  networkText,
  planNetwork,
  recoverNetwork,
  settleNetwork,
  type NetworkPorts,
} from '../../daemon/src/machine-network/index.js';
import { isAppError, type Clock } from '../../daemon/src/platform/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const FILE = 'etc/systemd/network/10-cordboard-eth0.network';
let root: string;
let ran: string[];
let failing: string | undefined;
let ms: number;
let ports: NetworkPorts;

const put = (path: string, text: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};
const read = (path: string): string | undefined =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;

beforeEach(() => {
  root = temporaryFolder();
  [ran, failing, ms] = [[], undefined, 0];
  put('etc/hostname', 'cordboard\n');
  put('etc/hosts', '127.0.0.1 localhost\n127.0.1.1 cordboard\n::1 localhost\n10.0.0.9 carrier\n');
  put('etc/systemd/network/80-cordboard.network', '[Match]\nType=ether\n');
  put('etc/systemd/network/10-console.network', '[Match]\nName=eth0\n');
  for (const zone of ['Etc/UTC', 'Asia/Shanghai']) put(`usr/share/zoneinfo/${zone}`, 'TZif2');
  symlinkSync('/usr/share/zoneinfo/Etc/UTC', join(root, 'etc/localtime'));
  for (const [name, carrier] of Object.entries({ eth0: '1', eth1: '0' })) {
    put(`sys/class/net/${name}/type`, '1\n');
    put(`sys/class/net/${name}/address`, '52:54:00:00:00:01\n');
    put(`sys/class/net/${name}/carrier`, `${carrier}\n`);
    put(`sys/class/net/${name}/speed`, carrier === '1' ? '1000\n' : '-1\n');
    put(`sys/class/net/${name}/device/vendor`, '0x8086\n');
  }
  put('sys/class/net/lo/type', '772\n');
  put('sys/class/net/br0/type', '1\n');
  ports = {
    root,
    addresses: () => ({
      eth0: [
        { cidr: '192.0.2.7/24', internal: false },
        { cidr: 'fe80::1/64', internal: false },
      ],
    }),
    run(command, args) {
      const line = [command, ...args].join(' ');
      ran.push(line);
      return line === failing ? { code: 1, output: 'no such bus' } : { code: 0, output: '' };
    },
    wait: (wait) => Promise.resolve(void (ms += wait)),
    wallMs: () => 1_000_000 + ms,
  };
});

const settings = (more: object = {}): NetworkSettings =>
  NetworkSettings.parse({ ...networkInForce(root, []), ...more });
const fixed = { port: 'eth0', mode: 'fixed', address: '192.168.7.10/24', gateway: '192.168.7.1', dns: ['192.168.7.2'] };
const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (isAppError(error) ? error.code : error),
  );

test('ports with a plug are found, each with what it has; a new box has all by DHCP', () => {
  const found = findPorts(root, ports.addresses);
  expect(found).toEqual([
    { port: 'eth0', mac: '52:54:00:00:00:01', link: true, speedMbit: 1000, addresses: ['192.0.2.7/24'] },
    { port: 'eth1', mac: '52:54:00:00:00:01', link: false, speedMbit: null, addresses: [] },
  ]);
  expect(networkInForce(root, found)).toMatchObject({
    ...{ hostName: 'cordboard', timeZone: 'Etc/UTC', ntpServers: [] },
    ports: [
      { port: 'eth0', mode: 'dhcp' },
      { port: 'eth1', mode: 'dhcp' },
    ],
  });
});

describe('the files', () => {
  test('of a fixed address and of DHCP, with name servers of one’s own', () => {
    expect(networkText(NetworkPort.parse(fixed))).toContain(
      '[Match]\nName=eth0\n\n[Network]\nLinkLocalAddressing=yes\nIPv6AcceptRA=yes\nDNS=192.168.7.2\nAddress=192.168.7.10/24\nGateway=192.168.7.1\n',
    );
    const dhcp = networkText(NetworkPort.parse({ port: 'eth0', mode: 'dhcp', dns: ['9.9.9.9'] }));
    expect(dhcp).toContain('DNS=9.9.9.9\nDHCP=yes\n\n[DHCPv4]\nUseDomains=yes\nUseDNS=no\n');
    expect(networkText(NetworkPort.parse({ port: 'eth0', mode: 'dhcp' }))).not.toContain('UseDNS');
  });

  test('of others stay; those that are not wanted any more go', () => {
    const planned = planNetwork(
      settings({ ports: [fixed], hostName: 'hall', ntpServers: ['ntp.example.com', '10.0.0.1'] }),
      {
        networkFiles: ['10-console.network', '10-cordboard-eth1.network', '10-other.network', '80-cordboard.network'],
        hosts: readFileSync(join(root, 'etc/hosts'), 'utf8'),
      },
    );
    const text = Object.fromEntries(planned.map((one) => [one.path, 'text' in one ? one.text : one.link]));
    expect(text).toMatchObject({
      '/etc/systemd/network/10-console.network': null,
      '/etc/systemd/network/10-cordboard-eth1.network': null,
      '/etc/hostname': 'hall\n',
      '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 hall\n::1 localhost\n10.0.0.9 carrier\n',
      '/etc/localtime': '../usr/share/zoneinfo/Etc/UTC',
    });
    expect(text['/etc/systemd/timesyncd.conf.d/cordboard.conf']).toContain('[Time]\nNTP=ntp.example.com 10.0.0.1\n');
    expect(Object.keys(text)).not.toContain('/etc/systemd/network/80-cordboard.network');
  });
});

test.each([
  ['192.168.7.10/24', '192.168.7.1', true],
  ['192.168.7.10/24', '192.168.8.1', false],
  ['192.168.7.10/24', '192.168.7.10', false],
  ['10.0.0.1/13', '10.7.255.254', true],
  ['10.0.0.1/13', '10.8.0.1', false],
  ['2001:db8::5/64', '2001:db8::1', true],
  ['2001:db8::5/64', '2001:db8:0:1::1', false],
  ['2001:db8::5/64', '192.168.7.1', false],
  ['2001:db8::5/64', 'fe80::1', true],
  ['2001:db8::5/64', 'febf::1', true],
  ['2001:db8::5/64', 'fec0::1', false],
  ['192.168.7.10/24', 'fe80::1', false],
])('%s has %s as its neighbour: %s', (address, other, is) => expect(isNeighbour(address, other)).toBe(is));

test.each([
  [{ ...fixed, address: '' }, 'address'],
  [{ ...fixed, address: '192.168.7.10' }, 'address'],
  [{ ...fixed, address: '192.168.7.10/24\nDHCP=yes' }, 'address'],
  [{ ...fixed, gateway: '192.168.9.1' }, 'gateway'],
  [{ ...fixed, port: '../eth0' }, 'port'],
  [{ ...fixed, dns: ['ns.example.com'] }, 'dns'],
])('%j is refused at %s', (port, path) => {
  const { error } = NetworkPort.safeParse(port);
  expect(error?.issues.map((issue) => issue.path[0])).toContain(path);
});

describe('other addresses', () => {
  const wanted = () => settings({ ports: [fixed], hostName: 'hall', timeZone: 'Asia/Shanghai' });
  const apply = (said: (() => 'keep' | 'back' | undefined) | undefined, confirmWithinMs?: number) =>
    applyNetwork({ settings: wanted(), ports, ...(said && { said }), ...(confirmWithinMs && { confirmWithinMs }) });
  const result = (): { state: string; until: number | null } =>
    JSON.parse(read('run/cordboard-network/result.json') ?? '{}') as never;

  test('stay when they are confirmed', async () => {
    let asked = 0;
    const applied = await apply(() => {
      expect(result()).toMatchObject({ state: 'unconfirmed', until: 1_300_000 });
      return (asked += 1) > 3 ? 'keep' : undefined;
    }, 300_000);
    expect(applied.state).toBe('kept');
    expect(read(FILE)).toContain('Address=192.168.7.10/24');
    expect(read('etc/systemd/network/10-console.network')).toBeUndefined();
    expect(readlinkSync(join(root, 'etc/localtime'))).toBe('../usr/share/zoneinfo/Asia/Shanghai');
    expect(ran).toEqual(['networkctl reload', 'networkctl reconfigure eth0', 'hostnamectl hostname hall']);
    expect(networkInForce(root, findPorts(root, ports.addresses)).ports[0]).toEqual(fixed);
    expect(read('var/lib/cordboard-network/journal.json')).toBeUndefined();
  });

  test.each([
    ['nobody confirms them', () => undefined],
    ['somebody wants the old ones', () => 'back' as const],
  ])('go when %s, name and zone with them', async (_what, said) => {
    expect((await apply(said, 300_000)).state).toBe('returned');
    expect(read(FILE)).toBeUndefined();
    expect(read('etc/systemd/network/10-console.network')).toBe('[Match]\nName=eth0\n');
    expect(read('etc/hostname')).toBe('cordboard\n');
    expect(readlinkSync(join(root, 'etc/localtime'))).toBe('/usr/share/zoneinfo/Etc/UTC');
    expect(ran.slice(-3)).toEqual([
      'networkctl reload',
      'networkctl reconfigure eth0',
      'hostnamectl hostname cordboard',
    ]);
    expect(result().state).toBe('returned');
    if (said() === undefined) expect(ms).toBe(300_000);
  });

  test('that the machine refuses are never there', async () => {
    failing = 'networkctl reconfigure eth0';
    const applied = await apply(() => 'keep', 300_000);
    expect(applied).toMatchObject({ state: 'failed', detail: expect.stringContaining('no such bus') as unknown });
    expect(read(FILE)).toBeUndefined();
    expect(read('etc/hosts')).toContain('127.0.1.1 cordboard');
  });

  test('go from every port, also when one of them cannot be told', async () => {
    const both = settings({ ports: [fixed, { ...fixed, port: 'eth1', address: '10.0.0.5/24', gateway: '' }] });
    failing = 'networkctl reconfigure eth0';
    expect((await applyNetwork({ settings: both, ports, confirmWithinMs: 300_000 })).state).toBe('failed');
    expect(ran.slice(-3)).toContain('networkctl reconfigure eth1');
  });

  test('on probation are nobody’s any more when somebody sets others at the machine', async () => {
    const other = settings({ ports: [{ ...fixed, address: '192.168.7.20/24' }] });
    let asked = 0;
    const wait = async (lasts: number): Promise<void> => {
      ms += lasts;
      if ((asked += 1) === 2) expect((await applyNetwork({ settings: other, ports })).state).toBe('kept');
    };
    const options = { settings: wanted(), ports: { ...ports, wait }, confirmWithinMs: 300_000 };
    expect((await applyNetwork(options)).state).toBe('returned');
    expect(asked).toBe(2);
    expect(read(FILE)).toContain('Address=192.168.7.20/24');
    expect(result().state).toBe('kept');
    expect(networkInForce(root, []).ports[0]?.address).toBe('192.168.7.20/24');
  });

  test('are not those of a new box whose ports ask by DHCP before and after', async () => {
    rmSync(join(root, 'etc/systemd/network/10-console.network'));
    const zoned = settings({ ports: [{ port: 'eth0', mode: 'dhcp' }], timeZone: 'Asia/Shanghai' });
    const asking = { ports, confirmWithinMs: 300_000 };
    expect((await applyNetwork({ ...asking, settings: zoned })).state).toBe('kept');
    expect([read(FILE), ms]).toEqual([expect.stringContaining('DHCP=yes'), 0]);
    expect((await applyNetwork({ ...asking, settings: wanted() })).state).toBe('returned');
  });

  test('that were on probation when the power went are gone before the network is up', async () => {
    const cut = new Error('power');
    await expect(
      apply(() => {
        throw cut;
      }, 300_000),
    ).rejects.toBe(cut);
    expect(read(FILE)).toContain('192.168.7.10');
    ran = [];
    expect(recoverNetwork(ports, false)).toBe(true);
    expect(read(FILE)).toBeUndefined();
    expect(read('etc/hostname')).toBe('cordboard\n');
    expect(ran).toEqual([]);
    expect(recoverNetwork(ports, false)).toBe(false);
  });

  test('go at once when who waits for the word on them is killed, and stay while he lives', async () => {
    const killed = new Error('killed');
    await expect(
      apply(() => {
        throw killed;
      }, 300_000),
    ).rejects.toBe(killed);
    settleNetwork(ports);
    expect([read(FILE), result().state]).toEqual([expect.stringContaining('192.168.7.10'), 'unconfirmed']);

    const journal = 'var/lib/cordboard-network/journal.json';
    const { pid } = spawnSync('true');
    put(journal, JSON.stringify({ ...(JSON.parse(read(journal)!) as object), pid }));
    ran = [];
    settleNetwork(ports);
    expect([read(FILE), result().state]).toEqual([undefined, 'returned']);
    expect(ran).not.toEqual([]);
  });

  test.each([
    ['running', 'failed'],
    ['unconfirmed', 'kept'],
    ['kept', 'kept'],
  ])('of a helper that is killed when they are %s and nothing is half done are told to be %s', (state, is) => {
    const told = { state, at: 1, until: null, detail: '' };
    put('run/cordboard-network/result.json', JSON.stringify(told));
    settleNetwork(ports);
    expect(result().state).toBe(is);
  });

  test('need nobody when who asks stands at the machine, nor does another name', async () => {
    expect((await apply(undefined)).state).toBe('kept');
    const named = settings({ ports: [fixed], hostName: 'desk' });
    const applied = await applyNetwork({ settings: named, ports, confirmWithinMs: 300_000, said: () => undefined });
    expect(applied.state).toBe('kept');
    expect(ms).toBe(0);
  });

  test.each([
    [{ ports: [{ ...fixed, port: 'eth7' }] }, 'network_port_unknown'],
    [{ ports: [fixed, fixed] }, 'network_port_twice'],
    [{ timeZone: 'Asia/Nowhere' }, 'network_zone_unknown'],
    [{ timeZone: '../hostname' }, 'network_zone_unknown'],
  ])('%j: %s', async (more, why) => {
    const checked = NetworkSettings.safeParse({ ...networkInForce(root, []), ...more });
    if (!checked.success) return expect(checked.error.issues[0]?.path[0]).toBe('timeZone');
    expect(await code(applyNetwork({ settings: checked.data, ports }))).toBe(why);
    expect(ran).toEqual([]);
  });
});

test('the box asks, confirms by the code of that change alone, and takes back what nobody has begun', () => {
  const home = temporaryFolder();
  let owned = true;
  const clock = { wallMs: () => 5 } as Clock;
  const desk = new NetworkDesk({
    home,
    root,
    clock,
    owned: () => owned,
    clockFollows: () => null,
    addresses: ports.addresses,
  });
  const wanted = NetworkPut.parse({ settings: settings({ ports: [fixed] }) });
  const refused = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return isAppError(error) ? error.code : error;
    }
  };
  const { code: given } = desk.ask(wanted);
  expect(given).toMatch(/^[0-9a-f]{32}$/);
  expect(refused(() => desk.ask(wanted))).toBe('network_busy');
  expect(refused(() => desk.keep())).toBe('network_nothing_to_confirm');
  desk.back();
  expect(existsSync(join(home, REQUEST))).toBe(false);
  const { code: second } = desk.ask(wanted);
  desk.back();
  put('run/cordboard-network/result.json', JSON.stringify({ state: 'unconfirmed', at: 1, until: 2, detail: '' }));
  for (const wrong of [given, '', second.slice(1)])
    expect(refused(() => desk.keepByCode(wrong))).toBe('network_code_wrong');
  desk.keepByCode(second);
  expect(readFileSync(join(home, ANSWER), 'utf8')).toBe('keep');
  expect(refused(() => desk.keepByCode(second))).toBe('network_code_wrong');
  owned = false;
  put('run/cordboard-network/result.json', JSON.stringify({ state: 'kept', at: 1, until: null, detail: '' }));
  expect(refused(() => desk.ask(wanted))).toBe('network_not_here');
});
