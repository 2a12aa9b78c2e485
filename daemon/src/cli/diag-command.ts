// `cordboard diag`: measures lines from a terminal, guided if one wants, and says with its exit code what came of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import {
  DIAGNOSTIC_CASES,
  DIAGNOSTIC_CASE_WORDS,
  DIAGNOSTIC_MEASURE_WORDS,
  DIAGNOSTIC_OUTCOME_WORDS,
  DIAGNOSTIC_REASON_WORDS,
  DIAGNOSTIC_STEP_WORDS,
  diagnosticLineName,
  diagnosticStandard,
  DiagnosticCaseId,
  DiagnosticRig,
  type DiagnosticAlarm,
  type DiagnosticFar,
  type DiagnosticInventory,
  type DiagnosticReportEntry,
  type DiagnosticResult,
  type DiagnosticRigInput,
  type DiagnosticRun,
  type DiagnosticVerdict,
} from '../contract/index.js';
import { judgeReport, limitText, valueText } from '../diagnostics/index.js';
import { errorText } from '../platform/index.js';
import { columns } from './columns.js';
import { aloneTarget, boxTarget, type DiagTarget } from './diag-target.js';
import { diagSay, type DiagWord } from './diag-usage.js';
import { LocalApi } from './local-api.js';
import { parseCommand } from './parse-command.js';
import { CliError, terminalLanguage } from './terminal.js';

const COMMON = { home: { type: 'string' }, json: { type: 'boolean' }, alone: { type: 'boolean' } } as const;
const LOOK_EVERY_MS = 200;

const language = terminalLanguage();
const word = language === 'en' ? 'en' : 'zh';
const say = (name: DiagWord, params?: Readonly<Record<string, string | number>>): string =>
  diagSay(language, name, params);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

export function runDiagCommand(args: readonly string[]): Promise<number> {
  const [verb = '', ...rest] = args;
  const verbs: Record<string, (args: readonly string[]) => Promise<number>> = {
    list,
    run,
    verify,
    alarms,
    reports,
    fetch,
  };
  const act = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  return act === undefined ? Promise.reject(new CliError(say('verb'))) : act(rest);
}

function targetOf(values: { home?: string; alone?: boolean }): Promise<DiagTarget> {
  return values.alone === true ? aloneTarget(values.home, language) : Promise.resolve(boxTarget(values.home));
}

async function list(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(args, COMMON, 0);
  const target = await targetOf(values);
  try {
    const inventory = await target.inventory();
    if (values.json === true) print(JSON.stringify(inventory));
    else showInventory(inventory);
    return 0;
  } finally {
    await target.close();
  }
}

function showInventory({ boards, lines, pairs }: DiagnosticInventory): void {
  for (const { board, type, serial } of boards)
    print(say('board', { board, type, serial: serial === '' ? '—' : serial }));
  for (const { span, name, card, signalling, alarms: now, signallingUp } of lines) {
    const state = now.length > 0 ? now.join(', ').toUpperCase() : say(signallingUp ? 'up' : 'down');
    print(say('line', { span, name, card, signalling, state }));
  }
  for (const { station, line, name } of pairs) print(say('pair', { station, line, name }));
  print('');
  const about = DIAGNOSTIC_CASES.map((id) => [
    id,
    DIAGNOSTIC_CASE_WORDS[id].name[word],
    DIAGNOSTIC_CASE_WORDS[id].about[word],
  ]);
  for (const line of columns(about)) print(line);
}

const RUN_OPTIONS = {
  ...COMMON,
  span: { type: 'string' },
  pair: { type: 'string' },
  rig: { type: 'string' },
  seconds: { type: 'string' },
  technician: { type: 'string' },
  site: { type: 'string' },
  report: { type: 'string' },
  guided: { type: 'boolean' },
  'end-calls': { type: 'boolean' },
} as const;

async function run(args: readonly string[]): Promise<number> {
  const { values, words } = parseCommand(args, RUN_OPTIONS, DIAGNOSTIC_CASES.length);
  const cases = words.map((text) => {
    const parsed = DiagnosticCaseId.safeParse(text);
    if (!parsed.success) throw new CliError(say('badCase', { text, cases: DIAGNOSTIC_CASES.join(', ') }));
    return parsed.data;
  });
  let rig: DiagnosticRigInput = values.rig === undefined ? {} : readRig(values.rig);
  const target = await targetOf(values);
  try {
    const given = { ...spansOf(values.span), ...pairsOf(values.pair) };
    if (values.rig === undefined || Object.keys(given).length > 0) {
      const inventory = await target.inventory();
      rig = { ...rig, ...(Object.keys(given).length > 0 ? withKnownEnds(given, inventory) : allVirtual(inventory)) };
    }
    if (cases.length > 0) rig.cases = cases;
    if (values.seconds !== undefined) rig.seconds = Number(values.seconds);
    if (values.technician !== undefined) rig.technician = values.technician;
    if (values.site !== undefined) rig.site = values.site;
    if (values.guided === true) rig.attended = true;
    if (values['end-calls'] === true) rig.endCalls = true;
    const checked = DiagnosticRig.safeParse(rig);
    if (!checked.success) throw new CliError(say('badRig', { reason: reasonOf(checked.error) }));
    const begun = await target.begin(checked.data);
    const done = await follow(target, begun, values.json === true);
    if (values.report !== undefined) await writeReport(target, done.id, values.report, values.json === true);
    if (values.json === true) print(JSON.stringify(done));
    else showEnd(done);
    return done.state === 'passed' ? 0 : 1;
  } finally {
    await target.close();
  }
}

/** Shows each result as it comes; Ctrl-C ends the run and not the lines' service. */
async function follow(target: DiagTarget, begun: DiagnosticRun, quiet: boolean): Promise<DiagnosticRun> {
  let now = begun;
  let shown = 0;
  let asked = 0;
  const cancel = (): void => void target.cancel().catch(() => undefined);
  process.once('SIGINT', cancel);
  const draw = process.stdout.isTTY && !quiet;
  try {
    for (;;) {
      for (; shown < now.results.length; shown += 1) {
        if (draw) process.stdout.write('\r\x1b[K');
        const result = now.results[shown];
        if (!quiet && result !== undefined) showResult(result);
      }
      if (now.endedAt !== null) return now;
      if (now.step !== null && now.step.id !== asked) {
        asked = now.step.id;
        const text = DIAGNOSTIC_STEP_WORDS[now.step.kind][word];
        const { line, other } = now.step;
        print(
          text.replace('{line}', diagnosticLineName(line, word)).replace('{other}', diagnosticLineName(other, word)),
        );
        await target.continue(asked, await done());
      }
      if (draw && now.now !== null) {
        const { case: id, line, share } = now.now;
        process.stdout.write(
          `\r\x1b[K… ${DIAGNOSTIC_CASE_WORDS[id].name[word]} ${diagnosticLineName(line, word)} ${Math.round(share * 100)} %`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      now = (await target.run()) ?? now;
    }
  } finally {
    process.off('SIGINT', cancel);
  }
}

async function done(): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await lines.question(say('enter'))).trim().toLowerCase() !== 's';
  } finally {
    lines.close();
  }
}

const MARK = { passed: '✓', failed: '✗', skipped: '·', told: 'i' } as const;
/** Of a case that is well, so much is shown that the terminal can be read. */
const FEW = 6;

function showResult(result: DiagnosticResult): void {
  const { case: id, line, outcome, reason, detail, measures, lastedMs } = result;
  const title = [DIAGNOSTIC_CASE_WORDS[id].name[word], diagnosticLineName(line, word)]
    .filter((part) => part !== '')
    .join(' · ');
  print(`${MARK[outcome]} ${title}  ${DIAGNOSTIC_OUTCOME_WORDS[outcome][word]}  ${(lastedMs / 1000).toFixed(1)} s`);
  if (reason !== null) print(`    ${DIAGNOSTIC_REASON_WORDS[reason][word]}`);
  if (detail !== '' && outcome !== 'passed') print(`    ${detail}`);
  const few = measures.filter(({ passed }, index) => passed === false || index < FEW);
  for (const row of columns(
    few.map((one) => [
      `    ${one.passed === false ? '✗' : ' '} ${DIAGNOSTIC_MEASURE_WORDS[one.name][word]} ${one.at}`.trimEnd(),
      valueText(one),
      limitText(one),
      diagnosticStandard(one.standard, word),
    ]),
  ))
    print(row);
  if (few.length < measures.length) print(`      … ${measures.length - few.length}`);
}

function showEnd({ state, results }: DiagnosticRun): void {
  const ran = results.filter(({ outcome }) => outcome !== 'skipped').length;
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  print('');
  print(
    state === 'passed'
      ? say('passed', { ran })
      : state === 'failed'
        ? say('notPassed', { failed, ran })
        : say('cancelled'),
  );
}

async function writeReport(target: DiagTarget, id: string, name: string, quiet: boolean): Promise<void> {
  const file = name.replace(/\.(json|pdf)$/i, '');
  writeFileSync(`${file}.json`, await target.file(id, 'json'));
  writeFileSync(`${file}.pdf`, await target.file(id, 'pdf'));
  if (!quiet) print(say('written', { file }));
}

function readRig(file: string): DiagnosticRigInput {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CliError(say('badRig', { reason: errorText(error) }));
  }
  const parsed = DiagnosticRig.safeParse(raw);
  if (!parsed.success) throw new CliError(say('badRig', { reason: reasonOf(parsed.error) }));
  return parsed.data;
}

const reasonOf = (error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string =>
  error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('; ');

interface GivenSpan {
  span: number;
  far: DiagnosticFar | undefined;
}

function spansOf(text: string | undefined): { spans?: GivenSpan[] } {
  if (text === undefined) return {};
  const spans = text.split(',').map((one): GivenSpan => {
    const found = /^(\d{1,3})(?:=(plug|remote|none|\d{1,3}))?$/.exec(one.trim());
    if (found === null) throw new CliError(say('badSpan', { text: one }));
    const [, span = '', far] = found;
    if (far === undefined) return { span: Number(span), far: undefined };
    if (far === 'plug' || far === 'remote' || far === 'none') return { span: Number(span), far: { kind: far } };
    return { span: Number(span), far: { kind: 'cable', span: Number(far) } };
  });
  return { spans };
}

function pairsOf(text: string | undefined): { pairs?: { station: number; line: number }[] } {
  if (text === undefined) return {};
  const pairs = text.split(',').map((one) => {
    const found = /^(\d{1,5})=(\d{1,5})$/.exec(one.trim());
    if (found === null) throw new CliError(say('badPair', { text: one }));
    return { station: Number(found[1]), line: Number(found[2]) };
  });
  return { pairs };
}

function withKnownEnds(
  { spans, pairs }: { spans?: GivenSpan[]; pairs?: { station: number; line: number }[] },
  { lines }: DiagnosticInventory,
): DiagnosticRigInput {
  const known = spans?.map(({ span, far }) => ({
    span,
    far: far ?? lines.find((line) => line.span === span)?.far ?? { kind: 'none' as const },
  }));
  return { ...(known === undefined ? {} : { spans: known }), ...(pairs === undefined ? {} : { pairs }) };
}

function allVirtual({ lines, pairs }: DiagnosticInventory): DiagnosticRigInput {
  const spans = lines.filter(({ card }) => card === 'virtual').map(({ span, far }) => ({ span, far }));
  if (spans.length + pairs.length === 0) throw new CliError(say('noVirtual'));
  return { spans, pairs: pairs.map(({ station, line }) => ({ station, line })) };
}

/** Needs no box: the report names its key. */
function verify(args: readonly string[]): Promise<number> {
  const { values, words } = parseCommand(args, { ...COMMON, key: { type: 'string' } }, 1);
  const [file] = words;
  if (file === undefined) return Promise.reject(new CliError(say('verb')));
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return Promise.reject(new CliError(errorText(error)));
  }
  const verdict: DiagnosticVerdict = judgeReport(text, (values.key ?? '').toLowerCase());
  if (values.json === true) print(JSON.stringify(verdict));
  else print(say(verdict.why, { fingerprint: verdict.fingerprint }));
  return Promise.resolve(verdict.valid ? 0 : 1);
}

const dayOf = (ms: number | null): string =>
  ms === null ? '…' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

async function alarms(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(args, COMMON, 0);
  const all = await new LocalApi(values.home).request<DiagnosticAlarm[]>('GET', '/diagnostics/alarms');
  const rows = all.map((one) => [
    one.name,
    one.alarms.join(', ').toUpperCase(),
    dayOf(one.startedAt),
    dayOf(one.endedAt),
  ]);
  if (values.json === true) print(JSON.stringify(all));
  else for (const line of rows.length === 0 ? [say('none')] : columns(rows)) print(line);
  return 0;
}

async function reports(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(args, COMMON, 0);
  const all = await new LocalApi(values.home).request<DiagnosticReportEntry[]>('GET', '/diagnostics/reports');
  const rows = all.map((one) => {
    const outcome = DIAGNOSTIC_OUTCOME_WORDS[one.passed ? 'passed' : 'failed'][word];
    return [
      one.id,
      dayOf(one.startedAt),
      one.technician,
      one.cancelled ? '…' : outcome,
      `${one.cases - one.failed}/${one.cases}`,
    ];
  });
  if (values.json === true) print(JSON.stringify(all));
  else for (const line of rows.length === 0 ? [say('none')] : columns(rows)) print(line);
  return 0;
}

async function fetch(args: readonly string[]): Promise<number> {
  const { values, words } = parseCommand(args, { ...COMMON, report: { type: 'string' } }, 1);
  const [id] = words;
  if (id === undefined) throw new CliError(say('verb'));
  await writeReport(boxTarget(values.home), id, values.report ?? `acceptance-${id}`, values.json === true);
  return 0;
}
