// The command `cordboard`. Errors are sentences; 0: done, 1: it failed, 2: it was not understood. What a command needs is loaded
// when it is given: help is there at once.
import { errorText } from '../platform/index.js';
import { version } from '../main/folders.js';
import { parseCommand } from './parse-command.js';
import { CliError, cliSentence, terminalLanguage } from './terminal.js';
import { LINES_COMMANDS, linesUsage } from './lines-usage.js';
import { usage } from './usage.js';
import { diagUsage } from './diag-usage.js';

/** Runs one command line (without node and the script). Resolves with the exit code; never rejects. */
export async function runCli(args: readonly string[]): Promise<number> {
  const [first = 'help', ...rest] = args;
  // Whoever asks for help in the middle of a command gets it, too.
  const helpAsked = rest.includes('--help') || rest.includes('-h');
  const ofLines = LINES_COMMANDS.find((name) => name === first);
  const command = helpAsked ? 'help' : first;
  try {
    if (ofLines !== undefined) {
      if (!helpAsked) return await (await import('./lines-command.js')).runLinesCommand(ofLines, rest);
      process.stdout.write(linesUsage(ofLines, terminalLanguage()));
      return 0;
    }
    if (first === 'diag') {
      if (!helpAsked) return await (await import('./diag-command.js')).runDiagCommand(rest);
      process.stdout.write(diagUsage[terminalLanguage()]);
      return 0;
    }
    switch (command) {
      case 'start':
        return await start(rest);
      case 'demo':
        return await (await import('./demo-command.js')).runDemoCommand(rest);
      case 'exchange':
        return await (await import('./exchange-command.js')).runExchangeCommand(rest);
      case 'firewall':
        return await (await import('./firewall-command.js')).runFirewallCommand(rest);
      case 'health':
        return await (await import('./health-command.js')).runHealthCommand(rest);
      case 'backup':
        return await (await import('./backup-command.js')).runBackupCommand(rest);
      case 'support':
        return await (await import('./support-command.js')).runSupportCommand(rest);
      case 'boards':
        return await (await import('./boards-command.js')).runBoardsCommand(rest);
      case 'update':
        return await (await import('./update-command.js')).runUpdateCommand(rest);
      case 'network':
        return await (await import('./network-command.js')).runNetworkCommand(rest);
      case 'drain':
        return await (await import('./drain-command.js')).runDrainCommand(rest);
      case 'user':
        return await (await import('./user-command.js')).runUserCommand(rest);
      case 'help':
      case '--help':
      case '-h':
        process.stdout.write(usage);
        return 0;
      case '--version':
        process.stdout.write(`${version()}\n`);
        return 0;
      default:
        throw new CliError(`There is no command "${command}"; see: cordboard help`);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof CliError ? errorText(error) : cliSentence(error)}\n`);
    return error instanceof CliError ? 2 : 1;
  }
}

async function start(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(args, { home: { type: 'string' } }, 0);
  // Settings are read in one place, which knows the variable.
  if (values.home !== undefined) process.env['CORDBOARD_HOME'] = values.home;
  return (await import('../main.js')).runDaemon();
}
