// Bit errors and G.821, loops, and the whole box under load.
import type { DiagnosticMeasure } from '../../contract/index.js';
import { measure, skipped, type Case, type Found } from '../case.js';
import { runBits, type BitFigures } from '../bit-run.js';
import type { Line } from '../line.js';

/** Ports of a line, each once, with the timeslot that they are. */
function portsOf(line: Line): { port: number; at: string }[] {
  if (line.kind === 'pair') return [];
  const near = line.slots.map(({ timeslot, near: port }) => ({ port, at: `TS ${timeslot}` }));
  if (line.farSpan === undefined) return near;
  return [
    ...near,
    ...line.slots.flatMap(({ timeslot, far }) => (far === undefined ? [] : [{ port: far, at: `TS ${timeslot} ←` }])),
  ];
}

const sum = (all: readonly BitFigures[], field: (one: BitFigures) => number): number =>
  all.reduce((total, one) => total + field(one), 0);

/**
 * Of all timeslots together, and of each that is not perfect. On a cable of one's own nothing may go wrong; the shares of G.821
 * (8 % errored, 0.2 % severely errored seconds, 10 % degraded minutes of a whole connection) are for a line through a network.
 */
function judge(figures: (BitFigures | undefined)[], ports: readonly { at: string }[], network: boolean): Found {
  const whole = figures.filter((one) => one !== undefined);
  if (whole.length < figures.length) return { measures: [], reason: 'lineTaken' };
  const share = (part: number, of: number): number => (of === 0 ? 0 : (100 * part) / of);
  const bits = sum(whole, (one) => one.bits);
  const errors = sum(whole, (one) => one.errors);
  const available = sum(whole, (one) => one.availableSeconds);
  const good = whole.filter(
    (one) => one.inStep && one.errors === 0 && one.losses === 0 && one.unavailableSeconds === 0,
  );
  const g821 = (high: number) => ({ high: network ? high : 0, standard: network ? 'G.821' : 'G.821, O.151' });
  const measures: DiagnosticMeasure[] = [
    measure('timeslotsGood', good.length, '', network ? undefined : { low: whole.length, standard: 'O.151' }),
    measure('bits', bits, 'bit'),
    measure('bitErrors', errors, 'bit', network ? undefined : { high: 0, standard: 'O.151' }),
    measure('errorRatio', bits === 0 ? 1 : errors / bits, '', { high: network ? 1e-6 : 0, standard: 'G.821' }),
    measure(
      'erroredSecondsShare',
      share(
        sum(whole, (one) => one.erroredSeconds),
        available,
      ),
      '%',
      g821(8),
    ),
    measure(
      'severelyErroredShare',
      share(
        sum(whole, (one) => one.severelyErroredSeconds),
        available,
      ),
      '%',
      g821(0.2),
    ),
    measure(
      'unavailableSeconds',
      sum(whole, (one) => one.unavailableSeconds),
      's',
      { high: 0, standard: 'G.821' },
    ),
    measure(
      'degradedMinutesShare',
      share(
        sum(whole, (one) => one.degradedMinutes),
        sum(whole, (one) => one.minutes),
      ),
      '%',
      g821(10),
    ),
    measure(
      'slips',
      sum(whole, (one) => one.slips),
      '',
      { high: 0, standard: 'G.822' },
    ),
    measure(
      'patternLosses',
      sum(whole, (one) => one.losses),
      '',
      { high: 0, standard: 'O.151' },
    ),
  ];
  for (const [index, one] of figures.entries()) {
    if (one === undefined || good.includes(one)) continue;
    const at = ports[index]?.at ?? '';
    if (!one.inStep)
      measures.push({ ...measure('patternLosses', Math.max(1, one.losses), '', { high: 0, standard: 'O.151' }, at) });
    if (one.errors > 0) measures.push(measure('bitErrors', one.errors, 'bit', { high: 0, standard: 'O.151' }, at));
    if (one.unavailableSeconds > 0)
      measures.push(measure('unavailableSeconds', one.unavailableSeconds, 's', { high: 0, standard: 'G.821' }, at));
  }
  return { measures, ...(bits === 0 ? { reason: 'nothingHeard' as const } : {}) };
}

export const bitErrorsCase: Case = {
  id: 'bit-errors',
  needs: 'span',
  async run({ engine, clock, signal, rig, progress }, line) {
    if (line.spec.far.kind === 'none') return skipped('noFarEnd');
    const ports = portsOf(line);
    const { figures } = await runBits({
      ...{ engine, clock, signal, progress, seconds: rig.seconds },
      ports: ports.map(({ port }) => port),
    });
    return judge(figures, ports, line.spec.far.kind === 'remote');
  },
};

export const remoteLoopCase: Case = {
  id: 'remote-loop',
  needs: 'span',
  async run({ engine, clock, signal, progress }, line) {
    const slot = line.slots[0];
    if (line.farSpan === undefined || slot?.far === undefined) return skipped('noFarEnd');
    const { probe } = await engine.command('probe.loop', { port: slot.near });
    try {
      const { delayMs, similarity } = await engine.command('probe.delay', { send: slot.far, receive: slot.far });
      const { figures } = await runBits({ engine, clock, signal, progress, ports: [slot.far], seconds: 3 });
      const { measures, ...rest } = judge(figures, [{ at: `TS ${slot.timeslot}` }], false);
      if (similarity >= 0.5) measures.push(measure('delayMs', delayMs, 'ms', { high: 300, standard: 'G.114' }));
      return { measures, ...rest };
    } finally {
      await engine.command('probe.stop', { probe }).catch(() => undefined);
    }
  },
};

/** Everything at once: what a busy box asks of the machine, beside whatever else it does just now. */
export const loadCase: Case = {
  id: 'load',
  needs: 'box',
  async run({ engine, clock, signal, rig, lines, progress }) {
    const ports = lines.flatMap((line) => (line.kind === 'span' && line.spec.far.kind === 'none' ? [] : portsOf(line)));
    if (ports.length === 0) return skipped('noFarEnd');
    const before = (await engine.command('engine.snapshot', {})).tick;
    const [cpuBefore, beganMs] = [process.cpuUsage(), clock.monotonicMs()];
    const seconds = Math.min(rig.seconds, 60);
    const { figures } = await runBits({
      ...{ engine, clock, signal, progress, seconds },
      ports: ports.map(({ port }) => port),
    });
    const cpu = process.cpuUsage(cpuBefore);
    const lastedMs = clock.monotonicMs() - beganMs;
    const { tick } = await engine.command('engine.snapshot', {});
    const good = figures.filter((one) => one?.inStep === true && one.losses === 0).length;
    return {
      measures: [
        measure('timeslotsGood', good, '', { low: ports.length, standard: 'O.151' }),
        measure('ticksMissed', tick.missed - before.missed, '', { high: 0, standard: '20 ms' }),
        measure('tickP99Us', tick.p99Us, 'µs', { high: 10_000, standard: '20 ms / 2' }),
        measure('latenessP99Us', tick.latenessP99Us, 'µs', { high: 20_000, standard: '20 ms' }),
        measure('cpuPercent', (cpu.user + cpu.system) / 10 / lastedMs, '%'),
      ],
      detail: `${ports.length} × 64 kbit/s, ${tick.realtime ? 'SCHED_FIFO' : 'no real-time priority'}`,
    };
  },
};
