// Datagrams whose Via, Contact, Route and Record-Route name hosts that no name server answers for.
import { runChild } from '../../../install/lib/children.mjs';

export async function unresolvable(report) {
  const result = await runChild('sip-unresolvable-child', []);
  report.add('unresolvableDatagrams', result.datagrams, 'datagrams', 5000);
  report.add('unresolvableOptionsMedian', result.optionsMedianMs, 'ms');
  report.add('unresolvableOptionsLongest', result.optionsLongestMs, 'ms', 500, 'most');
}
