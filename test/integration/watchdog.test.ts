// The daemon and what it tells systemd: a sign of life only while the media tick, the signalling thread and the event loop move.
import { describe, expect, it, onTestFinished } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.js';
import { notifySocket } from '../support/notify-socket.js';
import { stopThread } from '../support/stopped-thread.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Between signs of life: half of what systemd would wait. */
const PERIOD_MS = 500;

const signs = (all: readonly string[]): number => all.filter((one) => one === 'WATCHDOG=1').length;

describe('a daemon that is watched', () => {
  it('says when it is ready, feeds the watchdog, and tells of its stop', async () => {
    const { daemon, heard } = await watched();
    expect(heard.all.find((one) => one.startsWith('READY=1'))).toContain(`MAINPID=${daemon.pid}`);
    await heard.until((all) => signs(all) >= 2);
    const stopped = heard.until((all) => all.includes('STOPPING=1'));
    expect(await daemon.end('SIGTERM')).toBe(0);
    await stopped;
  });

  it.each(['cb-media', 'cb-signalling'])(
    'is not fed while its thread %s hangs, and is again when it goes on',
    async (thread) => {
      const { daemon, heard } = await watched();
      await heard.until((all) => signs(all) >= 1);
      const goOn = await stopThread(daemon.pid, thread);
      // The look that is under way may still find that it has moved.
      await complained(daemon, 1);
      const before = signs(heard.all);
      // The event loop goes on and looks again and again, to which nothing moves.
      await complained(daemon, 4);
      expect(signs(heard.all)).toBe(before);
      expect(await daemon.api.request('GET', '/health')).toMatchObject({ ok: true });
      goOn();
      await heard.until((all) => signs(all) > before + 1);
    },
  );

  it('is not fed while its event loop hangs', async () => {
    const { daemon, heard } = await watched();
    await heard.until((all) => signs(all) >= 1);
    const goOn = await stopThread(daemon.pid);
    const before = signs(heard.all);
    await waited(4 * PERIOD_MS);
    expect(signs(heard.all)).toBe(before);
    goOn();
    await heard.until((all) => signs(all) > before + 1);
  });
});

async function watched(): Promise<{ daemon: DaemonProcess; heard: Awaited<ReturnType<typeof notifySocket>> }> {
  const heard = await notifySocket();
  const env = { NOTIFY_SOCKET: heard.name, WATCHDOG_USEC: String(PERIOD_MS * 2 * 1000) };
  const daemon = new DaemonProcess(temporaryFolder(), env);
  await daemon.start();
  await heard.until((all) => all.some((one) => one.startsWith('READY=1')));
  return { daemon, heard };
}

/** Resolves when the daemon has logged so often that it gives no sign of life. */
async function complained(daemon: DaemonProcess, times: number): Promise<void> {
  await expect.poll(() => daemon.output.split('no sign of life').length - 1).toBeGreaterThanOrEqual(times);
}

/** Nothing happens in a process whose event loop stands: only time tells. */
function waited(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    onTestFinished(() => clearTimeout(timer));
  });
}
