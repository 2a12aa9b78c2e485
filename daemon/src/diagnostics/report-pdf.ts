// The acceptance report on paper: who, what, where, each case with its figures and limits, the signature's fingerprint.
import {
  DIAGNOSTIC_CASE_WORDS,
  DIAGNOSTIC_MEASURE_WORDS,
  DIAGNOSTIC_OUTCOME_WORDS,
  DIAGNOSTIC_REASON_WORDS,
  diagnosticLineName,
  diagnosticStandard,
  type DiagnosticMeasure,
  type DiagnosticResult,
  type Language,
  type SignedDiagnosticReport,
} from '../contract/index.js';
import { openPaper } from '../platform/pdf.js';

const MARGIN = 42;
const LINE = 13;
const INK = '#1a1d23';
const SOFT = '#5b6472';
const RULE = '#c9ced6';
const GOOD = '#14833b';
const BAD = '#c62828';

const WORDS = {
  title: { en: 'Acceptance report', zh: '验收报告' },
  passed: { en: 'PASSED', zh: '合格' },
  failed: { en: 'NOT PASSED', zh: '不合格' },
  cancelled: { en: 'ENDED BEFORE IT WAS COMPLETE', zh: '提前结束，不完整' },
  report: { en: 'Report', zh: '报告编号' },
  box: { en: 'Box', zh: '设备' },
  serial: { en: 'serial number', zh: '序列号' },
  version: { en: 'Program', zh: '软件版本' },
  site: { en: 'Site', zh: '地点' },
  technician: { en: 'Technician', zh: '技术人员' },
  time: { en: 'Time', zh: '时间' },
  boards: { en: 'Boards', zh: '板卡' },
  driver: { en: 'driver', zh: '驱动' },
  lines: { en: 'Lines', zh: '线路' },
  alarms: { en: 'Alarms of the last 24 hours', zh: '最近 24 小时告警' },
  virtual: { en: 'virtual card', zh: '虚拟卡' },
  overview: { en: 'Overview', zh: '概要' },
  none: { en: 'none', zh: '无' },
  value: { en: 'Measured', zh: '实测值' },
  limit: { en: 'Limit', zh: '限值' },
  standard: { en: 'After', zh: '依据' },
  measure: { en: 'What', zh: '项目' },
  wholeBox: { en: 'whole box', zh: '整机' },
  signature: { en: 'Signature', zh: '签名' },
  signedAs: {
    en: 'The same report as JSON is signed with Ed25519; `cordboard diag verify` shows whether it was changed. SHA-256 of the public key:',
    zh: '同一报告的 JSON 文件带有 Ed25519 签名；用 cordboard diag verify 可检查是否被改动。公钥的 SHA-256：',
  },
  hand: { en: 'Technician', zh: '技术人员签字' },
  customer: { en: 'Customer', zh: '客户签字' },
} as const;

export function reportPdf({ report, signature }: SignedDiagnosticReport, language: Language): Promise<Buffer> {
  const word = language === 'en' ? 'en' : 'zh';
  const say = (name: keyof typeof WORDS): string => WORDS[name][word];
  const { doc, close } = openPaper(`${say('title')} ${report.id}`, MARGIN);
  const room = doc.page.width - 2 * MARGIN;
  const bottom = doc.page.height - MARGIN - LINE;
  let y = MARGIN;
  const need = (height: number): void => {
    if (y + height <= bottom) return;
    doc.addPage();
    y = MARGIN;
  };
  const text = (value: string, x: number, width: number, size: number, colour: string, right = false): number => {
    doc.fontSize(size).fillColor(colour);
    const height = doc.heightOfString(value, { width });
    doc.text(value, x, y, { width, align: right ? 'right' : 'left' });
    return height;
  };
  const rule = (weight = 0.4): void => {
    doc
      .moveTo(MARGIN, y)
      .lineTo(MARGIN + room, y)
      .lineWidth(weight)
      .strokeColor(RULE)
      .stroke();
    y += 4;
  };
  const fact = (name: string, value: string): void => {
    need(LINE);
    text(name, MARGIN, 110, 8.5, SOFT);
    y += Math.max(LINE, text(value === '' ? '—' : value, MARGIN + 115, room - 115, 8.5, INK) + 2);
  };
  const heading = (value: string): void => {
    need(3 * LINE);
    y += 6;
    y += text(value, MARGIN, room, 11, INK) + 2;
    rule(0.8);
  };
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const at = (ms: number): string =>
    new Intl.DateTimeFormat(word === 'en' ? 'en-GB' : 'zh-CN', { dateStyle: 'medium', timeStyle: 'medium' }).format(ms);

  y += text(say('title'), MARGIN, room, 19, INK) + 4;
  const verdict = report.cancelled ? 'cancelled' : report.passed ? 'passed' : 'failed';
  y += text(say(verdict), MARGIN, room, 14, verdict === 'passed' ? GOOD : BAD) + 6;
  rule(0.8);
  fact(say('report'), report.id);
  fact(
    say('box'),
    [report.hostname, report.boxSerial === '' ? '' : `${say('serial')} ${report.boxSerial}`]
      .filter((one) => one !== '')
      .join(' · '),
  );
  fact(
    say('version'),
    report.version + (report.inventory.driver === '' ? '' : ` · ${say('driver')} ${report.inventory.driver}`),
  );
  fact(say('site'), report.site);
  fact(say('technician'), report.technician);
  fact(say('time'), `${at(report.startedAt)} – ${at(report.endedAt)} (${zone})`);
  const boards = report.inventory.boards.map(({ board, type, manufacturer, serial }) =>
    board === 'virtual'
      ? say('virtual')
      : `${[manufacturer, type, board].filter((one) => one !== '').join(' ')}: ${say('serial')} ${serial === '' ? '—' : serial}`,
  );
  fact(say('boards'), boards.join('\n'));
  const lines = new Set(report.results.map(({ line }) => line).filter((line) => line !== ''));
  fact(say('lines'), [...lines].map((line) => diagnosticLineName(line, word)).join(', '));
  const alarms = report.alarms.map(
    ({ name, alarms: kinds, startedAt, endedAt }) =>
      `${name} ${kinds.join(', ').toUpperCase()} ${at(startedAt)} – ${endedAt === null ? '…' : at(endedAt)}`,
  );
  fact(say('alarms'), alarms.length === 0 ? say('none') : alarms.slice(0, 20).join('\n'));

  const columns = [0.34, 0.22, 0.24, 0.2].map((share) => share * room);
  const row = (cells: readonly string[], colours: readonly string[], size = 8): void => {
    doc.fontSize(size);
    const height = Math.max(
      ...cells.map((cell, index) => doc.heightOfString(cell, { width: (columns[index] ?? 50) - 6 })),
    );
    need(height + 3);
    let x = MARGIN;
    for (const [index, cell] of cells.entries()) {
      text(cell, x, (columns[index] ?? 50) - 6, size, colours[index] ?? INK);
      x += columns[index] ?? 50;
    }
    y += height + 2;
  };
  heading(say('overview'));
  const outcomes = ['passed', 'failed', 'skipped', 'told'] as const;
  for (const id of new Set(report.results.map((result) => result.case))) {
    const of = report.results.filter((result) => result.case === id);
    const said = outcomes
      .map((outcome) => ({ outcome, count: of.filter((result) => result.outcome === outcome).length }))
      .filter(({ count }) => count > 0)
      .map(({ outcome, count }) => `${DIAGNOSTIC_OUTCOME_WORDS[outcome][word]} ${count}`);
    const wrong = of.filter(({ outcome }) => outcome === 'failed').map(({ line }) => diagnosticLineName(line, word));
    need(LINE);
    text(DIAGNOSTIC_CASE_WORDS[id].name[word], MARGIN, 170, 8.5, INK);
    const colour = wrong.length > 0 ? BAD : INK;
    const reached = [said.join(' · '), wrong.join(', ')].filter((part) => part !== '').join(': ');
    y += Math.max(LINE, text(reached, MARGIN + 175, room - 175, 8.5, colour) + 2);
  }

  for (const result of report.results) {
    const outcome = DIAGNOSTIC_OUTCOME_WORDS[result.outcome][word];
    heading(
      `${DIAGNOSTIC_CASE_WORDS[result.case].name[word]} · ${result.line === '' ? say('wholeBox') : diagnosticLineName(result.line, word)} · ${outcome}`,
    );
    if (result.reason !== null)
      y +=
        text(
          DIAGNOSTIC_REASON_WORDS[result.reason][word],
          MARGIN,
          room,
          8.5,
          result.outcome === 'failed' ? BAD : SOFT,
        ) + 3;
    if (result.detail !== '') y += text(result.detail, MARGIN, room, 7.5, SOFT) + 3;
    if (result.measures.length === 0) continue;
    row([say('measure'), say('value'), say('limit'), say('standard')], [SOFT, SOFT, SOFT, SOFT], 7.5);
    for (const one of shown(result))
      row(
        [
          `${DIAGNOSTIC_MEASURE_WORDS[one.name][word]} ${one.at}`.trim(),
          `${mark(one)}${valueText(one)}`,
          limitText(one),
          diagnosticStandard(one.standard, word),
        ],
        [INK, one.passed === false ? BAD : INK, SOFT, SOFT],
      );
  }
  heading(say('signature'));
  y += text(say('signedAs'), MARGIN, room, 8, SOFT) + 2;
  y += text(signature.fingerprint, MARGIN, room, 8, INK) + 24;
  need(40);
  for (const [index, name] of (['hand', 'customer'] as const).entries()) {
    const x = MARGIN + index * (room / 2);
    doc
      .moveTo(x, y + 20)
      .lineTo(x + room / 2 - 20, y + 20)
      .lineWidth(0.6)
      .strokeColor(INK)
      .stroke();
    doc
      .fontSize(8)
      .fillColor(SOFT)
      .text(say(name), x, y + 23, { lineBreak: false });
  }
  return close(`${report.id}    `, SOFT);
}

/** Hundreds of timeslots with the same fault fill no pages. */
const shown = ({ measures }: DiagnosticResult): DiagnosticMeasure[] => measures.slice(0, 80);

const mark = ({ passed }: DiagnosticMeasure): string => (passed === null ? '' : passed ? '✓ ' : '✗ ');

export function valueText({ value, unit }: DiagnosticMeasure): string {
  if (typeof value === 'string') return value === '' ? '—' : value;
  const number =
    Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
      ? value.toExponential(2)
      : String(Math.round(value * 100) / 100);
  return unit === '' ? number : `${number} ${unit}`;
}

export function limitText({ low, high, unit }: DiagnosticMeasure): string {
  if (low === null && high === null) return '';
  const end = unit === '' ? '' : ` ${unit}`;
  if (low === null) return `≤ ${high}${end}`;
  if (high === null) return `≥ ${low}${end}`;
  return `${low} … ${high}${end}`;
}
