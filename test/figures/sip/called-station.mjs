// From the INVITE of one who calls over a trunk to the 180 of the station that he calls, passed back by the whole box: before a station
// is rung the call's rows are on the disk and its recording has begun.
import { runChild } from '../../../install/lib/children.mjs';
import { api } from '../box.mjs';
import { percentile } from '../report.mjs';
import { withSipBox } from './sip-box.mjs';

const RATE = 20;
const CALLS = 300;
/** what is compiled and opened once */
const WARM_UP = 40;
const STATIONS = 10;
const FIRST = 7000;
/** Our own: whoever calls does not notice it. */
const GOAL_MS = 50;

export async function calledStation(report) {
  await withSipBox({}, async (box, port) => {
    const accounts = [];
    for (let number = FIRST; number < FIRST + STATIONS; number += 1) {
      const { secret } = await api(box, 'POST', 'stations/sip', { number, maxCalls: 20 });
      accounts.push({ number, secret });
    }
    const asked = { server: port, accounts, rate: RATE, calls: CALLS };
    const { ringingMs, ended, failures } = await runChild('sip-called-child', [JSON.stringify(asked)]);
    for (const [why, count] of Object.entries(failures)) report.note(`${count} calls failed: ${why}`);
    const settled = ringingMs.slice(WARM_UP);
    report.add('calledStationRate', RATE, 'calls/s');
    report.add('calledStationCallsDone', ended, 'calls', CALLS);
    report.add('calledStationRingingP50', percentile(settled, 50), 'ms');
    report.add('calledStationRingingP99', percentile(settled, 99), 'ms', GOAL_MS, 'most');
    report.add('calledStationRingingLongest', percentile(settled, 100), 'ms');
  });
}
