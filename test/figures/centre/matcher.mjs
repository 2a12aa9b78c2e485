// A decision of the matcher when one agent becomes ready: 400 agents, 40 queues, 300 calls that wait.
import { runChild } from '../../../install/lib/children.mjs';

export async function matcher(report) {
  const { decisions, offered, p50Ms, p99Ms, longestMs, all, wholeMs } = await runChild('centre-matcher-child');
  report.note(`${decisions} decisions, ${offered} calls offered; ${all} at once when everybody is free`);
  report.add('decisionMedian', p50Ms, 'ms', 1, 'most');
  report.add('decisionP99', p99Ms, 'ms', 5, 'most');
  report.add('decisionLongest', longestMs, 'ms');
  report.add('decisionAllFree', wholeMs, 'ms');
}
