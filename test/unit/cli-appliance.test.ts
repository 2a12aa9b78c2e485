// `cordboard update`, `cordboard drain` and `cordboard network` as they are typed, on a machine of files.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { readBootState } from '../../daemon/src/updates/index.js';
import { ImageMachine } from '../support/image-machine.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { typed } from '../support/typed.js';

let root: string;
let home: string;
let image: ImageMachine;
let run: ReturnType<typeof typed>;

beforeEach(() => {
  root = temporaryFolder();
  home = temporaryFolder();
  image = new ImageMachine(root, '1.0.0', 1 << 20);
  // No box answers there: nobody talks.
  run = typed({ home, base: 'http://127.0.0.1:1' });
  writeFileSync(join(home, 'local-token'), 'x\n');
  const programs = temporaryFolder();
  for (const name of ['blockdev', 'systemctl', 'networkctl', 'hostnamectl']) {
    writeFileSync(join(programs, name), `#!/bin/sh\necho "$0 $*" >> ${programs}/ran\n`);
    chmodSync(join(programs, name), 0o755);
  }
  vi.stubEnv('PATH', `${programs}${delimiter}${process.env['PATH'] ?? ''}`);
});

test('update: shows, looks at a file, installs it, restarts, and goes back', async () => {
  const file = join(home, 'new.cbu');
  writeFileSync(file, image.bundle({ version: '1.1.0' }));
  expect(await run(`update show --root ${root}`)).toEqual([0, 'Version 1.0.0 in slot a']);
  expect(await run(`update check ${file} --root ${root}`)).toEqual([0, 'Version 1.1.0: can be installed.']);
  expect(readBootState(image.state).trial).toBe('');
  const [code, said] = await run(`update install ${file} --restart --within 1 --root ${root} --home ${home}`);
  expect([code, said]).toEqual([0, expect.stringContaining('Version 1.1.0 is installed and starts on trial')]);
  expect(readBootState(image.state)).toMatchObject({ slot: 'a', trial: 'b', left: 3 });
  expect(await run(`update install ${join(home, 'none.cbu')} --root ${root}`)).toEqual([
    1,
    expect.stringContaining('none.cbu cannot be read'),
  ]);
  image.boot('1.1.0');
  expect((await run(`update back --root ${root}`))[1]).toContain('on trial');
  expect((await run(`update show --json --root ${root}`))[1]).toContain('"onTrial":true');
});

test('update: what is refused says why, and a machine that is none says how it is updated', async () => {
  const file = join(home, 'old.cbu');
  writeFileSync(file, image.bundle({ version: '0.9.0' }));
  for (const what of ['check', 'install'])
    expect(await run(`update ${what} ${file} --root ${root}`)).toEqual([
      1,
      expect.stringContaining('The update is version 0.9.0, and 1.0.0 runs already'),
    ]);
  expect((await run(`update install --root ${root}`))[0]).toBe(2);
  expect((await run(`update dance --root ${root}`))[0]).toBe(2);
  expect(await run(`update show --root ${home}`)).toEqual([1, expect.stringContaining('not started from an image')]);
});

test('drain: waits for calls, tells of them, and gives up at the limit', async () => {
  const counts = [2, 2, 1, 0];
  const server = createServer((_request, reply) => {
    reply.setHeader('content-type', 'application/json');
    reply.end(JSON.stringify({ count: counts.shift() ?? 3, more: false }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  expect(await run(`drain --home ${home}`)).toEqual([0, '']);
  writeFileSync(join(home, 'address'), `http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`);
  const [code, said] = await run(`drain --within 1 --home ${home}`);
  expect(code).toBe(0);
  expect(said.split('\n')).toEqual([
    'Waiting for 2 calls to end, 1 minutes at most.',
    'Waiting for 1 calls to end, 1 minutes at most.',
  ]);
  expect(await run(`drain --within 0 --home ${home}`)).toEqual([1, '3 calls are still in progress.']);
  expect(await run(`drain --within 0 --quiet --home ${home}`)).toEqual([1, '']);
  expect((await run(`drain --within soon --home ${home}`))[0]).toBe(2);
});

test('network: is shown and set by who stands at the machine, and refused in his words', async () => {
  const put = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [path, text] of Object.entries({
    type: '1',
    carrier: '0',
    address: '52:54:00:00:00:01',
    'device/vendor': '1',
  }))
    put(`sys/class/net/lan0/${path}`, `${text}\n`);
  put('etc/hostname', 'cordboard\n');
  for (const zone of ['Etc/UTC', 'Asia/Shanghai']) put(`usr/share/zoneinfo/${zone}`, 'TZif2');
  const lan0 = `network set --root ${root} --port lan0`;
  expect(await run(`network show --root ${root}`)).toEqual([0, 'lan0  DHCP  no link\ncordboard  Etc/UTC']);
  expect(await run(`${lan0} --address 192.168.7.10/24 --gateway 192.168.7.1 --zone Asia/Shanghai`)).toEqual([
    0,
    'The network is set.',
  ]);
  expect((await run(`network show --root ${root}`))[1]).toBe(
    'lan0  192.168.7.10/24  no link\ncordboard  Asia/Shanghai',
  );
  const refused: [string, number, string][] = [
    [`${lan0} --address 192.168.7.10`, 2, 'length of its prefix'],
    [`${lan0} --address 192.168.7.10/24 --gateway 10.0.0.1`, 2, 'same network'],
    [`${lan0} --address 192.168.7.10/24 --dhcp`, 2, '--dhcp or --address?'],
    [`network set --root ${root} --port lan9 --dhcp`, 1, 'no network port lan9'],
    [`network set --root ${root} --zone Mars/Olympus`, 1, 'time zone Mars/Olympus'],
    [`network set --root ${home} --port lan0 --dhcp`, 1, 'set up by the system'],
  ];
  for (const [line, code, why] of refused) expect(await run(line)).toEqual([code, expect.stringContaining(why)]);
});
