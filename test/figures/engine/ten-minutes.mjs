// Ten minutes of 4096 timeslots while a call centre beside them takes call after call: does a tick come too late?
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { addWork } from './switch4096.mjs';
import { measure, prepare } from './programs.mjs';

const SECONDS = process.env.FIGURES_SECONDS ?? '600';
const NEIGHBOUR = new URL('busy-box.mjs', import.meta.url).pathname;

export async function tenMinutes(report) {
  await prepare(report);
  const neighbour = fork(NEIGHBOUR, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const gone = once(neighbour, 'exit');
  let run;
  let calls;
  try {
    await said(neighbour, gone, 'busy');
    [run] = await measure('switch', '--scenario', 'switch4096', '--seconds', SECONDS);
    const counted = said(neighbour, gone, 'connected');
    neighbour.send('stop');
    ({ connected: calls } = await counted);
  } finally {
    if (neighbour.connected) neighbour.disconnect();
    await gone;
  }
  report.add('tenMinutesSeconds', run.ticks / 50, 's', 600);
  report.add('tenMinutesMissedTicks', run.missed, 'ticks', 0, 'exactly');
  report.add('tenMinutesTickP50', run.tickP50Us, 'us');
  report.add('tenMinutesTickP99', run.tickP99Us, 'us');
  report.add('tenMinutesTickMax', run.tickMaxUs, 'us');
  report.add('tenMinutesLatenessP99', run.latenessP99Us, 'us');
  report.add('tenMinutesCallsBeside', calls, 'calls', 1);
  addWork(report, 'tenMinutes', run);
}

/** The next message of the neighbour that has such a field; its end is an error. */
async function said(neighbour, gone, field) {
  const told = new Promise((resolve) => {
    const listen = (message) => {
      if (!(field in message)) return;
      neighbour.off('message', listen);
      resolve(message);
    };
    neighbour.on('message', listen);
  });
  const ended = gone.then(([code, signal]) => {
    throw new Error(`the call centre beside the switch ended with ${signal ?? code}`);
  });
  return Promise.race([told, ended]);
}
