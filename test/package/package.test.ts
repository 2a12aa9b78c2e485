// The package on a Debian 12 of its own, with systemd: installed, watched, upgraded, removed, purged.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopThread } from '../support/stopped-thread.js';
import { baseMachine, Machine, makeDeb, wantedBy, type Deb } from './machine.js';

const INSTALL = fileURLToPath(new URL('../../install/install.sh', import.meta.url));
const HEALTH = 'curl --silent --fail http://127.0.0.1:8080/api/v1/health';
const LATER = '0.1.1';

let folder: string;
let first: Deb;
let second: Deb;
let machine: Machine;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordboard-package-'));
  first = await makeDeb(folder);
  second = await makeDeb(folder, LATER);
  const archive = await baseMachine(await wantedBy(first.file));
  machine = await Machine.unpack(archive, 'package');
  for (const { file } of [first, second]) copyFileSync(file, join(machine.folder, 'root', basename(file)));
  copyFileSync(INSTALL, join(machine.folder, 'root/install.sh'));
  await machine.boot();
}, 1_200_000);

afterAll(async () => {
  await machine?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

/** As root in the machine, through the API that a box offers on its own machine. */
const api = (method: string, path: string, body = ''): Promise<string> =>
  machine.ok(
    `curl --silent --show-error --fail-with-body -X ${method} -H "Authorization: Bearer $(cat /var/lib/cordboard/local-token)" ` +
      `-H 'Content-Type: application/json' ${body === '' ? '' : `-d '${body}' `}http://127.0.0.1:8080/api/v1${path}`,
  );

const show = (unit: string, property: string): Promise<string> =>
  machine.ok(`systemctl show --property=${property} --value ${unit}`);

const install = (deb: Deb): Promise<string> =>
  machine.ok(
    `apt-get install --yes --no-install-recommends --allow-downgrades /root/${basename(deb.file)} 2>&1`,
    600_000,
  );

const health = async (): Promise<{ version: string }> =>
  JSON.parse(await machine.until(HEALTH, (text) => text.startsWith('{'))) as { version: string };

const organisation = async (): Promise<unknown> => {
  const { settings } = JSON.parse(await api('GET', '/settings')) as { settings: { path: string; value: unknown }[] };
  return settings.find(({ path }) => path === 'organisation.name')?.value;
};

describe('the files', () => {
  const list = (): string[] =>
    execFileSync('dpkg-deb', ['--fsys-tarfile', first.file], { maxBuffer: 2 ** 30 }).length > 0
      ? execFileSync('dpkg-deb', ['--contents', first.file], { encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\n')
      : [];

  it('are the same in two builds', async () => {
    const again = await makeDeb(join(folder, 'again'));
    expect(again.sha256).toBe(first.sha256);
    expect(second.sha256).not.toBe(first.sha256);
  }, 600_000);

  it('belong to root, and are those that are needed to run', () => {
    const lines = list();
    const paths = lines.map((line) => line.split(' ./')[1] ?? '');
    for (const wanted of [
      'bin/node',
      'daemon/dist/main.js',
      'native/build/Release/cordboard.node',
      'admin-ui/dist/index.html',
    ])
      expect(paths).toContain(`usr/lib/cordboard/${wanted}`);
    expect(lines.filter((line) => line !== '' && !/^\S+ root\/root /.test(line))).toEqual([]);
    expect(
      paths.filter((path) => /node_modules\/(typescript|vitest|vite|eslint|cmake-js|node-gyp)\//.test(path)),
    ).toEqual([]);
    expect(paths.filter((path) => /\.(d\.ts|map|pem|key|sqlite)$/.test(path))).toEqual([]);
  });
});

describe('installed', () => {
  it('runs, and answers', async () => {
    await install(first);
    expect(await machine.until('systemctl is-active cordboard', (said) => said === 'active')).toBe('active');
    expect((await health()).version).toBe(first.version);
    expect(await machine.ok('curl --silent --output /dev/null --write-out "%{http_code}" http://127.0.0.1:8080/')).toBe(
      '200',
    );
    expect(await machine.ok('cordboard --version')).toBe(first.version);
    expect(await machine.ok('stat -c "%U %G %a" /var/lib/cordboard')).toBe('cordboard cordboard 750');
    expect(await show('cordboard', 'NRestarts')).toBe('0');
    expect(await machine.ok('systemctl is-enabled cordboard')).toBe('enabled');
  }, 900_000);

  it('has its media threads at real-time priority and no right beyond that', async () => {
    const pid = await show('cordboard', 'MainPID');
    expect(await machine.ok(`grep -h ^CapEff /proc/${pid}/status`)).toMatch(/0000000000804400$/);
    const threads = await machine.ok(
      `for t in /proc/${pid}/task/*; do echo $(cat $t/comm) $(cut -d' ' -f41 $t/stat); done`,
    );
    // 1: SCHED_FIFO
    expect(threads).toMatch(/^cb-media 1$/m);
  });

  it('has units that systemd finds nothing wrong with', async () => {
    const { code, stdout, stderr } = await machine.sh('systemd-analyze verify --man=no /lib/systemd/system/cordboard*');
    expect(`${stdout}${stderr}`.trim()).toBe('');
    expect(code).toBe(0);
    const exposure = await machine.ok('systemd-analyze security --no-pager cordboard.service | tail -1');
    console.log(exposure);
    expect(Number(/: ([\d.]+)/.exec(exposure)?.[1])).toBeLessThanOrEqual(3);
  });

  it('may listen where browsers ask first', async () => {
    await machine.ok('mkdir -p /run/systemd/system/cordboard.service.d');
    await machine.ok(
      `printf '[Service]\\nEnvironment=CORDBOARD_HTTP_PORT=80 CORDBOARD_HTTPS_PORT=443\\n' > /run/systemd/system/cordboard.service.d/ports.conf`,
    );
    await machine.ok('systemctl daemon-reload && systemctl restart cordboard');
    await machine.until('curl --silent --fail http://127.0.0.1/api/v1/health', (text) => text.includes(first.version));
    await machine.until('curl --silent --fail --insecure https://127.0.0.1/api/v1/health', (text) =>
      text.includes(first.version),
    );
    await machine.ok('rm -r /run/systemd/system/cordboard.service.d && systemctl daemon-reload');
    await machine.ok('systemctl restart cordboard');
    await health();
  });

  it('shows, changes and makes its certificate by command, and says how updates come', async () => {
    const shown = await machine.ok('cordboard tls show --json');
    expect(JSON.parse(shown)).toMatchObject({ source: 'own', ordering: false });
    const subject = '-subj /CN=box.example.com -addext subjectAltName=DNS:box.example.com';
    await machine.ok(
      `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 ${subject} -keyout /root/key.pem -out /root/cert.pem 2>&1`,
    );
    await machine.ok('cordboard tls upload /root/cert.pem /root/key.pem');
    expect(JSON.parse(await machine.ok('cordboard tls show --json'))).toMatchObject({
      ...{ source: 'uploaded', names: ['box.example.com'] },
    });
    const wrong = await machine.sh('cordboard tls upload /root/key.pem /root/cert.pem');
    expect(wrong.code).toBe(1);
    await machine.ok('cordboard tls own');
    expect(JSON.parse(await machine.ok('cordboard tls show --json'))).toMatchObject({ source: 'own' });
    for (const command of ['update show', 'update install /root/none.cbu', 'network set --port eth0 --dhcp']) {
      const { code, stderr } = await machine.sh(`cordboard ${command}`);
      expect([command, code]).toEqual([command, 1]);
      expect(stderr).toMatch(/image of Cordboard|system that Cordboard was installed on/);
    }
    expect(JSON.parse(await api('GET', '/updates'))).toMatchObject({ possible: false, origin: 'package' });
    expect(JSON.parse(await api('GET', '/network'))).toMatchObject({ possible: false });
  });

  it('lets the kernel hold the bans of SIP, and lets go of them', async () => {
    await machine.ok('cordboard ban add 203.0.113.9 --hours 2');
    const LIST = 'nft list set inet cordboard banned4';
    const held = await machine.until(LIST, (text) => text.includes('203.0.113.9'));
    expect(held).toMatch(/203\.0\.113\.9 timeout (2h|1h59m)/);
    await machine.ok('cordboard ban lift 203.0.113.9');
    await machine.until(LIST, (text) => text.includes('set banned4') && !text.includes('203.0.113.9'));
  });

  it('looks at the machine as root, and shows what it has seen', async () => {
    await machine.ok('systemctl start cordboard-health.service');
    const look = JSON.parse(await machine.ok('cat /run/cordboard-health/machine.json')) as { clockFollows: unknown };
    expect(look.clockFollows).toBe(false);
    const { concerns } = JSON.parse(await api('GET', '/system/health')) as { concerns: { kind: string }[] };
    expect(concerns.map(({ kind }) => kind)).toContain('clock');
    await machine.ok('systemctl start cordboard-backup.service');
    const timers = await machine.ok('systemctl list-timers --no-legend "cordboard-*"');
    for (const name of ['cordboard-health.timer', 'cordboard-backup.timer']) expect(timers).toContain(name);
  });

  it('packs what a helper needs, without secrets', async () => {
    const secret = await machine.ok('cat /var/lib/cordboard/setup-code');
    const token = await machine.ok('cat /var/lib/cordboard/local-token');
    await machine.ok('cordboard support /root/support.tar.gz');
    const all = await machine.ok('tar -xzOf /root/support.tar.gz');
    expect(all).toContain('Cordboard runs. Open http');
    expect(all).toContain('[removed]');
    for (const one of [secret, token]) expect(all).not.toContain(one);
  });

  it('takes a call', async () => {
    const said = await machine.ok('runuser -u cordboard -- env HOME=/tmp cordboard demo --json 2>&1', 180_000);
    expect(said).toContain('answered');
  }, 240_000);

  it.each(['cb-media', 'cb-signalling', 'event loop'])(
    'is started anew when its thread %s hangs',
    async (thread) => {
      const before = Number(await show('cordboard', 'NRestarts'));
      const pid = machine.hostPid(Number(await show('cordboard', 'MainPID')));
      const goOn = await stopThread(pid, ...(thread === 'event loop' ? [] : [thread]));
      const began = performance.now();
      await machine.until(
        'journalctl --unit=cordboard --no-pager',
        (log) => log.split('Watchdog timeout').length > before + 1,
      );
      console.log(
        `${thread} hangs: systemd ends the daemon after ${((performance.now() - began) / 1000).toFixed(1)} s`,
      );
      goOn();
      await machine.until(
        'systemctl show --property=NRestarts --value cordboard',
        (count) => Number(count) === before + 1,
      );
      expect((await health()).version).toBe(first.version);
      console.log(`it answers again after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    },
    180_000,
  );
});

describe('upgraded', () => {
  it('waits for calls in progress, with a limit', async () => {
    await machine.until(HEALTH, (text) => text.startsWith('{'));
    const ask = (what: string): string =>
      `curl --silent --fail -H "Authorization: Bearer $(cat /var/lib/cordboard/local-token)" -H 'Content-Type: application/json' ${what}`;
    const at = (path: string): string => `http://127.0.0.1:8080/api/v1${path}`;
    const count = ask(`'${at('/calls/count?state=live')}'`);
    /** One alone; right after a start the line may not be up yet, and it is placed once more. */
    const call = async (talkMs: number): Promise<void> => {
      await machine.until(count, (text) => text.includes('"count":0'));
      const wanted = JSON.stringify({ calledNumber: '95001', callingNumber: '13800138000', hangUpAfterMs: talkMs });
      const place = ask(`-X POST -d '${wanted}' ${at('/exchange/calls')}`);
      await machine.until(`${count} | grep '"count":1' || { ${place} > /dev/null; sleep 1; }`, (text) => text !== '');
    };
    await call(120_000);
    // What dpkg runs before it unpacks; a limit of no minutes is over at once.
    const prerm = '/var/lib/dpkg/info/cordboard.prerm upgrade 9';
    const soon = await machine.sh(`CORDBOARD_UPGRADE_WAIT_MINUTES=0 ${prerm}`);
    expect([soon.code, soon.stderr]).toEqual([0, expect.stringContaining('1 calls are still in progress')]);
    await api(
      'DELETE',
      `/exchange/calls/${(JSON.parse(await api('GET', '/exchange/calls')) as { id: string }[])[0]?.id}`,
    );
    await call(10_000);
    const began = performance.now();
    const waited = await machine.sh(prerm, 120_000);
    expect([waited.code, waited.stderr]).toEqual([
      0,
      expect.stringContaining('Waiting for 1 calls to end, 15 minutes'),
    ]);
    expect(waited.stderr).not.toContain('still in progress');
    console.log(`the upgrade has waited ${((performance.now() - began) / 1000).toFixed(1)} s for the call to end`);
    expect(JSON.parse(await api('GET', '/calls/count?state=live'))).toMatchObject({ count: 0 });
  }, 240_000);

  it('keeps data and what the administrator has written, and runs the new version', async () => {
    await api('PUT', '/settings', '{"changes":{"organisation.name":"Kept Ltd"}}');
    await machine.ok('echo "CORDBOARD_LOG_LEVEL=debug" >> /etc/cordboard/cordboard.env');
    const said = await machine.ok('/root/install.sh /root 2>&1', 600_000);
    expect(said).toContain(`Bringing version ${first.version} up to ${LATER}`);
    await machine.until(HEALTH, (text) => text.includes(LATER));
    expect(await organisation()).toBe('Kept Ltd');
    expect(await machine.ok('tail -1 /etc/cordboard/cordboard.env')).toBe('CORDBOARD_LOG_LEVEL=debug');
  }, 600_000);
});

describe('install.sh', () => {
  it('can be run again', async () => {
    const said = await machine.ok('/root/install.sh /root 2>&1', 600_000);
    expect(said).toContain(`Version ${LATER} is installed already`);
    expect(said).toContain('The service runs');
    expect(await organisation()).toBe('Kept Ltd');
  }, 600_000);

  it('does not go back to an older version, nor take what is no package', async () => {
    for (const [wrong, why] of [
      [basename(first.file), 'A newer version is installed'],
      ['install.sh', 'is no package of Cordboard'],
      ['none.deb', 'There is no /root/none.deb'],
    ]) {
      const { code, stderr } = await machine.sh(`/root/install.sh /root/${wrong}`);
      expect(stderr).toContain(why);
      expect(code).toBe(1);
    }
    expect((await health()).version).toBe(LATER);
  });
});

describe('removed', () => {
  it('leaves the data where they are', async () => {
    await machine.ok('apt-get remove --yes cordboard 2>&1', 300_000);
    expect((await machine.sh('systemctl is-active cordboard')).stdout.trim()).toBe('inactive');
    expect((await machine.sh('command -v cordboard')).code).not.toBe(0);
    await machine.ok('test -s /var/lib/cordboard/cordboard.sqlite');
    expect(await machine.ok('find /usr/lib/cordboard 2>/dev/null | wc -l')).toBe('0');
  }, 300_000);

  it('and installed again goes on with them', async () => {
    await install(second);
    await health();
    expect(await organisation()).toBe('Kept Ltd');
  }, 600_000);

  it('and purged asks; without anybody to ask the data stay', async () => {
    await machine.ok('apt-get purge --yes cordboard 2>&1', 300_000);
    await machine.ok('test -s /var/lib/cordboard/cordboard.sqlite');
    expect((await machine.sh('test -e /etc/cordboard')).code).not.toBe(0);
  }, 300_000);

  it('and purged with a yes takes them along', async () => {
    await install(second);
    await health();
    await machine.ok('echo "cordboard cordboard/purge-data boolean true" | debconf-set-selections');
    await machine.ok('apt-get purge --yes cordboard 2>&1', 300_000);
    expect((await machine.sh('test -e /var/lib/cordboard')).code).not.toBe(0);
    expect(await machine.ok('systemctl list-unit-files "cordboard*" --no-legend | wc -l')).toBe('0');
  }, 600_000);
});
