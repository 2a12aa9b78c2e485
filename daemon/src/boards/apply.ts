// Sets the driver up as the settings have it; run by root. Either the lines are up with the new files, or everything is as it was:
//
//   read, look ─> faults? ── say so, nothing done
//        │
//   journal ─> files of modules ─> load ─> look again ─> system.conf, tried by dahdi_cfg -t ─> dahdi_cfg ─> as planned?
//                                                                                                  yes │     │ no
//                                                                            forget the journal <──────┘     └─> put back, dahdi_cfg
//
// The journal names the files that are being replaced and is on disk before the first of them is: after a power cut the next run puts
// them back before it does anything else. The files before are kept as <file>.previous for as long as nothing else is applied.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BoardsApplied, BoardsStep } from '../contract/index.js';
import { AppError, errorText, isAppError } from '../platform/index.js';
import { differences, suspicions } from './compare.js';
import { findHardware, type FoundHardware } from './found.js';
import { MODULES, OPTIONS, SYSTEM_CONF, planBoards, type BoardPlan, type WantedBoards } from './plan.js';
import { boardSentence, isFault, type BoardProblem } from './problems.js';
import type { CardProfile } from './profiles.js';
import { WANROUTER, isWanpipeFile, wanpipeBoards, wanpipePaths } from './wanpipe.js';

/** Readable by the box, written by root alone. */
export const STATE_FOLDER = '/run/cordboard-boards';
const RESULT = 'result.json';
const LOCK = 'lock';
/** Survives a power cut, unlike the state. */
const JOURNAL = '/var/lib/cordboard-boards/journal.json';

/** Boards are found within a second or two of their module; those with an echo canceller load its firmware first. */
const SPANS_WAIT_MS = 20_000;
const LOOK_AGAIN_MS = 250;

export interface CommandResult {
  /** null: it could not be run at all */
  code: number | null;
  /** of both */
  output: string;
}

export interface ApplyPorts {
  /** where /etc, /sys, /run and /var begin */
  root: string;
  run(command: string, args: readonly string[]): CommandResult;
  find(): FoundHardware;
  wait(ms: number): Promise<void>;
  wallMs(): number;
  /** as it goes along */
  told?(step: BoardsStep): void;
}

export interface ApplyOptions {
  wanted: WantedBoards;
  profiles: readonly CardProfile[];
  /** unit that has the channels open: it is stopped before and started again afterwards; left out: nobody has */
  service?: string | undefined;
  ports: ApplyPorts;
}

/** The machine itself. */
export function machinePorts(root = '/'): ApplyPorts {
  return {
    root,
    run: runCommand,
    find: () => findHardware(root),
    wait: (ms) => sleep(ms),
    wallMs: () => Date.now(),
  };
}

export function runCommand(command: string, args: readonly string[]): CommandResult {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const env = { PATH: path, LC_ALL: 'C' };
  const ran = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = `${ran.stdout ?? ''}${ran.stderr ?? ''}`.trim().slice(-4000);
  return { code: ran.error === undefined ? ran.status : null, output: ran.error ? errorText(ran.error) : output };
}

/** What was there under a path; null: nothing. */
type Before = Record<string, string | null>;

/** Of one run. Stops at the first step that fails; what has been changed by then is put back. */
class Failed extends Error {
  constructor(
    readonly step: BoardsStep,
    readonly output: string,
  ) {
    super(`${step}: ${output}`);
  }
}

/**
 * Gives how it ended; it is also in the state folder. AppError boards_being_applied, boards_not_possible (the problems are in its
 * details).
 */
export async function applyBoards(options: ApplyOptions): Promise<BoardsApplied> {
  const { ports } = options;
  return locked(ports, async () => {
    recover(ports);
    const plan = planBoards(options.wanted, ports.find(), options.profiles);
    refuseFaults(plan.problems.filter(({ code }) => code !== 'driverMissing'));
    return replaced(options, plan);
  });
}

/** Goes back to the files before the last time; AppError boards_no_previous. */
export async function undoBoards(ports: ApplyPorts, service?: string): Promise<BoardsApplied> {
  return locked(ports, async () => {
    recover(ports);
    const files = [OPTIONS, MODULES, ...wanpipePaths(), SYSTEM_CONF].filter((file) =>
      existsSync(join(ports.root, `${file}.previous`)),
    );
    if (files.length === 0) throw new AppError('boards_no_previous');
    const texts = files.map((path) => ({ path, text: readFileSync(join(ports.root, `${path}.previous`), 'utf8') }));
    return work(ports, service, texts, (before, steps) => {
      put(steps, texts, before);
      if (files.some(isWanpipeFile)) must(steps, 'load', 'wanrouter', ['restart']);
      configure(steps);
      return Promise.resolve([]);
    });
  });
}

async function replaced(
  { wanted, profiles, service, ports: machine }: ApplyOptions,
  early: BoardPlan,
): Promise<BoardsApplied> {
  return work(machine, service, early.files, async (before, ports) => {
    const ofModules = early.files.filter(({ path }) => path !== SYSTEM_CONF);
    const reload = changed(ports, ofModules).includes(OPTIONS) && ports.find().driver !== undefined;
    const below = changed(ports, ofModules).some(isWanpipeFile);
    put(ports, ofModules, before);
    const plan = await load(ports, early, { wanted, profiles, reload, below });
    const [conf] = plan.files.filter(({ path }) => path === SYSTEM_CONF);
    if (conf === undefined) throw new Failed('write', SYSTEM_CONF);
    tryOut(ports, conf.text);
    put(ports, [conf], before);
    configure(ports);
    const after = planBoards(wanted, ports.find(), profiles);
    const wrong = [...after.problems.filter(isFault), ...differences(after)];
    if (wrong.length > 0) throw new Failed('check', sentences(wrong));
    return [...after.problems, ...suspicions(after, ports.find())];
  });
}

/** Loads what drives the boards found and waits until all lines are there. */
async function load(
  ports: ApplyPorts,
  { modules }: BoardPlan,
  { wanted, profiles, reload, below }: Pick<ApplyOptions, 'wanted' | 'profiles'> & { reload: boolean; below: boolean },
): Promise<BoardPlan> {
  const { spans, ports: analog } = wanted.boards;
  // Sangoma's is brought up by its own command, which loads what it needs.
  const own = modules.filter((name) => name !== 'dahdi' && name !== 'wanpipe');
  ports.told?.('load');
  if (reload && own.length > 0) must(ports, 'unload', 'modprobe', ['-r', ...own]);
  // Without lines that are wanted, too: only the driver tells which there are to choose from.
  if (modules.length + spans.length + analog.length > 0)
    for (const module of ports.find().driver === undefined ? ['dahdi', ...own] : own)
      must(ports, 'load', 'modprobe', [module]);
  // Lines that are up as they should be stay so.
  const down = wanpipeBoards(ports.find(), profiles).some((pci) => pci.module === undefined);
  if (below || down) must(ports, 'load', 'wanrouter', [below ? 'restart' : 'start']);
  const until = ports.wallMs() + SPANS_WAIT_MS;
  for (;;) {
    const plan = planBoards(wanted, ports.find(), profiles);
    const faults = plan.problems.filter(isFault);
    if (faults.length === 0) return plan;
    if (ports.wallMs() >= until) throw new Failed('find', sentences(faults));
    await ports.wait(LOOK_AGAIN_MS);
  }
}

/** The driver's own parser reads it first; what it does not like never gets to its place. */
function tryOut({ root, run, told }: ApplyPorts, text: string): void {
  told?.('try');
  const draft = join(root, `${SYSTEM_CONF}.draft`);
  writeWhole(draft, text);
  try {
    const { code, output } = run('dahdi_cfg', ['-t', '-c', draft]);
    if (code !== 0) throw new Failed('try', output);
  } finally {
    rmSync(draft, { force: true });
  }
}

function configure(ports: ApplyPorts): void {
  ports.told?.('configure');
  must(ports, 'configure', 'dahdi_cfg', ['-c', join(ports.root, SYSTEM_CONF)]);
}

function must({ run }: ApplyPorts, step: BoardsStep, command: string, args: readonly string[]): void {
  const { code, output } = run(command, args);
  if (code !== 0) throw new Failed(step, `${command} ${args.join(' ')}: ${output || `exit code ${code}`}`);
}

/** Journal, service, roll-back and report around what is done. */
async function work(
  machine: ApplyPorts,
  service: string | undefined,
  files: readonly { path: string }[],
  act: (before: Before, ports: ApplyPorts) => Promise<BoardProblem[]>,
): Promise<BoardsApplied> {
  const before = Object.fromEntries(files.map(({ path }) => [path, readOr(join(machine.root, path))]));
  const startedAt = machine.wallMs();
  const told = (step: BoardsStep | null): void =>
    report(machine, { state: 'running', startedAt, endedAt: null, step, output: '', warnings: [] });
  const ports = { ...machine, told };
  told(null);
  writeWhole(join(ports.root, JOURNAL), JSON.stringify(before));
  let result: BoardsApplied;
  try {
    if (service !== undefined) must(ports, 'stop', 'systemctl', ['stop', service]);
    const warnings = bilingual(await act(before, ports));
    keepPrevious(ports, before);
    result = { state: 'done', startedAt, endedAt: ports.wallMs(), step: null, output: '', warnings };
  } catch (error) {
    const step = error instanceof Failed ? error.step : 'write';
    const said = error instanceof Failed ? error.output : errorText(error);
    const back = putBack(ports, before);
    const output = back === '' ? said : `${said}\n${back}`;
    result = {
      state: back === '' ? 'rolledBack' : 'broken',
      startedAt,
      endedAt: ports.wallMs(),
      step,
      output,
      warnings: [],
    };
  }
  rmSync(join(ports.root, JOURNAL), { force: true });
  if (service !== undefined) {
    const { code, output } = ports.run('systemctl', ['start', service]);
    if (code !== 0)
      result = { ...result, state: 'broken', step: 'start', output: `${result.output}\n${output}`.trim() };
  }
  report(ports, result);
  return result;
}

/** Empty: everything is as it was. Else why it is not. */
function putBack(ports: ApplyPorts, before: Before): string {
  ports.told?.('back');
  try {
    const wrote = restore(ports, before);
    if (wrote.some(isWanpipeFile)) {
      // Without the file that names its devices there were none before.
      const { code, output } = ports.run('wanrouter', [before[WANROUTER] === null ? 'stop' : 'restart']);
      if (code !== 0) return `wanrouter: ${output}`;
    }
    // A driver that was never configured has nothing to go back to.
    if (!wrote.includes(SYSTEM_CONF) || before[SYSTEM_CONF] === null || ports.find().driver === undefined) return '';
    const { code, output } = ports.run('dahdi_cfg', ['-c', join(ports.root, SYSTEM_CONF)]);
    return code === 0 ? '' : `dahdi_cfg: ${output}`;
  } catch (error) {
    return errorText(error);
  }
}

/** After a power cut in the middle of it. */
function recover(ports: ApplyPorts): void {
  const journal = readOr(join(ports.root, JOURNAL));
  if (journal === null) return;
  try {
    const before = JSON.parse(journal) as Before;
    const known = Object.entries(before).filter(
      ([path]) => [OPTIONS, MODULES, SYSTEM_CONF].includes(path) || isWanpipeFile(path),
    );
    restore(ports, Object.fromEntries(known));
  } catch {
    // It was not whole, so that no file has been touched: it is written before the first.
  }
  rmSync(join(ports.root, JOURNAL), { force: true });
}

/** Gives those that were another. */
function restore({ root }: ApplyPorts, before: Before): string[] {
  return Object.entries(before).flatMap(([path, text]) => {
    const file = join(root, path);
    if (readOr(file) === text) return [];
    if (text === null) rmSync(file, { force: true });
    else writeWhole(file, text);
    return [path];
  });
}

function put(ports: ApplyPorts, files: readonly { path: string; text: string }[], before: Before): void {
  ports.told?.('write');
  for (const { path, text } of files) if (before[path] !== text) writeWhole(join(ports.root, path), text);
}

/** One step back is possible. Where nothing has changed the step before stays. */
function keepPrevious({ root }: ApplyPorts, before: Before): void {
  const others = Object.entries(before).filter(([path, text]) => readOr(join(root, path)) !== text);
  for (const [path, text] of others) if (text !== null) writeWhole(join(root, `${path}.previous`), text);
}

const changed = ({ root }: ApplyPorts, files: readonly { path: string; text: string }[]): string[] =>
  files.filter(({ path, text }) => readOr(join(root, path)) !== text).map(({ path }) => path);

/** One at a time, on the whole machine. */
async function locked<T>({ root }: ApplyPorts, act: () => Promise<T>): Promise<T> {
  const folder = join(root, STATE_FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const file = join(folder, LOCK);
  // Of one who has died nothing is left to wait for.
  const holder = Number(readOr(file));
  if (holder > 0 && !alive(holder)) rmSync(file, { force: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    throw new AppError('boards_being_applied', undefined, { cause: error });
  }
  try {
    return await act();
  } finally {
    rmSync(file, { force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function report({ root }: ApplyPorts, result: BoardsApplied): void {
  writeWhole(join(root, STATE_FOLDER, RESULT), JSON.stringify(result));
}

/** Nothing was begun: so that whoever asked hears why. Another run that is under way tells of itself. */
export function tellRefusal(ports: ApplyPorts, error: unknown): void {
  if (!isAppError(error) || isAppError(error, 'boards_being_applied')) return;
  const at = ports.wallMs();
  const output = [error.text('zh-CN'), error.text('en')].join('\n');
  report(ports, { state: 'rolledBack', startedAt: at, endedAt: at, step: 'check', output, warnings: [] });
}

/** How the last one went; undefined: there has been none since the machine was started. */
export function lastApplied(root = '/'): unknown {
  const text = readOr(join(root, STATE_FOLDER, RESULT));
  return text === null ? undefined : (JSON.parse(text) as unknown);
}

function refuseFaults(problems: readonly BoardProblem[]): void {
  const faults = problems.filter(isFault);
  if (faults.length === 0) return;
  const said = {
    en: faults.map((one) => boardSentence(one, 'en')).join(' '),
    zh: faults.map((one) => boardSentence(one, 'zh-CN')).join(''),
  };
  throw new AppError('boards_not_possible', { problems: said });
}

const bilingual = (problems: readonly BoardProblem[]): BoardsApplied['warnings'] =>
  problems.map((one) => ({ en: boardSentence(one, 'en'), zh: boardSentence(one, 'zh-CN') }));

const sentences = (problems: readonly BoardProblem[]): string =>
  problems.map((one) => `${boardSentence(one, 'zh-CN')} ${boardSentence(one, 'en')}`).join('\n');

function readOr(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** Old or new after a power cut, never a part. AppError boards_file_failed. */
function writeWhole(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    const draft = `${file}.new`;
    rmSync(draft, { force: true });
    writeFileSync(draft, text, { mode: 0o644, flag: 'wx', flush: true });
    renameSync(draft, file);
    const folder = openSync(dirname(file), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    throw new AppError('boards_file_failed', { file, reason: errorText(error) }, { cause: error });
  }
}
