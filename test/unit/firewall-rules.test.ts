// The rules for the kernel: as the kernel itself takes them, and what they let through.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { FirewallWish, NO_RULES, firewallRules } from '../../daemon/src/firewall/index.js';

const PORTS = fileURLToPath(new URL('../support/reached-ports.py', import.meta.url));
const NOW = 1_800_000_000_000;

function wish(over: Partial<FirewallWish> = {}): FirewallWish {
  return {
    ...{
      mode: 'bans',
      sipPorts: [5060],
      sipTcpPorts: [5061],
      webPorts: [8080],
      rtpPorts: { first: 20_000, last: 29_999 },
    },
    ...{ webFrom: [], sshFrom: [], trusted: [], bans: [] },
    ...over,
  };
}

const ban = (address: string, forMs = 60_000): FirewallWish['bans'][number] => ({ address, until: NOW + forMs });

/** In a network of its own, which goes with the program. */
function isolated(input: string, command: readonly string[]): { code: number | null; output: string } {
  const ran = spawnSync('unshare', ['--net', ...command], { input, encoding: 'utf8' });
  return { code: ran.status, output: `${ran.stdout}${ran.stderr}` };
}
const inKernel = (rules: string, script: string): ReturnType<typeof isolated> =>
  isolated(rules, ['sh', '-c', `nft -f - && ${script}`]);
const possible = inKernel('', 'true').code === 0;

test('a firewall that is off takes its rules away and no others', () => {
  expect(firewallRules(wish({ mode: 'off', bans: [ban('192.0.2.1')] }), NOW)).toBe(NO_RULES);
});

test('bans end by themselves; those that are over are left out', () => {
  const rules = firewallRules(
    wish({ bans: [ban('192.0.2.1', 90_500), ban('192.0.2.2', 0), ban('2001:db8::/64', 1000)] }),
    NOW,
  );
  expect(rules).toContain('192.0.2.1 timeout 91s');
  expect(rules).toContain('2001:db8::/64 timeout 1s');
  expect(rules).not.toContain('192.0.2.2');
});

test('only addresses and numbers get into the rules', () => {
  const hostile = ['192.0.2.1; flush ruleset', '192.0.2.1 }\nadd table x', '$(reboot)', '::1/200', '', 'localhost'];
  for (const address of hostile) {
    expect(FirewallWish.safeParse(wish({ bans: [{ address, until: NOW }] })).success, address).toBe(false);
    expect(FirewallWish.safeParse(wish({ webFrom: [address] })).success, address).toBe(false);
  }
  expect(FirewallWish.safeParse({ ...wish(), webPorts: ['80 accept'] }).success).toBe(false);
  expect(FirewallWish.safeParse({ ...wish(), more: 1 }).success).toBe(false);
  expect(FirewallWish.safeParse(wish({ bans: [ban('192.0.2.1'), ban('2001:db8:1:2::/64')] })).success).toBe(true);
});

describe.runIf(possible)('the kernel', () => {
  const both = ['192.0.2.0/24', '2001:db8::1'];
  it.each([
    ['no bans', wish()],
    ['ten thousand bans', wish({ bans: Array.from({ length: 10_000 }, (_, i) => ban(`10.1.${i >> 8}.${i & 255}`)) })],
    ['one within the other', wish({ bans: [ban('192.0.2.0/24'), ban('192.0.2.7'), ban('2001:db8::/64')] })],
    ['everything closed', wish({ mode: 'closed', webFrom: both, sshFrom: both, trusted: both })],
    ['no SIP', wish({ mode: 'closed', sipPorts: [], sipTcpPorts: [], webPorts: [] })],
    ['off', wish({ mode: 'off' })],
  ])('takes the rules: %s', (_what, asked) => {
    const { code, output } = inKernel(firewallRules(asked, NOW), 'true');
    expect(output).toBe('');
    expect(code).toBe(0);
  });

  it('takes them again in place of those before', () => {
    const rules = firewallRules(wish({ bans: [ban('192.0.2.9')] }), NOW);
    const { code, output } = inKernel(rules + rules, 'nft list set inet cordboard banned4');
    expect(code).toBe(0);
    expect(output.match(/192\.0\.2\.9/g)).toHaveLength(1);
  });
});

// Who sends is the machine itself by a pair of wires, so that what comes in really comes from outside.
describe.runIf(possible)('between two machines', () => {
  const reached = (asked: FirewallWish): string[] => {
    const { output } = isolated(firewallRules(asked, NOW), ['python3', PORTS]);
    return output.trim().split('\n');
  };
  const ALL = '5060+ 20000+ 5060+ 5061+ 8080+ 22+ 9999+';

  it('who is banned does not reach SIP and speech, and everything else as before', () => {
    const banned = '5060- 20000- 5060- 5061- 8080+ 22+ 9999+';
    expect(reached(wish({ bans: [ban('10.9.0.3')] }))).toEqual([`10.9.0.2 ${ALL}`, `10.9.0.3 ${banned}`]);
  });

  it('who is trusted is not shut out', () => {
    expect(reached(wish({ bans: [ban('10.9.0.3')], trusted: ['10.9.0.0/24'] }))).toEqual([
      `10.9.0.2 ${ALL}`,
      `10.9.0.3 ${ALL}`,
    ]);
  });

  it('closed, only what is served is reached, from where it is said', () => {
    const asked = wish({ mode: 'closed', webFrom: ['10.9.0.2'], sshFrom: ['10.9.0.3', '2001:db8::/32'] });
    expect(reached(asked)).toEqual([
      '10.9.0.2 5060+ 20000+ 5060+ 5061+ 8080+ 22- 9999-',
      '10.9.0.3 5060+ 20000+ 5060+ 5061+ 8080- 22+ 9999-',
    ]);
  });
});
