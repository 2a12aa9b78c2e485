// Setting passwords: the rules, the history, and what is to be remembered of each.
import type { Db, UserRow, Writes } from '../../db/index.js';
import { AppError, type Clock } from '../../platform/index.js';
import { mustFitRules } from './password-rules.js';
import type { Passwords } from './passwords.js';

export interface CredentialsOptions {
  db: Db;
  clock: Clock;
  passwords: Passwords;
}

const MOST_HISTORY = 24;

/** Hashes a password that a person has chosen. AppError body_invalid, with every rule that it breaks. */
export async function chosenPassword(
  { db, passwords }: Pick<CredentialsOptions, 'db' | 'passwords'>,
  of: Pick<UserRow, 'username'> & Partial<UserRow>,
  password: string,
): Promise<string> {
  const { password: rules } = await db.userSecurity.rules();
  mustFitRules(rules, of.username, password);
  const security = of.id === undefined ? null : await db.userSecurity.find(of.id);
  const last = [of.passwordHash, ...(security?.history ?? [])].slice(0, rules.history);
  for (const one of last) {
    if (one === undefined || !(await passwords.verify(one, password))) continue;
    const used = new AppError('password_used', { count: rules.history });
    const details = (language: Parameters<AppError['text']>[0]) => [{ path: 'password', message: used.text(language) }];
    throw new AppError('body_invalid', {}, { details });
  }
  return passwords.hash(password);
}

/** `mustChange`: somebody else has set it, so its owner chooses one of his own. */
export async function keepPassword(
  tx: Writes,
  { clock }: Pick<CredentialsOptions, 'clock'>,
  row: UserRow,
  passwordHash: string,
  mustChange: boolean,
): Promise<void> {
  const before = await tx.userSecurity.find(row.id);
  const old = row.passwordHash === '' ? [] : [row.passwordHash];
  const history = [...old, ...(before?.history ?? [])].slice(0, MOST_HISTORY);
  await tx.userSecurity.put(row.id, { history, passwordSetAt: clock.wallMs(), mustChange });
  await tx.users.update(row.id, { passwordHash });
}
