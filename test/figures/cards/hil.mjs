// The real driver of the boards, in a virtual machine (hil-tests/): what its cases have measured. The machine is emulated
// instruction by instruction, so times are many times those of a box; what must not depend on speed has a goal.
import { runCases } from '../../../hil-tests/run.mjs';

/** Figures of cases: name, case, what it is called there, unit, goal and on which side of it. */
const FIGURES = [
  [
    'hilPriSetupP50Ms',
    'PriCalls.SetsUpAHundredOneAfterTheOtherInBothDirections',
    'from seizure to answer, median',
    'ms',
  ],
  [
    'hilPriSetupP99Ms',
    'PriCalls.SetsUpAHundredOneAfterTheOtherInBothDirections',
    'from seizure to answer, 99th percentile',
    'ms',
  ],
  ['hilPri30CallsMs', 'PriCalls.CarriesThirtyAtOnceBitExactBothWays', 'thirty calls answered after', 'ms'],
  ['hilPriBitExactSeconds', 'PriCalls.CarriesThirtyAtOnceBitExactBothWays', 'heard bit-exact', 's', 60],
  [
    'hilPriForeignOctets',
    'PriCalls.CarriesThirtyAtOnceBitExactBothWays',
    'octets that nobody said',
    'octets',
    0,
    'most',
  ],
  ['hilPriBlocksLost', 'PriCalls.CarriesThirtyAtOnceBitExactBothWays', 'blocks lost', 'blocks'],
  ['hilPeerBitExactSeconds', 'PriPeer.TakesThirtyCallsOfOursAndSendsBackWhatItHears', 'heard bit-exact', 's', 30],
  ['hilPeerBlocksLost', 'PriPeer.TakesThirtyCallsOfOursAndSendsBackWhatItHears', 'blocks lost', 'blocks'],
  ['hilRoundTripMs', 'PriMedia.ComesBackAfterOneRoundTrip', 'there and back', 'ms', 700, 'most'],
  ['hilAlarmMs', 'PriAlarm.ClearsItsCallsRefusesNewOnesAndComesBackByItself', 'alarm told after', 'ms', 3000, 'most'],
  [
    'hilCallsClearedMs',
    'PriAlarm.ClearsItsCallsRefusesNewOnesAndComesBackByItself',
    'all calls cleared after',
    'ms',
    5000,
    'most',
  ],
  ['hilCallsAgainMs', 'PriAlarm.ClearsItsCallsRefusesNewOnesAndComesBackByItself', 'calls taken again after', 'ms'],
  ['hilR2CallMs', 'R2Calls.TellsWhoCallsAndIsAnsweredInBothDirections', 'answered after', 'ms'],
  ['hilR230CallsMs', 'R2Calls.CarriesThirtyAtOnceWithNumbersAndSpeech', 'thirty calls answered after', 'ms'],
  ['hilR2Peer30CallsMs', 'R2Peer.TakesThirtyCallsOfOursWithTheirNumbers', 'thirty calls answered after', 'ms'],
  [
    'hilCallerIdMs',
    'AnalogCalls.RingsTellsWhoCallsAndIsAnswered',
    'offered with the number by v23',
    'ms',
    5000,
    'most',
  ],
  ['hilBusyReleaseMs', 'AnalogCalls.HangsUpTheLineOnBusyTone', 'busy tone ends the call after', 'ms', 5000, 'most'],
];

export async function hil(report) {
  const began = performance.now();
  const { passed, failed, figures } = await runCases([], {
    onOutput: (text) => process.stderr.write(text),
    out: process.stderr,
  });
  report.add('hilMinutes', (performance.now() - began) / 60_000, 'min', 15, 'most');
  report.add('hilCasesPassed', passed, 'cases', 20);
  report.add('hilCasesFailed', failed, 'cases', 0, 'most');
  for (const [name, test, figure, unit, goal = null, at = 'least'] of FIGURES) {
    const value = figures[test]?.[figure];
    if (value === undefined) report.add(name, 'not measured', unit, true, 'exactly');
    else report.add(name, value, unit, goal, at);
  }
}
