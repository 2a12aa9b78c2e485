// Settings as a page changes them: the file is written whole or not at all, and the environment wins.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EDITABLE, LOCKABLE, SettingsDesk } from '../../daemon/src/settings/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function desk(settings?: object, env: Record<string, string> = {}) {
  const file = join(temporaryFolder(), 'settings.json');
  if (settings !== undefined) writeFileSync(file, JSON.stringify(settings));
  const made = new SettingsDesk({ file, env, countries: ['cn', 'de'], canRestart: false });
  const one = (path: string) => made.list().settings.find((setting) => setting.path === path);
  const written = (): unknown => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);
  return { made, one, written };
}

test('tells each value and where it comes from; a secret is never told', () => {
  const { one } = desk(
    { version: 3, mail: { password: 'hidden words' }, parkingMs: 5000 },
    { CORDBOARD_SIP_PORT: '5070' },
  );
  expect(one('parkingMs')).toMatchObject({ value: 5000, source: 'file', variable: null, pending: false });
  expect(one('sip.port')).toMatchObject({ value: 5070, source: 'environment', variable: 'CORDBOARD_SIP_PORT' });
  expect(one('http.port')).toMatchObject({ value: 8080, source: 'default' });
  expect(one('mail.password')).toMatchObject({ value: null, isSet: true, secret: true });
});

test('writes what is changed, says that it waits for a restart, and takes it back', () => {
  const { made, one, written } = desk({ version: 3, sip: { port: 5062 } });
  expect(made.change({ 'organisation.name': '云帆', 'sip.port': 5066, parkingMs: 120_000 })).toEqual([
    'organisation.name',
    'sip.port',
    'parkingMs',
  ]);
  expect(written()).toEqual({ version: 3, organisation: { name: '云帆' }, sip: { port: 5066 }, parkingMs: 120_000 });
  expect(one('sip.port')).toMatchObject({ value: 5066, pending: true });
  expect(one('organisation.name')).toMatchObject({ value: '云帆', pending: false });
  expect(made.list().restartNeeded).toBe(true);
  made.change({ 'sip.port': 5062, parkingMs: null });
  expect(made.list().restartNeeded).toBe(false);
  expect(made.change({ 'sip.port': 5062 })).toEqual([]);
});

test('refuses what does not fit, what is not known and what the environment says, and writes nothing', () => {
  const { made, written } = desk(undefined, {
    CORDBOARD_MAIL_HOST: 'mail.example',
    CORDBOARD_MAIL_FROM: 'a@example.com',
  });
  const refused = (changes: Record<string, never>): unknown => {
    try {
      made.change(changes);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  expect(refused({ 'http.port': 70_000 } as never)).toMatchObject({ code: 'settings_invalid' });
  expect((refused({ timeZone: 'Mars/Base' } as never) as { details: (l: string) => unknown }).details('en')).toEqual([
    expect.objectContaining({ path: 'timeZone' }),
  ]);
  expect(refused({ 'mail.host': 'other' } as never)).toMatchObject({ code: 'setting_locked' });
  expect(refused({ 'engine.realtime': true } as never)).toMatchObject({ code: 'setting_not_known' });
  expect(refused({ '__proto__.x': true } as never)).toMatchObject({ code: 'setting_not_known' });
  expect(written()).toBeUndefined();
});

test('every setting that may be changed is one, and most can be locked', () => {
  const { made } = desk();
  expect(made.list().settings.map(({ path }) => path)).toEqual(Object.keys(EDITABLE));
  expect(Object.keys(EDITABLE).filter((path) => LOCKABLE.has(path)).length).toBeGreaterThan(20);
});

test('what holds at once is written into the settings of the running box, and whoever needs to is told', () => {
  const file = join(temporaryFolder(), 'settings.json');
  const running = { parkingMs: 60_000, mail: { host: '', from: '' }, sip: { port: 5060 } };
  let told = 0;
  const made = new SettingsDesk({
    ...{ file, env: {}, countries: [], canRestart: false, running },
    changed: () => (told += 1),
  });
  made.change({ 'sip.port': 5066 });
  expect(told).toBe(0);
  made.change({ parkingMs: 90_000, 'mail.host': 'mail.example', 'mail.from': 'box@example.com' });
  expect(running).toMatchObject({
    ...{ parkingMs: 90_000, sip: { port: 5060 } },
    mail: { host: 'mail.example', from: 'box@example.com' },
  });
  expect(told).toBe(1);
  made.change({ parkingMs: null });
  expect(running.parkingMs).toBeGreaterThan(0);
  expect(running.parkingMs).not.toBe(90_000);
});
