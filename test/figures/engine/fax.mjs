// Fax: what an end costs, and three hundred at once in real time, each of their pages compared pixel by pixel.
import { hasBench, measure, prepare } from './programs.mjs';

const ENDS = 300;
const GOAL_ENDS_PER_CORE = 1000;

export async function fax(report) {
  if (!hasBench('fax')) throw new Error('there is no fax_bench');
  await prepare(report);
  const [run] = await measure('fax', '--ends', String(ENDS), '--realtime');
  report.add('faxEndsPerCoreV17', run.faxEndsPerCoreV17, 'ends', GOAL_ENDS_PER_CORE);
  for (const modem of ['V17', 'V29', 'V27ter']) report.add(`faxEndNs${modem}`, run[`faxEndNs${modem}`], 'ns');
  report.add('faxEndsAtOnce', run.ends, 'ends', ENDS);
  // One end of a call sends, the other receives.
  report.add('faxPagesIdentical', run.identicalPages, 'pages', ENDS / 2);
  report.add('faxEndsFailed', run.failedEnds, 'ends', 0, 'exactly');
  report.add('faxUnderruns', run.underruns, 'blocks', 0, 'exactly');
  report.add('faxSeconds', run.seconds, 's');
  report.add('faxCpuSeconds', run.cpuSeconds, 's');
}
