// Four times the calls that the bare stack holds: new ones are turned away with 503 and Retry-After, those in progress stay.
import { capacity, withStack } from './bare-stack.mjs';
import { placing, placeCalls } from './sip-box.mjs';

const TIMES = 4;
const SECONDS = 10;
const IN_PROGRESS = 500;
const GOAL_GOODPUT = 0.8;

export async function overload(report) {
  await withStack(async ({ port, used }) => {
    const { held } = await capacity(port, used);
    await calm(port);
    // Calls in progress, that end when the flood is over.
    const holdMs = (SECONDS + 10) * 1000;
    const before = placing({ port, rate: 100, seconds: IN_PROGRESS / 100, holdMs });
    await new Promise((resolve) => setTimeout(resolve, (IN_PROGRESS / 100 + 1) * 1000));
    const flood = await placeCalls({ port, rate: TIMES * held, seconds: SECONDS });
    const kept = await before.done;
    // The first two seconds are those in which it is noticed.
    const goodput = flood.answeredIn.slice(2, SECONDS).reduce((sum, count) => sum + count, 0) / (SECONDS - 2);
    report.add('overloadCapacity', held, 'calls/s');
    report.add('overloadOffered', flood.begun / SECONDS, 'calls/s');
    report.add('overloadShed', flood.shed, 'calls', 1);
    report.add('overloadShedWithoutRetryAfter', flood.shedWithoutRetryAfter, 'calls', 0, 'exactly');
    report.add('overloadInProgress', kept.answered, 'calls', IN_PROGRESS);
    report.add('overloadInProgressLost', kept.answered - kept.ended, 'calls', 0, 'exactly');
    report.add('overloadAnsweredLost', flood.lost, 'calls', 0, 'exactly');
    report.add('overloadGoodput', goodput / held, 'of capacity', GOAL_GOODPUT);
    report.add('overloadUnanswered', flood.failed, 'calls');
  });
}

/** Until what the search for the capacity left behind is over: nothing is turned away. */
async function calm(port) {
  for (let tries = 0; tries < 30; tries += 1) {
    const { begun, ended } = await placeCalls({ port, rate: 20, seconds: 2 });
    if (ended === begun) return;
  }
  throw new Error('calls are still turned away a minute after there were too many');
}
