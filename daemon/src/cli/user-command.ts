// `cordboard user …`: who may sign in at the pages of the box that runs on this machine, and a new password for who has forgotten his.
import type { OneTimePassword, User } from '../contract/index.js';
import { LocalApi } from './local-api.js';
import { parseCommand } from './parse-command.js';
import { CliError, terminalLanguage } from './terminal.js';

export async function runUserCommand(args: readonly string[]): Promise<number> {
  const [what = 'list', ...rest] = args;
  const { values, words } = parseCommand(rest, { home: { type: 'string' } }, 1);
  const users = (api: LocalApi): Promise<User[]> => api.request<User[]>('GET', '/users');
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const inEnglish = terminalLanguage() === 'en';
  switch (what) {
    case 'list':
      for (const { username, role } of await users(new LocalApi(values.home))) print(`${username}  ${role}`);
      return 0;
    case 'password': {
      const [name] = words;
      if (name === undefined) throw new CliError(inEnglish ? 'Whose password?' : '要重设谁的密码？');
      const api = new LocalApi(values.home);
      const user = (await users(api)).find(({ username }) => username === name);
      if (user === undefined) throw new CliError(inEnglish ? `There is no user ${name}.` : `没有用户 ${name}。`);
      const { password } = await api.request<OneTimePassword>('POST', `/users/${user.id}/password`);
      // Who has lost his telephone, too, gets in.
      await api.request('DELETE', `/users/${user.id}/second-factor`);
      print(inEnglish ? `The one-time password of ${name} is ${password}` : `${name} 的一次性密码：${password}`);
      return 0;
    }
    default:
      throw new CliError(`What of the users? list or password; not "${what}".`);
  }
}
