// SIPVicious at a whole box while 100 calls with audio both ways are in progress.
import { runChild } from '../../../install/lib/children.mjs';

const CALLS = 100;

export async function scan(report) {
  report.note(`${CALLS} calls are made first; the scanners take about a minute`);
  const { calls, ended, quiet, scanned, found, bans, refused } = await runChild('sip-scan-child', [CALLS]);
  report.add('scanCalls', calls, 'calls', CALLS);
  report.add('scanCallsEnded', ended, 'calls', 0, 'exactly');
  report.add('scanPacketsLost', scanned.lost, 'packets', 0, 'exactly');
  report.add('scanPacketsHeard', scanned.share * 100, '%', 99);
  report.add('scanLongestGapQuiet', quiet.longestGapMs, 'ms');
  report.add('scanLongestGapScanned', scanned.longestGapMs, 'ms');
  report.add('scanFound', found.length, 'names', 0, 'exactly');
  report.add('scanBans', bans.length, 'sources', 2);
  report.add('scanRefusedAfterwards', refused ? 1 : 0, 'yes', 1);
}
