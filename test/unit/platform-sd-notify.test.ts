// What systemd is told, and how: sd_notify(3).
import { describe, expect, test } from 'vitest';
import { sendLocalDatagram } from '../../daemon/src/engine/index.js';
import { sdNotify } from '../../daemon/src/platform/index.js';
import { notifySocket } from '../support/notify-socket.js';

const present = notifySocket.possible;

describe.runIf(present)('sd_notify', () => {
  test.each(['path', 'abstract'])('tells systemd over a socket with a name of the kind %s', async (kind) => {
    const heard = await notifySocket(kind === 'abstract');
    const env = { NOTIFY_SOCKET: heard.name, WATCHDOG_USEC: '10000000' };
    const notify = sdNotify({ env, send: sendLocalDatagram });
    expect(notify.watchdogPeriodMs).toBe(5000);
    notify.ready('2 spans\nSTOPPING=1');
    notify.watchdog();
    notify.stopping();
    await heard.until((all) => all.length === 3);
    expect(heard.all).toEqual([
      `READY=1\nMAINPID=${process.pid}\nSTATUS=2 spans STOPPING=1`,
      'WATCHDOG=1',
      'STOPPING=1',
    ]);
  });
});

test('does nothing when nobody wants to hear, and does not fail when it cannot', () => {
  const never = (): never => {
    throw new Error('something was sent');
  };
  const unwanted = sdNotify({ env: {}, send: never });
  expect(unwanted.wanted).toBe(false);
  expect(unwanted.watchdogPeriodMs).toBeUndefined();
  unwanted.ready();
  sdNotify({ env: { NOTIFY_SOCKET: '/nowhere/notify' }, send: sendLocalDatagram }).ready();
});

test('a name that is no socket of the unix domain is refused by its error', () => {
  for (const name of ['', '/', '@', 'relative', `/${'x'.repeat(108)}`, '/with\0zero'])
    expect(() => sendLocalDatagram(name, 'READY=1')).toThrow('EINVAL');
  expect(() => sendLocalDatagram('/nowhere/notify', 'READY=1')).toThrow('ENOENT');
});

test('does not feed a watchdog that watches another process', () => {
  const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' };
  expect(sdNotify({ env, send: () => undefined }).watchdogPeriodMs).toBeUndefined();
});
