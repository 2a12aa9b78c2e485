// The driver as it is, beside what it is to be: before it is applied that tells what would change, afterwards whether it did.
import type { FoundHardware } from './found.js';
import type { BoardPlan } from './plan.js';
import type { BoardProblem } from './problems.js';
import { ranges, type PlannedSpan } from './texts.js';

/** What of the plan the driver does not do. Empty: all is as planned. */
export function differences({ spans, ports }: BoardPlan): BoardProblem[] {
  return [...spans.flatMap(ofSpan), ...ports.flatMap(ofPort)];
}

function ofSpan(span: PlannedSpan): BoardProblem[] {
  const { line, there, crc4, lineCode, uses } = span;
  const problems: BoardProblem[] = [];
  const say = (code: BoardProblem['code'], params: BoardProblem['params']): void =>
    void problems.push({ code, span: span.span, params: { line, ...params } });
  const hasCrc4 = there.line.includes('CRC4');
  if (there.line.length > 0 && hasCrc4 !== crc4) say('crc4Differs', { is: word(hasCrc4), wanted: word(crc4) });
  const code = there.line.find((one) => one === 'HDB3' || one === 'AMI');
  if (code !== undefined && code !== lineCode.toUpperCase())
    say('lineCodeDiffers', { is: code, wanted: lineCode.toUpperCase() });
  const wrong = there.channels.filter(({ position, use }) => {
    const wanted = uses[position - 1] ?? 'none';
    // Timeslots that nobody uses may stay as somebody left them.
    return wanted !== 'none' && use !== wanted;
  });
  const dchannel = there.channels.find(({ use }) => use === 'frames')?.position;
  const belongs = uses.indexOf('frames') + 1;
  if (belongs > 0 && dchannel !== undefined && dchannel !== belongs)
    say('dchannelElsewhere', { is: dchannel, wanted: belongs });
  else if (wrong.length > 0) say('timeslotsDiffer', { timeslots: ranges(wrong.map(({ position }) => position)) });
  return problems;
}

function ofPort({ line, analog, channel, kind, use }: BoardPlan['ports'][number]): BoardProblem[] {
  if (use === (kind === 'fxs' ? 'station' : 'line')) return [];
  return [{ code: 'portDiffers', port: analog, params: { line, channel, wanted: kind.toUpperCase() } }];
}

/** Lines that have a signal and no alignment: the one thing that the two ends of an E1 most often disagree about is CRC4. */
export function suspicions({ spans }: BoardPlan, found: FoundHardware): BoardProblem[] {
  return spans.flatMap(({ span, line, device, crc4 }) => {
    const alarms = found.spans.find((one) => one.device === device)?.alarms ?? [];
    if (!alarms.includes('red') || alarms.includes('los')) return [];
    return [{ code: 'crc4Suspect', span, params: { line, alarms: 'RED', opposite: word(!crc4) } }];
  });
}

const word = (on: boolean): string => (on ? 'on' : 'off');
