// The technician's bench: patterns on thirty timeslots, sixteen virtual E1s under full load, a whole acceptance.
import { percentile } from '../report.mjs';
import { api, withBox } from '../box.mjs';

const SECONDS = Number(process.env.FIGURES_SECONDS ?? 30);
const spans = (count) =>
  Array.from({ length: count }, (_, i) => ({ span: i + 1, far: { kind: 'cable', span: 101 + i } }));

/** Resolves with the run when it is over. */
async function run(box, rig) {
  await api(box, 'POST', 'diagnostics/run', rig);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await api(box, 'GET', 'diagnostics/run');
    if (now.endedAt !== null) return now;
  }
}
const value = (result, name) => result?.measures.find((one) => one.name === name && one.at === '')?.value;

export async function bench(report) {
  await withBox({ spans: 1, stations: 2 }, async (box) => {
    const { results } = await run(box, { spans: spans(1), cases: ['bit-errors'], seconds: SECONDS });
    report.add('bench: timeslots without a fault', value(results[0], 'timeslotsGood'), 'of 60', 60);
    report.add('bench: bits compared', value(results[0], 'bits') / 1e6, 'Mbit', (60 * 64_000 * (SECONDS - 1)) / 1e6);
    report.add('bench: bit errors', value(results[0], 'bitErrors'), 'bit', 0, 'most');
    const began = performance.now();
    const all = await run(box, { spans: spans(1), pairs: [{ station: 1, line: 10_001 }], seconds: 15 });
    report.add('bench: whole acceptance', (performance.now() - began) / 1000, 's', 300, 'most');
    report.add(
      'bench: cases not passed',
      all.results.filter(({ outcome }) => outcome === 'failed').length,
      '',
      0,
      'most',
    );
    for (const { case: id, line, outcome, lastedMs } of all.results)
      report.note(`${id.padEnd(20)} ${line.padEnd(12)} ${outcome.padEnd(8)} ${(lastedMs / 1000).toFixed(1)} s`);
  });
  await withBox({ spans: 16, stations: 1 }, async (box) => {
    const { results } = await run(box, { spans: spans(16), cases: ['load'], seconds: SECONDS });
    report.add('bench: loaded timeslots', value(results[0], 'timeslotsGood') / 2, 'of 480', 480);
    report.add('bench: ticks missed under load', value(results[0], 'ticksMissed'), '', 0, 'most');
    report.add('bench: tick under load, p99', value(results[0], 'tickP99Us'), 'us', 2000, 'most');
    report.add('bench: tick lateness, p99', value(results[0], 'latenessP99Us'), 'us', 20_000, 'most');
    report.add('bench: processor under load', value(results[0], 'cpuPercent'), '% core', 25, 'most');
    // Calls on all of them, by turns from both ends.
    const calls = await run(box, { spans: spans(16), cases: ['calls'] });
    const good = calls.results.reduce((sum, one) => sum + (value(one, 'timeslotsGood') ?? 0), 0);
    report.add('bench: calls channel by channel', good, 'of 480', 480);
    const setups = calls.results.map((one) => value(one, 'setupMs') ?? 0);
    report.add('bench: slowest set-up', percentile(setups, 100), 'ms', 20_000, 'most');
  });
}
