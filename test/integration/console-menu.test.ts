// The menu of the console, as who stands at the box uses it: each action at a terminal of its own, in both languages.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConsoleBox } from '../support/console-box.js';
import { DaemonProcess } from '../support/daemon-process.js';

const MENU = {
  en: /1 network {3}2 new password {3}3 factory reset {3}4 restart {3}5 power off/,
  zh: /1 网络 {3}2 重设密码 {3}3 恢复出厂设置 {3}4 重启 {3}5 关机/,
};

/** At the menu, in this language. */
async function at(language: 'en' | 'zh', box = new ConsoleBox()): Promise<ConsoleBox> {
  box.start('ttyS0');
  await box.sees(MENU.en);
  if (language === 'en') return box;
  box.types('6');
  await box.sees(MENU.zh);
  return box;
}

test('it shows version, address and set-up code', async () => {
  const box = new ConsoleBox();
  box.put('var/lib/cordboard/setup-code', 'ABCD-EFGH-JKMN\n');
  await at('en', box);
  for (const text of ['Cordboard 1.2.3', 'Open http://192.0.2.7/ in a browser.', 'Set-up code: ABCD-EFGH-JKMN'])
    expect(box.shown).toContain(text);
});

test('a screen has English alone; a serial line keeps the language that was chosen', async () => {
  const box = await at('zh');
  expect(box.shown).toContain('请在浏览器中打开 http://192.0.2.7/');
  expect(box.read('var/lib/cordboard-console/language')).toBe('zh\n');
  box.shown = '';
  box.start('ttyS1');
  await box.sees(MENU.zh);
  box.shown = '';
  box.start('tty1');
  await box.sees(MENU.en);
  expect(box.shown).not.toContain('6 中文');
});

describe.each(['en', 'zh'] as const)('in %s', (language) => {
  const say = (en: string, zh: string): string => (language === 'en' ? en : zh);

  test('a fixed address, then DHCP again', async () => {
    const box = await at(language);
    const file = 'etc/systemd/network/10-cordboard-eth0.network';
    box.types('1');
    await box.sees(say('Port [eth0]: ', '网口 [eth0]: '));
    box.types('');
    await box.sees('[dhcp]: ');
    box.types('192.168.7.10/24');
    await box.sees('[192.168.7.1]: ');
    box.types('');
    await box.sees('[192.168.7.1]: ');
    box.types('192.168.7.2 192.168.7.3');
    await box.sees(say('The network is set.', '网络已设置。'));
    await box.sees(MENU[language]);
    expect(box.read(file)).toContain(
      'DNS=192.168.7.2\nDNS=192.168.7.3\nAddress=192.168.7.10/24\nGateway=192.168.7.1\n',
    );
    expect(box.ran).toEqual(expect.arrayContaining(['networkctl reload', 'networkctl reconfigure eth0']));
    expect(box.journal).toContain('console ttyS0: network of eth0 set: 192.168.7.10/24');
    for (const line of ['1', '', 'dhcp']) {
      box.types(line);
      await box.sees(/: $|网络已设置|The network is set/);
    }
    await box.sees(MENU[language]);
    expect(box.read(file)).toContain('DHCP=yes');
    expect(box.read(file)).not.toContain('Address=');
  });

  test('an address of IPv6 has no gateway unless one is typed', async () => {
    const box = await at(language);
    for (const line of ['1', 'eth0', '2001:db8::5/64']) {
      box.types(line);
      await box.sees(/: $/);
    }
    await box.sees('[none]: ');
    for (const line of ['', '']) {
      box.types(line);
      await box.sees(/: $|网络已设置|The network is set/);
    }
    await box.sees(MENU[language]);
    expect(box.read('etc/systemd/network/10-cordboard-eth0.network')).toContain('Address=2001:db8::5/64\n');
    expect(box.read('etc/systemd/network/10-cordboard-eth0.network')).not.toContain('Gateway=');
  });

  test('an address that cannot be is refused, and nothing is changed', async () => {
    const box = await at(language);
    for (const line of ['1', 'eth0', '192.168.7.10']) {
      box.types(line);
      await box.sees(/: $/);
    }
    box.types('none');
    await box.sees(/: $/);
    box.types('none');
    await box.sees(say('length of its prefix', '前缀长度'));
    await box.sees(MENU[language]);
    for (const line of ['1', 'eth9', 'dhcp']) {
      box.types(line);
      await box.sees(/: $|eth9/);
    }
    await box.sees(say('This machine has no network port eth9', '本机没有网口 eth9'));
    expect(existsSync(join(box.root, 'etc/systemd/network/10-cordboard-eth0.network'))).toBe(false);
    expect(box.ran.some((line) => line.startsWith('networkctl'))).toBe(false);
    expect(box.journal).toContain('network of eth0 not set');
  });

  test('a factory reset is asked for twice and is one file at the next start', async () => {
    const box = await at(language);
    box.types('3');
    await box.sees(say('Everything is removed', '全部清除'));
    box.types('no');
    await box.sees(MENU[language]);
    expect(existsSync(join(box.root, 'data/factory-reset'))).toBe(false);
    box.types('3');
    await box.sees(say('Type yes', '请输入 yes'));
    box.types('yes');
    await box.sees(say('One moment.', '请稍候。'));
    expect(existsSync(join(box.root, 'data/factory-reset'))).toBe(true);
    expect(box.ran).toContain('systemctl --no-block reboot');
    expect(box.journal).toContain('factory reset asked for');
  });

  test.each([
    ['4', 'reboot', 'restart'],
    ['5', 'poweroff', 'power off'],
  ])('%s is %s, when it is meant', async (key, verb, told) => {
    const box = await at(language);
    box.types(key);
    await box.sees(say('Type yes', '请输入 yes'));
    box.types('');
    await box.sees(MENU[language]);
    expect(box.ran.filter((line) => line.includes(verb))).toEqual([]);
    box.types(key);
    await box.sees(say('Type yes', '请输入 yes'));
    box.types('yes');
    await box.sees(MENU[language]);
    expect(box.ran).toContain(`systemctl --no-block ${verb}`);
    expect(box.journal).toContain(`console ttyS0: ${told}`);
  });

  test('who stands at the box gets a one-time password, which the journal does not have', async () => {
    const box = new ConsoleBox();
    const daemon = new DaemonProcess(box.home, {});
    await daemon.start();
    const code = box.read('var/lib/cordboard/setup-code').trim();
    const admin = { code, username: 'lina', password: 'cord and jack 31', language: 'en' };
    await daemon.api.request('POST', '/setup', admin);
    await at(language, box);
    box.types('2');
    await box.sees('lina  admin');
    await box.sees(/: $/);
    box.types('nobody');
    await box.sees(say('There is no user nobody.', '没有用户 nobody。'));
    await box.sees(MENU[language]);
    box.types('2');
    await box.sees(/: $/);
    box.types('lina');
    await box.sees(say('The one-time password of lina is ', 'lina 的一次性密码：'));
    await box.sees(MENU[language]);
    const password = /(?:password of lina is |一次性密码：)(\S+)/.exec(box.shown)?.[1] ?? '';
    const { token } = await daemon.api.request<{ token: string }>('POST', '/session', { username: 'lina', password });
    expect(token).not.toBe('');
    expect(box.journal).toContain('one-time password given to lina');
    expect(box.journal).not.toContain(password);
    const { entries } = await daemon.api.request<{ entries: unknown[] }>('GET', '/audit');
    expect(entries).toContainEqual(
      expect.objectContaining({ actor: 'local', action: 'reset', objectKind: 'password', objectId: 'lina' }),
    );
  });
});
