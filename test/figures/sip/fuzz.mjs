// Mutated messages at the running stack: nothing thrown, nothing kept, others answered.
import { runChild } from '../../../install/lib/children.mjs';

const DATAGRAMS = 100_000;
const SEED = 4475;
const MB = 1024 * 1024;

export async function fuzz(report) {
  report.note(`${DATAGRAMS} datagrams: some minutes`);
  const result = await runChild('sip-fuzz-child', [DATAGRAMS, SEED]);
  report.add('fuzzDatagrams', result.received, 'datagrams', DATAGRAMS);
  report.add('fuzzUncaught', result.faults, 'errors', 0, 'exactly');
  report.add('fuzzOptionsMedian', result.optionsMedianMs, 'ms');
  report.add('fuzzOptionsLongest', result.optionsLongestMs, 'ms', 500, 'most');
  report.add('fuzzHeapGrowth', (result.heapAfter - result.heapBefore) / MB, 'MB', 4, 'most');
  const { calls, dialogs, transactions } = result.left;
  report.add('fuzzLeftBehind', calls + dialogs + transactions, 'things', 0, 'exactly');
}
