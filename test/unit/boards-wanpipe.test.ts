// Sangoma's boards: the files of their own driver, and that they are applied and taken back like the others.
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applyBoards, readProfiles, undoBoards } from '../../daemon/src/boards/index.js';
import { BoardsSetting } from '../../daemon/src/contract/index.js';
import { A104, A200, BoardMachine } from '../support/board-machine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const profiles = readProfiles();
const ONE = 'etc/wanpipe/wanpipe1.conf';
const ROUTER = 'etc/wanpipe/wanrouter.rc';

function machine() {
  const made = new BoardMachine(temporaryFolder(), [A104, A200], { loaded: false });
  const apply = (setting: object) =>
    applyBoards({
      wanted: {
        ...{ boards: BoardsSetting.parse(setting), country: 'cn', links: new Map() },
        signalling: new Map([[3, 'r2']]),
      },
      ...{ profiles, ports: made.ports() },
    });
  return { made, apply };
}

const E1S = {
  spans: [
    { span: 2, device: 1, crc4: false },
    { span: 3, device: 2, side: 'network' },
  ],
};

describe('boards of Sangoma', () => {
  test('one file for each E1 and each analog board, in the order in which they come up', async () => {
    const { made, apply } = machine();
    const done = await apply({ ...E1S, ports: [{ analog: 9, channel: 125, kind: 'fxo' }] });
    expect(done.output).toBe('');
    expect(done).toMatchObject({ state: 'done' });
    expect(made.ran).toEqual([
      'modprobe dahdi',
      'wanrouter restart',
      'dahdi_cfg -t -c /etc/dahdi/system.conf.draft',
      'dahdi_cfg -c /etc/dahdi/system.conf',
    ]);
    expect(made.read(ONE)).toContain('[devices]\nwanpipe1 = WAN_AFT_TE1, Comment\n');
    // bus 0a, slot 1f
    for (const line of ['PCISLOT = 31', 'PCIBUS = 10', 'FE_FRAME = NCRC4', 'FE_LINE = 1', 'TE_CLOCK = NORMAL'])
      expect(made.read(ONE)?.split('\n')).toContain(line);
    const second = made.read('etc/wanpipe/wanpipe2.conf')?.split('\n');
    for (const line of ['FE_LINE = 2', 'TE_CLOCK = MASTER', 'TE_SIG_MODE = CAS', 'TDMV_SPAN = 2', 'FE_FRAME = CRC4'])
      expect(second).toContain(line);
    const analog = made.read('etc/wanpipe/wanpipe5.conf')?.split('\n');
    for (const line of [
      'wanpipe5 = WAN_AFT_ANALOG, Comment',
      'TDMV_OPERMODE = CHINA',
      'TDMV_LAW = ALAW',
      'TDMV_SPAN = 5',
    ])
      expect(analog).toContain(line);
    expect(made.read(ROUTER)).toContain('WAN_DEVICES="wanpipe1 wanpipe2 wanpipe3 wanpipe4 wanpipe5"');
    expect(made.read('etc/dahdi/modules')).not.toContain('wanpipe');
  });

  test('what is the same does not take the lines down', async () => {
    const { made, apply } = machine();
    await apply(E1S);
    made.ran.length = 0;
    await apply(E1S);
    expect(made.ran.filter((line) => line.startsWith('wanrouter'))).toEqual([]);
  });

  test('when it fails, the files before are back and the driver with them', async () => {
    const { made, apply } = machine();
    made.failing.set('dahdi_cfg -c', 'no such span');
    expect(await apply(E1S)).toMatchObject({ state: 'rolledBack', step: 'configure' });
    expect(existsSync(made.at(ONE))).toBe(false);
    expect(made.ran.at(-1)).toBe('wanrouter stop');
    made.failing.clear();
    await apply(E1S);
    const before = made.read(ONE);
    made.failing.set('dahdi_cfg -t', 'line 3');
    made.ran.length = 0;
    expect(await apply({ spans: [{ span: 2, device: 1, lineCode: 'ami', crc4: false }] })).toMatchObject({
      state: 'rolledBack',
    });
    expect(made.read(ONE)).toBe(before);
    expect(made.ran.filter((line) => line.startsWith('wanrouter'))).toEqual(['wanrouter restart', 'wanrouter restart']);
  });

  test('one step back', async () => {
    const { made, apply } = machine();
    await apply(E1S);
    const before = made.read(ONE);
    await apply({ spans: [{ span: 2, device: 1, crc4: true }] });
    expect(made.read(ONE)).not.toBe(before);
    made.ran.length = 0;
    expect(await undoBoards(made.ports())).toMatchObject({ state: 'done' });
    expect(made.read(ONE)).toBe(before);
    expect(made.ran[0]).toBe('wanrouter restart');
  });
});
