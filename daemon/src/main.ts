// The daemon: one box, from start to signal. Tests and the demo use startBox alone.
import { restoredConfig, startBox, type Box } from './main/box.js';
import { startWatchdog } from './main/watchdog.js';
import { reasonOf } from './main/reason.js';
import { sendLocalDatagram } from './engine/index.js';
import { SETTINGS_VERSION, homeFolder } from './config/index.js';
import { bringBackOlderData, findMachine } from './updates/index.js';
import { createLog, sdNotify, systemClock, type Log } from './platform/index.js';

export { startBox, type Box, type StartBoxOptions } from './main/box.js';
export { FIRST_NUMBER } from './main/seed.js';

/** A part that hangs while it stops does not keep the daemon: systemd would kill it, and what is not written is lost. */
const LONGEST_STOP_MS = 30_000;

/** Runs a box until SIGTERM or SIGINT, also anew when a page asks for it; a second signal ends at once. Resolves with the exit code. */
export async function runDaemon(): Promise<number> {
  // Settings of a newer version cannot be read before those of this one are back.
  await giveOlderVersionItsData(createLog({ level: 'info' }));
  const log = createLog({ level: restoredConfig().settings.log.level });
  const notify = sdNotify({ send: sendLocalDatagram, log });
  const asked = stopSignal(log);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a fault of the program; the daemon ends');
    process.exit(1);
  });
  for (;;) {
    const ended = await runBox(log, notify, asked);
    if (ended !== 'restart') return ended;
    log.info('starting again');
  }
}

/** After an update that was not good, or that somebody has taken back. */
async function giveOlderVersionItsData(log: Log): Promise<void> {
  if (findMachine() === undefined) return;
  try {
    const files = await bringBackOlderData({
      ...{ home: homeFolder(), settingsVersion: SETTINGS_VERSION, nowMs: systemClock.wallMs() },
    });
    if (files.length > 0)
      log.warn({ files }, 'what is there is of a newer version; what was kept before it comes back');
  } catch (error) {
    log.error({ err: error }, `the data of this version do not come back: ${reasonOf(error)}`);
  }
}

async function runBox(
  log: Log,
  notify: ReturnType<typeof sdNotify>,
  asked: Promise<NodeJS.Signals>,
): Promise<number | 'restart'> {
  let box: Box;
  let restart = (): void => undefined;
  const again = new Promise<'restart'>((resolve) => (restart = () => resolve('restart')));
  try {
    box = await startBox({
      ...{ config: restoredConfig(), log, processMetrics: true, restart },
      migrating: ({ step, steps, lastedMs }) =>
        notify.extend(60_000, `changing the database, step ${step} of ${steps}, for ${Math.round(lastedMs / 1000)} s`),
    });
  } catch (error) {
    log.fatal({ err: error }, `Cordboard does not start: ${reasonOf(error)}`);
    return 1;
  }
  const watchdog = startWatchdog({ engine: box.engine, notify, clock: systemClock, log });
  announce(box);
  notify.ready(`listening on ${box.url}`);
  const why = await Promise.race([asked, again]);
  log.info({ why }, 'stopping');
  // The service goes on while the box starts anew.
  if (why !== 'restart') notify.stopping();
  watchdog?.cancel();
  const limit = systemClock.after(LONGEST_STOP_MS, () => {
    log.fatal({ limitMs: LONGEST_STOP_MS }, 'the stop takes too long; the daemon ends as it is');
    process.exit(1);
  });
  const failed = await box.stop();
  limit.cancel();
  log.info({ failed }, 'stopped');
  if (why === 'restart') return why;
  return failed.length === 0 ? 0 : 1;
}

/** Resolves with the first signal; the second ends the process. */
function stopSignal(log: Log): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = true;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (!first) {
        log.warn({ signal }, 'a second signal: the daemon ends at once');
        process.exit(1);
      }
      first = false;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** Where to go and how the first administrator gets in. */
function announce({ url, setupCode, config, log }: Box): void {
  const lines = [`Cordboard runs. Open ${url} in a browser.`];
  if (setupCode !== undefined) {
    lines.push(
      `There is no administrator yet. Choose a name and a password there; the page asks for the set-up code ${setupCode}`,
      `(it stands in ${config.setupCodeFile}, too, until it is used).`,
    );
  }
  if (process.stdout.isTTY) process.stdout.write(`\n${lines.join('\n')}\n\n`);
  else for (const line of lines) log.info(line);
}
