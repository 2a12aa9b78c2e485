// `cordboard boards …`: the boards of this machine and their driver. Needs no box that runs; what changes something needs root.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  REQUEST,
  applyBoards,
  boardSentence,
  changesOf,
  differences,
  findHardware,
  isFault,
  machinePorts,
  planBoards,
  profileOf,
  readProfiles,
  suspicions,
  tellRefusal,
  undoBoards,
  wantedBoards,
} from '../boards/index.js';
import { checkSettings, homeFolder, parseJsonText, type Settings, type SettingsFile } from '../config/index.js';
import type { BoardsApplied } from '../contract/index.js';
import { AppError, errorText, foreignText } from '../platform/index.js';
import { parseCommand } from './parse-command.js';
import { CliError, terminalLanguage } from './terminal.js';

const OPTIONS = {
  home: { type: 'string' },
  root: { type: 'string' },
  service: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export function runBoardsCommand(args: readonly string[]): Promise<number> {
  const [what = 'show', ...rest] = args;
  const { values } = parseCommand(rest, OPTIONS, 0);
  const box = new BoardsCommand(values);
  switch (what) {
    case 'show':
      return Promise.resolve(box.show());
    case 'check':
      return Promise.resolve(box.check());
    case 'preview':
      return Promise.resolve(box.preview());
    case 'apply':
      return box.apply();
    case 'undo':
      return box.undo();
    default:
      throw new CliError(`What of the boards? show, check, preview, apply or undo; not "${what}".`);
  }
}

interface Values {
  home?: string | undefined;
  root?: string | undefined;
  service?: string | undefined;
  json?: boolean | undefined;
}

class BoardsCommand {
  readonly #root: string;
  readonly #language = terminalLanguage();
  readonly #profiles = readProfiles();

  constructor(readonly values: Values) {
    this.#root = values.root ?? '/';
  }

  show(): number {
    const found = findHardware(this.#root);
    const pci = found.pci.flatMap((one) => {
      const profile = profileOf(one, this.#profiles);
      return profile === undefined ? [] : [{ ...one, model: profile.model, name: profile.name }];
    });
    if (this.values.json === true) return print(JSON.stringify({ ...found, pci }, null, 2));
    for (const { address, name, module = '-' } of pci) print(`${address}  ${name}  ${module}`);
    for (const { device, type, board, location, alarms, line } of found.spans)
      print(`${device}  ${type}  ${board}  ${location}  ${line.join('/')}  ${alarms.join(' ').toUpperCase()}`);
    if (pci.length + found.spans.length === 0) print(this.#say('No boards.', '没有板卡。'));
    return 0;
  }

  /** 1 when something is wrong. */
  check(): number {
    const { plan, found } = this.#plan();
    const problems = [...plan.problems, ...differences(plan), ...suspicions(plan, found)];
    for (const one of problems) print(boardSentence(one, this.#language));
    if (problems.length === 0) print(this.#say('The boards are as the settings have them.', '板卡与设置一致。'));
    return problems.some(isFault) ? 1 : 0;
  }

  preview(): number {
    for (const { path, lines } of changesOf(this.#plan().plan.files, this.#root)) {
      print(`--- ${path}`);
      for (const { sign, text } of lines) print(`${sign}${text}`);
    }
    return 0;
  }

  async apply(): Promise<number> {
    this.#mayChange('apply');
    // Asked for by the page, or by hand: either way it is being done, and what goes wrong is told where the page looks.
    rmSync(join(this.#home, REQUEST), { force: true });
    const ports = machinePorts(this.#root);
    try {
      const { wanted } = this.#plan();
      const { service } = this.values;
      return this.#ended(await applyBoards({ wanted, profiles: this.#profiles, service, ports }));
    } catch (error) {
      tellRefusal(ports, error);
      throw error;
    }
  }

  async undo(): Promise<number> {
    this.#mayChange('undo');
    return this.#ended(await undoBoards(machinePorts(this.#root), this.values.service));
  }

  get #home(): string {
    return this.values.home ?? homeFolder();
  }

  #plan() {
    const settings = settingsOf(join(this.#home, 'settings.json'));
    const wanted = wantedBoards(settings);
    const found = findHardware(this.#root);
    return { wanted, found, plan: planBoards(wanted, found, this.#profiles) };
  }

  #ended(result: BoardsApplied): number {
    const { state, step, output, warnings } = result;
    if (this.values.json === true) print(JSON.stringify(result));
    else {
      const said = {
        done: this.#say('The boards are set up.', '板卡已设置好。'),
        rolledBack: this.#say(`It failed (${step}); everything is as it was.`, `设置失败（${step}），已恢复原状。`),
        broken: this.#say(`It failed (${step}), and going back did, too.`, `设置失败（${step}），恢复也失败。`),
      };
      if (state === 'done' || state === 'rolledBack' || state === 'broken') print(said[state]);
      if (output !== '') print(output);
      for (const { en, zh } of warnings) print(this.#say(en, zh));
    }
    return state === 'done' ? 0 : 1;
  }

  #mayChange(command: string): void {
    if (this.#root === '/' && process.getuid?.() !== 0) throw new AppError('boards_not_root', { command });
  }

  #say(en: string, zh: string): string {
    return this.#language === 'en' ? en : zh;
  }
}

/** More than any settings. */
const LONGEST = 4 * 2 ** 20;

/**
 * The settings of the box, read by root from a folder that is not root's: nothing is followed, nothing is written, and whatever is not
 * whole and of today's form is refused. The environment is that of whoever calls, and does not count.
 */
function settingsOf(file: string): Settings {
  const json = parseJsonText(textOf(file));
  if (!json.ok) throw new AppError('settings_not_json', { file, ...json.problem });
  return checkSettings(json.value as SettingsFile, {});
}

function textOf(file: string): string {
  try {
    return foreignText(file, LONGEST);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return '{}';
    const reason = code === undefined ? { en: 'it is no file of settings', zh: '不是设置文件' } : errorText(error);
    throw new AppError('settings_unreadable', { file, reason }, { cause: error });
  }
}

function print(line: string): 0 {
  process.stdout.write(`${line}\n`);
  return 0;
}
