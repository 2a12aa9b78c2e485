// `cordboard update …`: another version of the whole box. What changes something needs root and a box that was booted from an image.
import { setTimeout as sleep } from 'node:timers/promises';
import { homeFolder } from '../config/index.js';
import { version } from '../main/folders.js';
import { AppError, systemClock } from '../platform/index.js';
import { KeptUpdates, RootHelper, findMachine, readBootState, runProgram, type Machine } from '../updates/index.js';
import { LocalApi } from './local-api.js';
import { parseCommand, wholeNumber } from './parse-command.js';
import { CliError, terminalLanguage } from './terminal.js';

const OPTIONS = {
  home: { type: 'string' },
  root: { type: 'string' },
  within: { type: 'string' },
  restart: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

interface Values {
  home?: string | undefined;
  /** where /proc, /sys and /data begin; a folder stands for a machine in tests */
  root?: string | undefined;
  within?: string | undefined;
  restart?: boolean | undefined;
  json?: boolean | undefined;
}

export async function runUpdateCommand(args: readonly string[]): Promise<number> {
  const [what = 'show', ...rest] = args;
  const { values, words } = parseCommand(rest, OPTIONS, 1);
  const within = values.within === undefined ? undefined : wholeNumber(values.within, '--within');
  switch (what) {
    case 'show':
      return show(values);
    case 'check': {
      const manifest = await helper(what, values).check(needed(words[0]));
      return print(say(`Version ${manifest.version}: can be installed.`, `版本 ${manifest.version}：可以安装。`));
    }
    case 'install': {
      const root = helper(what, values);
      await root.install(needed(words[0]));
      return ended(root, values, within);
    }
    case 'back': {
      const root = helper(what, values);
      await root.back();
      return ended(root, values, within);
    }
    case 'restart':
      await helper(what, values).restart(within);
      return 0;
    case 'judge':
      return (await helper(what, values).judgeBoot(version()))?.good === false ? 1 : 0;
    case 'request':
      await helper(what, values).answer();
      return 0;
    default:
      throw new CliError(`What of the update? show, check, install, back or restart; not "${what}".`);
  }
}

const say = (en: string, zh: string): string => (terminalLanguage() === 'en' ? en : zh);
const print = (line: string): 0 => {
  process.stdout.write(`${line}\n`);
  return 0;
};

function needed(source: string | undefined): string {
  if (source !== undefined) return source;
  throw new CliError(
    say('Which update? A file, an address (https://…), or: usb', '哪个更新？请给出文件、网址（https://…）或 usb'),
  );
}

function machineOf({ root }: Values): Machine {
  const machine = findMachine(root);
  if (machine === undefined) throw new AppError('update_not_here');
  return machine;
}

function helper(command: string, values: Values): RootHelper {
  const machine = machineOf(values);
  const { root = '/', home = homeFolder() } = values;
  if (root === '/' && process.getuid?.() !== 0) throw new AppError('update_not_root', { command });
  return new RootHelper({
    ...{ machine, root, home, run: runProgram, clock: systemClock },
    request: async (method, path, body) => new LocalApi(home).request(method, path, body),
    wait: (ms) => sleep(ms),
    told: (en, zh) => void print(say(en, zh)),
  });
}

async function ended(root: RootHelper, values: Values, within: number | undefined): Promise<number> {
  show({ ...values, json: false });
  if (values.restart === true) await root.restart(within);
  return 0;
}

function show(values: Values): number {
  const machine = machineOf(values);
  const { release, slot, onTrial } = machine;
  const last = new KeptUpdates(values.root ?? '/').result ?? null;
  // The partition is root's.
  const boot = process.getuid?.() === 0 ? readBootState(machine.state) : null;
  if (values.json === true) return print(JSON.stringify({ ...release, slot, onTrial, boot, last }));
  print(say(`Version ${release.version} in slot ${slot}`, `版本 ${release.version}，位于槽位 ${slot}`));
  if (onTrial) print(say('on trial', '试运行中'));
  if (last !== null) print(say(last.text.en, last.text.zh));
  return 0;
}
