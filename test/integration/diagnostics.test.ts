// The technician's bench on the virtual card: a line that is well passes, a fault that was made is found, and nobody else uses a
// line that is being measured.
import { expect, test } from 'vitest';
import type {
  DiagnosticReportEntry,
  DiagnosticResult,
  DiagnosticRigInput,
  DiagnosticRun,
  DiagnosticVerdict,
} from '../../daemon/src/contract/index.js';
import type { Box } from '../../daemon/src/main.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/daemon-process.js';
import { callIn, startTestBox } from '../support/box.js';
import { startBox } from '../../daemon/dist/main.js';

const LINE = { span: 1, far: { kind: 'cable' as const, span: 101 } };
/** As an administrator on the machine. */
async function ask(box: Box, method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  const token = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const raw = typeof body === 'string';
  const answer = await fetch(new URL(`api/v1/diagnostics${path}`, box.url), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': raw ? 'application/octet-stream' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}
async function get<T>(box: Box, path: string): Promise<T> {
  return JSON.parse((await ask(box, 'GET', path)).text) as T;
}
async function begin(box: Box, rig: DiagnosticRigInput): Promise<void> {
  const begun = await ask(box, 'POST', '/run', rig);
  expect(begun.status, begun.text).toBe(201);
}
const ended = (box: Box): Promise<DiagnosticRun> =>
  eventually(
    () => get<DiagnosticRun>(box, '/run'),
    ({ endedAt }) => endedAt !== null,
    150_000,
  );
async function measured(box: Box, rig: DiagnosticRigInput): Promise<DiagnosticRun> {
  await begin(box, rig);
  return ended(box);
}
const value = (result: DiagnosticResult | undefined, name: string, at = ''): number | string | undefined =>
  result?.measures.find((one) => one.name === name && one.at === at)?.value;

test(
  'a whole acceptance passes, and its report is signed and refused when it was changed',
  { timeout: 240_000 },
  async () => {
    const box = await startTestBox({ start: startBox, env: { CORDBOARD_VIRTUAL_STATIONS: '2' } });
    const run = await measured(box, {
      spans: [LINE],
      pairs: [{ station: 1, line: 10_001 }],
      seconds: 2,
      technician: '王工',
    });
    const bad = run.results.filter(({ outcome }) => outcome === 'failed');
    expect(bad, JSON.stringify(bad)).toEqual([]);
    expect(run.state).toBe('passed');
    const of = (id: string): DiagnosticResult | undefined => run.results.find((one) => one.case === id);
    expect(value(of('bit-errors'), 'timeslotsGood')).toBe(60);
    expect(value(of('calls'), 'timeslotsGood')).toBe(30);
    expect(value(of('digits'), 'digitsHeard', '→')).toBe('0123456789*#ABCD');
    expect(value(of('delay'), 'delayMs', '→')).toBeCloseTo(20, 0);
    expect(value(of('ring'), 'callerId', 'V23')).toBe('13800138000');
    expect(value(of('fax'), 'pagesGood')).toBe(1);
    expect(of('line-errors')).toMatchObject({ outcome: 'skipped', reason: 'notOnVirtual' });

    const [entry] = await get<DiagnosticReportEntry[]>(box, '/reports');
    expect(entry).toMatchObject({ id: run.id, passed: true, technician: '王工', failed: 0 });
    const { text } = await ask(box, 'GET', `/reports/${run.id}?format=json`);
    const verdict = async (file: string): Promise<DiagnosticVerdict> =>
      JSON.parse((await ask(box, 'POST', '/verify', file)).text) as DiagnosticVerdict;
    expect(await verdict(text)).toMatchObject({ valid: true, why: 'good' });
    expect(await verdict(text.replace('"王工"', '"李工"'))).toMatchObject({ valid: false, why: 'changed' });
    expect((await ask(box, 'GET', `/reports/${run.id}?format=pdf`)).text.slice(0, 5)).toBe('%PDF-');
    // The lines are the box's again.
    const call = await callIn(box);
    expect(call).toBeDefined();
  },
);

test('errors, a gain and an echo that were made are measured as what they are', { timeout: 180_000 }, async () => {
  const box = await startTestBox({ start: startBox, env: { CORDBOARD_VIRTUAL_STATIONS: '1' } });
  const engine = box.engine;
  await engine.command('virtual.disturb', { span: 1, timeslot: 7, gainDb: 0 });
  await begin(box, { spans: [LINE], cases: ['bit-errors'], seconds: 5 });
  await eventually(
    () => get<DiagnosticRun>(box, '/run'),
    ({ now }) => (now?.share ?? 0) >= 0.2,
  );
  await engine.command('virtual.disturb', { span: 1, timeslot: 7, bitErrors: 13 });
  const errors = await ended(box);
  expect(errors.state).toBe('failed');
  expect(value(errors.results[0], 'bitErrors')).toBe(13);
  expect(value(errors.results[0], 'bitErrors', 'TS 7')).toBe(13);
  expect(value(errors.results[0], 'timeslotsGood')).toBe(59);

  await engine.command('virtual.disturb', { span: 1, timeslot: 1, gainDb: 3 });
  await engine.command('virtual.setEcho', { analog: 10_001, lossDb: 20, delayMs: 5 });
  const pairs = [{ station: 1, line: 10_001 }];
  const sound = await measured(box, { spans: [LINE], pairs, cases: ['level', 'echo'] });
  const [level, , echo, pairEcho] = [
    ...sound.results.filter((one) => one.case === 'level'),
    ...sound.results.filter((one) => one.case === 'echo'),
  ];
  expect(value(level, 'levelOffDb', '←')).toBeCloseTo(3, 1);
  expect(value(level, 'levelOffDb', '→')).toBeCloseTo(0, 1);
  expect(level?.outcome).toBe('failed');
  expect(echo?.outcome).toBe('passed');
  expect(value(pairEcho, 'echoLossDb', '←')).toBeGreaterThan(19.5);
  expect(value(pairEcho, 'echoLossDb', '←')).toBeLessThan(20.5);
  // The gain is the line's: who says so passes.
  await engine.command('virtual.disturb', { span: 101, timeslot: 1, gainDb: 3 });
  const known = await measured(box, { spans: [{ ...LINE, lossDb: -3 }], cases: ['level'] });
  expect(known.state).toBe('passed');
});

test('a cut cable is unavailable and in alarm, and stands in the history', { timeout: 120_000 }, async () => {
  const box = await startTestBox({ start: startBox, env: { CORDBOARD_VIRTUAL_STATIONS: '1' } });
  await box.engine.command('virtual.setAlarm', { span: 1, alarm: 'los', active: true });
  const run = await measured(box, { spans: [LINE], cases: ['alarms', 'level', 'bit-errors'], seconds: 12 });
  const of = (id: string): DiagnosticResult | undefined => run.results.find((one) => one.case === id);
  expect(of('alarms')).toMatchObject({ outcome: 'failed', detail: 'LOS' });
  expect(of('level')).toMatchObject({ outcome: 'failed', reason: 'inAlarm' });
  expect(of('bit-errors')).toMatchObject({ outcome: 'failed', reason: 'nothingHeard' });
  expect(value(of('bit-errors'), 'unavailableSeconds')).toBeGreaterThanOrEqual(60 * 10);
  await box.engine.command('virtual.setAlarm', { span: 1, alarm: 'los', active: false });
  const history = await eventually(
    () => get<{ span: number; alarms: string[]; endedAt: number | null }[]>(box, '/alarms'),
    (alarms) => alarms.some((one) => one.endedAt !== null),
  );
  expect(history).toMatchObject([{ span: 1, alarms: ['los'] }]);
});

test(
  'a line with calls is left alone, one that is measured takes none, and a run can be ended',
  { timeout: 120_000 },
  async () => {
    const box = await startTestBox({ start: startBox, env: { CORDBOARD_VIRTUAL_STATIONS: '1' } });
    await callIn(box);
    const busy = await ask(box, 'POST', '/run', { spans: [LINE], cases: ['level'] });
    expect(busy).toMatchObject({ status: 409 });
    expect(busy.text).toContain('diagnostics_lines_busy');
    await begin(box, { spans: [LINE], cases: ['clock'], seconds: 30, endCalls: true });
    expect(await ask(box, 'POST', '/run', { spans: [LINE] })).toMatchObject({ status: 409 });
    await expect(box.engine.command('leg.seize', { span: 1, calledNumber: '10086' })).rejects.toThrow(/measured/);
    expect(await ask(box, 'DELETE', '/run')).toMatchObject({ status: 204 });
    expect(await ended(box)).toMatchObject({ state: 'cancelled' });
    expect(await ask(box, 'DELETE', '/run')).toMatchObject({ status: 409 });
    const { leg } = await box.engine.command('leg.seize', { span: 1, calledNumber: '10086' });
    await box.engine.command('leg.release', { leg, cause: 16 });
    expect(await ask(box, 'POST', '/run', { spans: [{ ...LINE, span: 99 }] })).toMatchObject({ status: 422 });
    expect(await ask(box, 'POST', '/run', { spans: [LINE, LINE] })).toMatchObject({ status: 422 });
  },
);

test('what somebody has to plug in is asked for and waited for', { timeout: 60_000 }, async () => {
  const box = await startTestBox({ start: startBox, env: { CORDBOARD_VIRTUAL_STATIONS: '1' } });
  await begin(box, { spans: [{ span: 1, far: { kind: 'plug' } }], cases: ['alarms'], attended: true });
  const asked = await eventually(
    () => get<DiagnosticRun>(box, '/run'),
    ({ step }) => step !== null,
  );
  expect(asked).toMatchObject({ state: 'waiting', step: { kind: 'insertPlug', line: 'E1-1' } });
  expect(await ask(box, 'POST', '/run/continue', { step: 4711, done: true })).toMatchObject({ status: 409 });
  await ask(box, 'POST', '/run/continue', { step: asked.step?.id, done: false });
  const next = await eventually(
    () => get<DiagnosticRun>(box, '/run'),
    ({ step }) => step?.kind === 'removePlugs',
  );
  expect(next.results).toMatchObject([{ outcome: 'skipped', reason: 'skippedByHand' }]);
  await ask(box, 'POST', '/run/continue', { step: next.step?.id, done: true });
  expect(await ended(box)).toMatchObject({ state: 'passed' });
});
