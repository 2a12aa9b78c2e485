import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sdNotify } from '../../daemon/src/platform/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// Node cannot open such a socket; Python can.
const RECEIVER = `
import array, os, socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
while True:
    data, ancillary, flags, address = s.recvmsg(4096, 4096)
    print(repr(data), flush=True)
    # systemd-notify ends when what it sent along (BARRIER=1) is closed, as systemd does once it has read all before it.
    for level, kind, fds in ancillary:
        if kind == socket.SCM_RIGHTS:
            for fd in array.array("i", fds[: len(fds) - len(fds) % 4]):
                os.close(fd)
`;
const present = spawnSync('systemd-notify', ['--version']).status === 0 && spawnSync('python3', ['-V']).status === 0;

async function receiver(name: string): Promise<() => string> {
  const child = spawn('python3', ['-c', RECEIVER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  await once(child.stdout, 'data');
  return () => text;
}

describe.runIf(present)('sd_notify', () => {
  test.each(['path', 'abstract'])('tells systemd over a socket with a name of the kind %s', async (kind) => {
    const name = kind === 'path' ? join(temporaryFolder(), 'notify') : `@cordboard-test-${process.pid}`;
    const heard = await receiver(name);
    const notify = sdNotify({ env: { NOTIFY_SOCKET: name, PATH: process.env['PATH'], WATCHDOG_USEC: '10000000' } });
    expect(notify.watchdogPeriodMs).toBe(5000);
    await notify.ready('2 spans\nSTOPPING=1');
    await notify.watchdog();
    await notify.stopping();
    expect(heard()).toContain(`READY=1\\nMAINPID=${process.pid}\\nSTATUS=2 spans STOPPING=1`);
    expect(heard()).toContain('WATCHDOG=1');
    expect(heard()).toContain("b'STOPPING=1");
  });
});

test('does nothing when nobody wants to hear, and does not fail when it cannot', async () => {
  const unwanted = sdNotify({ env: {} });
  expect(unwanted.wanted).toBe(false);
  expect(unwanted.watchdogPeriodMs).toBeUndefined();
  await unwanted.ready();
  await sdNotify({ env: { NOTIFY_SOCKET: '/nowhere/notify' }, program: '/nowhere/systemd-notify' }).ready();
});

test('does not feed a watchdog that watches another process', () => {
  const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' };
  expect(sdNotify({ env }).watchdogPeriodMs).toBeUndefined();
});
