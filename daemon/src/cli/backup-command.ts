// `cordboard backup …` and `cordboard tls …`: back-ups, where they go and the way back; the certificate that the box shows.
import { readFileSync } from 'node:fs';
import type {
  Backup,
  BackupCheck,
  BackupPlacePut,
  BackupPlaceTested,
  BackupState,
  BackupVolume,
  TlsState,
} from '../contract/index.js';
import { errorText } from '../platform/index.js';
import { linesCommand, runVerb } from './lines-context.js';
import { given, numberOf } from './lines-values.js';
import { CliError, terminalLanguage } from './terminal.js';

const PATH = '/backups';
const PLACES = '/backup-places';
/** One a day, tried again for some hours when it failed. */
const LATEST_MS = 30 * 3_600_000;
const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;
const PASSPHRASE = { 'passphrase-file': TEXT };
const PLACE = {
  ...{ kind: TEXT, name: TEXT, keep: TEXT, recordings: FLAG, off: FLAG, path: TEXT, volume: TEXT, folder: TEXT },
  ...{ host: TEXT, port: TEXT, user: TEXT, 'host-key': TEXT, endpoint: TEXT, region: TEXT, bucket: TEXT },
  ...{ 'access-key': TEXT, 'host-style': FLAG, 'secret-file': TEXT },
};

export function runBackupCommand(args: readonly string[]): Promise<number> {
  return runVerb(
    'backup',
    { list, check, make, verify, restore, cancel, remove, places, place, test, send, forget, volumes },
    args,
  );
}

export function runTlsCommand(args: readonly string[]): Promise<number> {
  return runVerb('tls', { show, upload, own, acme, renew }, args);
}

const timeText = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ') + 'Z';

/** Of a file, or of the environment: what stands in a command line can be seen by others. */
function passphraseOf(file: string | undefined): string {
  const text = file === undefined ? process.env['CORDBOARD_BACKUP_PASSPHRASE'] : fileText(file).trimEnd();
  if (text === undefined || text === '') throw new CliError('--passphrase-file FILE | CORDBOARD_BACKUP_PASSPHRASE');
  return text;
}

function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(errorText(error));
  }
}

async function list(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('backup', args, {}, 0);
  const { backups } = await context.api.request<BackupState>('GET', PATH);
  context.list(backups, ({ name, bytes, places: at }) => [name, `${Math.ceil(bytes / 2 ** 20)} MB`, at.join(', ')]);
  return 0;
}

/** For those who look after many boxes: a unit of systemd that fails. */
async function check(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('backup', args, {}, 0);
  const wrong = missing(await context.api.request<BackupState>('GET', PATH), Date.now());
  if (wrong !== undefined) process.stderr.write(`${wrong}\n`);
  return wrong === undefined ? 0 : 1;
}

/** Why the back-up of the day is not there; undefined: it is, or none is wanted. */
function missing({ plan, last, backups }: BackupState, nowMs: number): string | undefined {
  if (!plan.enabled) return undefined;
  const english = terminalLanguage() === 'en';
  const newest = Math.max(0, ...backups.map(({ createdAt }) => createdAt));
  if (last?.ok === false) return `${english ? 'The last back-up failed:' : '最近一次备份失败：'} ${last.problem}`;
  if (last === null || nowMs - newest <= LATEST_MS) return undefined;
  return english ? 'There has been no back-up for more than a day.' : '超过一天没有备份。';
}

async function make(args: readonly string[]): Promise<number> {
  const { values, context } = linesCommand('backup', args, { ...PASSPHRASE, recordings: FLAG }, 0);
  const body = { passphrase: passphraseOf(values['passphrase-file']), recordings: values.recordings ?? false };
  const made = await context.api.request<Backup>('POST', PATH, body);
  context.done('made', 'backup', made.name, made);
  return 0;
}

async function verify(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('backup', args, { ...PASSPHRASE, place: TEXT });
  const body = { passphrase: passphraseOf(values['passphrase-file']), ...given({ place: values.place }) };
  const name = context.needed(words);
  const check = await context.api.request<BackupCheck>('POST', `${context.at(PATH, name)}/verify`, body);
  const { files, trial } = check;
  const counts = { files, tables: trial?.tables ?? 0, rows: trial?.rows ?? 0, recordings: trial?.recordings ?? 0 };
  context.result(check, () => [context.say('backupSound', { what: context.say('backup', { id: name }), ...counts })]);
  return 0;
}

async function restore(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('backup', args, { ...PASSPHRASE, place: TEXT });
  const body = { passphrase: passphraseOf(values['passphrase-file']), ...given({ place: values.place }) };
  const name = context.needed(words);
  const check = await context.api.request<BackupCheck>('POST', `${context.at(PATH, name)}/restore`, body);
  context.result(check, () => [context.say('backupWaits', { what: context.say('backup', { id: name }) })]);
  return 0;
}

async function cancel(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('backup', args, {}, 0);
  await context.api.request('DELETE', '/restore');
  context.result({}, () => [context.say('backupCancelled')]);
  return 0;
}

async function remove(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('backup', args, {});
  const name = context.needed(words);
  await context.api.request('DELETE', context.at(PATH, name));
  context.done('removed', 'backup', name);
  return 0;
}

async function places(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('backup', args, {}, 0);
  const state = await context.api.request<BackupState>('GET', PATH);
  context.list(state.places, ({ id, settings, backups, last, trial }) => [
    ...[id, settings.kind, String(backups)],
    last === null ? '-' : last.ok ? timeText(last.at) : `! ${last.problem}`,
    trial === null ? '-' : trial.ok ? timeText(trial.at) : `! ${trial.problem}`,
  ]);
  return 0;
}

async function place(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand('backup', args, PLACE);
  const id = context.needed(words);
  const { places: all } = await context.api.request<BackupState>('GET', PATH);
  const before = all.find((one) => one.id === id)?.settings;
  const number = (text: string | undefined, what: string): number | undefined =>
    text === undefined ? undefined : numberOf(text, what);
  const secret = values['secret-file'] === undefined ? undefined : fileText(values['secret-file']).trimEnd();
  const kind = values.kind ?? before?.kind;
  const auth =
    kind !== 'sftp' ? undefined : secret !== undefined ? 'password' : before === undefined ? 'key' : undefined;
  const change = given({
    ...{ kind, name: values.name, path: values.path, volume: values.volume, folder: values.folder, host: values.host },
    ...{
      keep: number(values.keep, '--keep'),
      port: number(values.port, '--port'),
      username: values.user,
      auth,
      secret,
    },
    ...{ endpoint: values.endpoint, region: values.region, bucket: values.bucket, accessKeyId: values['access-key'] },
    ...{ hostKey: values['host-key'], pathStyle: values['host-style'] === true ? false : undefined },
    recordings: values.recordings,
    enabled: values.off === undefined ? undefined : !values.off,
  });
  const body = { ...(before?.kind === kind ? before : { name: id }), ...change } as BackupPlacePut;
  const state = await context.api.request<BackupState>('PUT', context.at(PLACES, id), body);
  context.result(state, () => [
    context.say(before === undefined ? 'made' : 'changed', { what: context.say('backupPlace', { id }) }),
    ...(body.kind === 'sftp' && body.auth === 'key' ? [state.publicKey] : []),
  ]);
  return 0;
}

async function test(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('backup', args, {});
  const id = context.needed(words);
  const { places: all } = await context.api.request<BackupState>('GET', PATH);
  const known = all.find((one) => one.id === id);
  if (known === undefined) throw new CliError(context.say('which', { command: 'backup' }));
  const body = { place: known.settings, id };
  const tested = await context.api.request<BackupPlaceTested>('POST', `${PLACES}/test`, body);
  context.result(tested, () =>
    [context.say('backupTested', { count: tested.backups.length }), tested.hostKey].filter(Boolean),
  );
  return 0;
}

async function send(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('backup', args, {});
  const id = context.needed(words);
  await context.api.request('POST', `${context.at(PLACES, id)}/send`, {});
  context.result({}, () => [context.say('backupSending', { what: context.say('backupPlace', { id }) })]);
  return 0;
}

async function forget(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('backup', args, {});
  const id = context.needed(words);
  await context.api.request('DELETE', context.at(PLACES, id));
  context.done('removed', 'backupPlace', id);
  return 0;
}

async function volumes(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('backup', args, {}, 0);
  context.list(await context.api.request<BackupVolume[]>('GET', '/backup-volumes'), (one) => [
    ...[one.label || '-', one.uuid || '-', one.mountedAt, `${Math.floor(one.freeBytes / 2 ** 30)} GB`],
  ]);
  return 0;
}

async function show(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('tls', args, {}, 0);
  context.show(await context.api.request<TlsState>('GET', '/tls'));
  return 0;
}

async function upload(args: readonly string[]): Promise<number> {
  const { words, context } = linesCommand('tls', args, {}, 2);
  const body = { cert: fileText(context.needed(words)), key: fileText(context.needed(words, 1)) };
  context.show(await context.api.request<TlsState>('PUT', '/tls/certificate', body));
  return 0;
}

async function own(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('tls', args, {}, 0);
  await context.api.request('DELETE', '/tls/certificate');
  context.show(await context.api.request<TlsState>('GET', '/tls'));
  return 0;
}

async function acme(args: readonly string[]): Promise<number> {
  const { values, words, context } = linesCommand(
    ...(['tls', args] as const),
    { directory: TEXT, email: TEXT, port: TEXT, 'authority-file': TEXT, 'agree-to-terms': FLAG },
    20,
  );
  const authority = values['authority-file'];
  const state = await context.api.request<TlsState>('PUT', '/tls/acme', {
    ...{ names: words, directory: values.directory ?? '', email: values.email ?? '' },
    ...given({ challengePort: values.port === undefined ? undefined : numberOf(values.port, '--port') }),
    ...(authority === undefined ? {} : { authority: fileText(authority) }),
    termsAgreed: values['agree-to-terms'] ?? false,
  });
  context.show(state);
  return 0;
}

async function renew(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('tls', args, {}, 0);
  context.show(await context.api.request<TlsState>('POST', '/tls/acme/renew', {}));
  return 0;
}
