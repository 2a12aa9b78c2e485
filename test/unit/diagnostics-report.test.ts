// Reports of the technician's bench: what was changed after it was signed is refused, and limits judge what they say they judge.
import { generateKeyPairSync, sign } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiagnosticReport } from '../../daemon/src/contract/index.js';
import {
  DIAGNOSTIC_CASES,
  DIAGNOSTIC_UNVERIFIED,
  DiagnosticRig,
  diagnosticStandard,
} from '../../daemon/src/contract/index.js';
import { measure } from '../../daemon/src/diagnostics/case.js';
import { weightedEchoLoss } from '../../daemon/src/diagnostics/cases/sound-cases.js';
import { CASES, judgeReport, reportPdf, ReportSigner } from '../../daemon/src/diagnostics/index.js';
import { canonical } from '../../daemon/src/diagnostics/signature.js';
import { testPage } from '../../daemon/src/diagnostics/test-page.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const REPORT: DiagnosticReport = {
  ...{ format: 'cordboard-acceptance-1', id: '01JD7Q4Y5ZK8M3N9P2R6S7T8VW', version: '0.1.0', boxSerial: 'S1' },
  ...{
    hostname: 'box',
    technician: '王工',
    site: '苏州',
    startedAt: 1000,
    endedAt: 2000,
    passed: true,
    cancelled: false,
  },
  rig: DiagnosticRig.parse({}),
  inventory: { boxSerial: 'S1', driver: '', boards: [], lines: [], pairs: [] },
  alarms: [],
  results: [
    {
      ...{ case: 'level', line: 'E1-1', outcome: 'passed', reason: null, detail: '', startedAt: 1000, lastedMs: 900 },
      measures: [measure('levelOffDb', 0.02, 'dB', { low: -0.1, high: 0.1, standard: 'G.711' }, '→')],
    },
  ],
};

test('a report is good as it was signed, also laid out anew, and refused when one figure is another', () => {
  const file = join(temporaryFolder(), 'keys', 'diagnostics.pem');
  const signer = new ReportSigner(file);
  const signed = signer.sign(REPORT);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(signed.signature.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  const text = JSON.stringify(signed);
  expect(signer.judge(text)).toMatchObject({ valid: true, why: 'good', entry: { id: REPORT.id, cases: 1, failed: 0 } });
  expect(signer.judge(JSON.stringify(signed, null, 4))).toMatchObject({ valid: true });
  // another process of the same box
  expect(new ReportSigner(file).judge(text)).toMatchObject({ valid: true });

  const changes: ((report: DiagnosticReport) => void)[] = [
    (report) => (report.passed = false),
    (report) => (report.technician = '李工'),
    (report) => (report.results[0]!.measures[0]!.value = 0.01),
    (report) => report.results.pop(),
    (report) => (report.boxSerial = 'S2'),
  ];
  for (const change of changes) {
    const other = structuredClone(signed);
    change(other.report);
    expect(signer.judge(JSON.stringify(other)), change.toString()).toMatchObject({
      valid: false,
      why: 'changed',
      entry: null,
    });
  }
  expect(signer.judge(text.replace('"box"', '"fox"'))).toMatchObject({ why: 'changed' });
  for (const nothing of ['', '{}', '[]', 'null', text.slice(0, -5), text.replace('Ed25519', 'none')])
    expect(signer.judge(nothing)).toMatchObject({ valid: false, why: 'notAReport' });
});

test('another key, or a fingerprint that is not that of the key, is found out', () => {
  const own = new ReportSigner(join(temporaryFolder(), 'a.pem'));
  const foreign = new ReportSigner(join(temporaryFolder(), 'b.pem')).sign(REPORT);
  expect(own.judge(JSON.stringify(foreign))).toMatchObject({ valid: false, why: 'otherKey' });
  expect(judgeReport(JSON.stringify(foreign), '')).toMatchObject({ valid: true, why: 'good' });
  // Signed with a key of one's own, under the fingerprint of the box.
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const forged = structuredClone(own.sign(REPORT));
  forged.report.passed = false;
  forged.signature.publicKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const signedText = Buffer.from(`cordboard acceptance report\n${canonical(forged.report)}`);
  forged.signature.value = sign(null, signedText, privateKey).toString('base64');
  expect(own.judge(JSON.stringify(forged))).toMatchObject({ valid: false, why: 'changed' });
});

test('limits judge both ends; what has none is only told', () => {
  const limit = { low: -0.1, high: 0.1, standard: 'G.711' };
  for (const [value, passed] of [
    [0, true],
    [0.1, true],
    [-0.1, true],
    [0.11, false],
    [-0.11, false],
  ] as const)
    expect(measure('levelOffDb', value, 'dB', limit).passed, String(value)).toBe(passed);
  expect(measure('levelOffDb', Number.NaN, 'dB', limit).passed).toBe(false);
  expect(measure('levelDbm0', -10, 'dBm0').passed).toBeNull();
});

test('the weighted echo loss of an even echo is that echo, and a hole in it counts as G.122 has it', () => {
  const hz = [300, 500, 804, 1020, 1604, 2004, 2504, 3000, 3400];
  expect(weightedEchoLoss(hz.map((at) => ({ hz: at, lossDb: 20 })))).toBeCloseTo(20, 6);
  const hole = weightedEchoLoss(hz.map((at) => ({ hz: at, lossDb: at === 1020 ? 10 : 20 })));
  expect(hole).toBeLessThan(18.5);
  expect(hole).toBeGreaterThan(10);
});

test('a limit that was not compared with its standard says so in both languages', () => {
  expect(diagnosticStandard(`Q.552${DIAGNOSTIC_UNVERIFIED}`, 'en')).toBe('Q.552 (unverified)');
  expect(diagnosticStandard(`Q.552${DIAGNOSTIC_UNVERIFIED}`, 'zh')).toBe('Q.552（未核对）');
  expect(diagnosticStandard('G.711', 'zh')).toBe('G.711');
});

test('every case that can be asked for is there once', () => {
  expect(CASES.map(({ id }) => id).sort()).toEqual([...DIAGNOSTIC_CASES].sort());
});

test('the report on paper is made in both languages', async () => {
  const signed = new ReportSigner(join(temporaryFolder(), 'a.pem')).sign(REPORT);
  for (const language of ['zh-CN', 'en'] as const) {
    const pdf = await reportPdf(signed, language);
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(3000);
    expect(pagesOf(pdf)).toBe(1);
  }
});

/** What stands at the foot of a page must not begin another one. */
const pagesOf = (pdf: Buffer): number => pdf.toString('latin1').match(/\/Type \/Page\b(?!s)/g)?.length ?? 0;

test('the page that is faxed is a TIFF of T.6', () => {
  const page = testPage();
  expect(page.subarray(0, 4)).toEqual(Buffer.from([0x49, 0x49, 42, 0]));
  expect(page.length).toBeGreaterThan(200);
});
