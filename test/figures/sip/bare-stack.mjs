// The stack alone: its thread, an application that answers at once, and callers in another process. What it holds, and what
// a call costs its thread.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { placeCalls } from './sip-box.mjs';

const GOAL = 1500;
/** of the ladder of rates, before which the code is warm */
const FIRST = 300;
const STEP = 1.3;
const SECONDS = 4;
/** between the last rung that held and the first that did not */
const HALVINGS = 2;
/** A pause of the whole machine is not the stack's: a rate that fails is tried again. */
const TRIES = 3;

export async function bareStack(report) {
  await withStack(async ({ port, used }) => {
    const { held, us } = await capacity(port, used);
    report.add('bareAnsweredPerSecond', held, 'calls/s', GOAL);
    report.add('bareCpuPerCall', us.stack, 'us', Math.floor(1e6 / GOAL), 'most');
    report.add('bareCpuPerCallInKernel', us.kernel, 'us');
    const { statistics } = await used();
    report.add('bareCallsLeft', statistics.calls, 'calls', 0, 'exactly');
  });
}

/** The highest rate of a ladder at which none failed and nearly all were answered within their second. */
export async function capacity(port, used) {
  await placeCalls({ port, rate: FIRST, seconds: 5 });
  let best;
  let tooMuch = 8000;
  for (let rate = FIRST; rate < tooMuch; rate = Math.round(rate * STEP)) {
    const rung = await attempt(port, used, rate);
    if (rung === undefined) tooMuch = rate;
    else best = { ...rung, rate };
  }
  if (best === undefined) throw new Error(`not even ${FIRST} calls a second are answered`);
  for (let halvings = 0; halvings < HALVINGS; halvings += 1) {
    const rate = Math.round((best.rate + tooMuch) / 2);
    const rung = await attempt(port, used, rate);
    if (rung === undefined) tooMuch = rate;
    else best = { ...rung, rate };
  }
  return best;
}

async function attempt(port, used, rate) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const before = await used();
    const { begun, ended, failed, lost, shed } = await placeCalls({ port, rate, seconds: SECONDS });
    const after = await used();
    const calls = after.offered - before.offered;
    const cost = (key) => ((after[key] - before[key]) * 1000) / calls;
    // A generator that could not keep its rate says so by what it began.
    if (failed + lost + shed === 0 && begun >= 0.97 * rate * SECONDS)
      return { held: ended / SECONDS, us: { stack: cost('stack'), kernel: cost('stackKernel') } };
  }
  return undefined;
}

/** Runs `work` with a stack in a process of its own. */
export async function withStack(work) {
  const child = fork(fileURLToPath(new URL('stack-child.mjs', import.meta.url)), { stdio: 'inherit' });
  const gone = new Promise((_, reject) =>
    child.once('exit', (code) => reject(new Error(`the stack's process ended with ${code}`))),
  );
  gone.catch(() => undefined);
  const said = () => Promise.race([new Promise((resolve) => child.once('message', resolve)), gone]);
  const { port } = await said();
  const used = () => {
    const answer = said();
    child.send('used');
    return answer;
  };
  try {
    return await work({ port, used });
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.send('stop');
    await ended;
  }
}
