// The loaded switch: every timeslot decoded, watched for digits, connected and recorded in stereo, for 256 to 4096 timeslots;
// what it recorded and heard is compared with what was said.
import { measure, prepare } from './programs.mjs';

const SECONDS = process.env.FIGURES_SWITCH_SECONDS ?? '10';
const TIMESLOTS = 4096;
/** Microseconds of a tick of 20 ms with 4096 timeslots. */
export const GOAL_TICK_US = 1300;
const GOAL_FLATNESS = 1.25;

export async function switch4096(report) {
  await prepare(report);
  const sizes = await measure('switch', '--seconds', SECONDS);
  const full = sizes.find(({ timeslots }) => timeslots === TIMESLOTS);
  report.add('switch4096TickP50', full.tickP50Us, 'us', GOAL_TICK_US, 'most');
  report.add('switch4096TickP99', full.tickP99Us, 'us', GOAL_TICK_US, 'most');
  report.add('switch4096TickMax', full.tickMaxUs, 'us');
  report.add('switch4096MissedTicks', full.missed, 'ticks', 0, 'exactly');
  report.add('switch4096Ticks', full.ticks, 'ticks');
  report.add('switch4096Threads', full.threads, 'threads');
  report.add('switch4096LatenessP99', full.latenessP99Us, 'us');
  for (const { timeslots, nsPerTimeslot } of sizes) report.add(`switchNsPerTimeslot${timeslots}`, nsPerTimeslot, 'ns');
  const costs = sizes.map(({ nsPerTimeslot }) => nsPerTimeslot);
  report.add('switchCostFlatness', Math.max(...costs) / Math.min(...costs), 'max/min', GOAL_FLATNESS, 'most');
  addWork(report, 'switch4096', full);
}

/** What the work of a loaded switch was worth. */
export function addWork(report, name, run) {
  report.add(`${name}RecordedBytes`, run.recordedBytes, 'B');
  report.add(`${name}RecordingsChecked`, run.recordingsChecked, 'files', 1);
  report.add(`${name}RecordingsWrong`, run.recordingsWrong, 'files', 0, 'exactly');
  report.add(`${name}LostBlocks`, run.lostBlocks, 'blocks', 0, 'exactly');
  report.add(`${name}DigitsExpected`, run.digitsExpected, 'digits', 1);
  report.add(`${name}DigitsWrong`, run.digitsWrong, 'digits', 0, 'exactly');
}
