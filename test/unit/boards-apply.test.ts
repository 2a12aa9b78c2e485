// The driver is set up: either the lines are up with the new files, or everything is as it was. On a machine made of a folder.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applyBoards, lastApplied, readProfiles, undoBoards, type ApplyPorts } from '../../daemon/src/boards/index.js';
import { BoardsApplied, BoardsSetting } from '../../daemon/src/contract/index.js';
import { AppError } from '../../daemon/src/platform/index.js';
import { BoardMachine, TDM800P, TE405P } from '../support/board-machine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CONF = 'etc/dahdi/system.conf';
const FILES = [CONF, 'etc/dahdi/modules', 'etc/modprobe.d/cordboard-boards.conf'];
const profiles = readProfiles();
const E1 = { spans: [{ span: 2, device: 1 }] };

function machine({ loaded = true } = {}) {
  const made = new BoardMachine(temporaryFolder(), [TE405P, TDM800P], { loaded });
  const apply = (setting: object, service?: string, ports: ApplyPorts = made.ports()) =>
    applyBoards({
      wanted: { boards: BoardsSetting.parse(setting), country: 'cn', signalling: new Map(), links: new Map() },
      ...{ profiles, service, ports },
    });
  return { made, apply, files: () => FILES.map((file) => made.read(file)) };
}

describe('applying', () => {
  test('writes the files, loads the modules, configures, checks, and says so', async () => {
    const { made, apply } = machine({ loaded: false });
    const steps: string[] = [];
    const result = await apply({ ...E1, ports: [{ analog: 9, channel: 125, kind: 'fxs' }] }, 'cordboard.service', {
      ...made.ports(),
      run: (command, args) => {
        steps.push((lastApplied(made.folders.root) as BoardsApplied).step ?? '-');
        return made.ports().run(command, args);
      },
    });
    expect(result).toMatchObject({ state: 'done', step: null, output: '', warnings: [] });
    expect(made.ran).toEqual([
      'systemctl stop cordboard.service',
      'modprobe dahdi',
      'modprobe wct4xxp',
      'modprobe wctdm24xxp',
      'dahdi_cfg -t -c /etc/dahdi/system.conf.draft',
      'dahdi_cfg -c /etc/dahdi/system.conf',
      'systemctl start cordboard.service',
    ]);
    expect(steps).toEqual(['-', 'load', 'load', 'load', 'try', 'configure', 'configure']);
    expect(made.read(CONF)).toContain('span=1,1,0,ccs,hdb3,crc4\nbchan=1-15,17-31\ndchan=16\n');
    expect(BoardsApplied.parse(lastApplied(made.folders.root))).toEqual(result);
    expect(existsSync(made.at('var/lib/cordboard-boards/journal.json'))).toBe(false);
  });

  test('what is the same is not loaded again; other options of a module load it anew', async () => {
    const { made, apply } = machine();
    await apply(E1);
    made.ran.length = 0;
    await apply(E1);
    expect(made.ran.filter((line) => line.startsWith('modprobe'))).toEqual(['modprobe wct4xxp', 'modprobe wctdm24xxp']);
    made.ran.length = 0;
    await apply({ ...E1, opermode: 'TBR21' });
    expect(made.ran[0]).toBe('modprobe -r wct4xxp wctdm24xxp');
    expect(made.read(FILES[2] ?? '')).toContain('opermode=TBR21');
  });

  test('faults are refused before anything is touched', async () => {
    const { made, apply, files } = machine();
    const refused = await apply({ spans: [{ span: 2, device: 7 }] }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AppError);
    expect((refused as AppError).code).toBe('boards_not_possible');
    expect((refused as AppError).text('zh-CN')).toContain('E1-2：驱动中没有第 7 条线路');
    expect(made.ran).toEqual([]);
    expect(files()).toEqual([undefined, undefined, undefined]);
  });

  test('one at a time; of one who has died nothing is left', async () => {
    const { made, apply } = machine();
    made.write('run/cordboard-boards/lock', String(process.pid));
    await expect(apply(E1)).rejects.toMatchObject({ code: 'boards_being_applied' });
    made.write('run/cordboard-boards/lock', '4194303');
    expect((await apply(E1)).state).toBe('done');
  });
});

describe('going back', () => {
  const before = ['span=1,1,0,ccs,hdb3\nbchan=1-15,17-31\ndchan=16\n', 'wct4xxp\n', undefined];
  const prepared = (options?: { loaded: boolean }) => {
    const one = machine(options);
    for (const [i, file] of FILES.entries()) if (before[i] !== undefined) one.made.write(file, before[i].trimEnd());
    return one;
  };

  test.each([
    ['a module that cannot be loaded', 'modprobe wct4xxp', 'load'],
    ['a file that the parser refuses', 'dahdi_cfg -t', 'try'],
    ['a driver that refuses it', 'dahdi_cfg -c', 'configure'],
    ['a service that does not stop', 'systemctl stop', 'stop'],
  ])('after %s', async (_what, command, step) => {
    const { made, apply, files } = prepared();
    made.failing.set(command, 'Invalid argument (22)');
    const run = made.ports().run;
    let failed = false;
    // the second time it works: what was there before is no fault
    const once: ApplyPorts['run'] = (name, args) => {
      if (failed) made.failing.delete(command);
      const ran = run(name, args);
      failed ||= ran.code !== 0;
      return ran;
    };
    const result = await apply(E1, 'cordboard.service', { ...made.ports(), run: once });
    expect(result).toMatchObject({ state: 'rolledBack', step });
    expect(result.output).toContain('Invalid argument (22)');
    expect(files()).toEqual(before);
    expect(made.ran.at(-1)).toBe('systemctl start cordboard.service');
    if (step === 'configure') expect(made.ran.at(-2)).toBe('dahdi_cfg -c /etc/dahdi/system.conf');
  });

  test('when the driver took it and the timeslots are not what they should be', async () => {
    const { made, apply, files } = prepared();
    made.twist = (conf) => (conf.includes('Cordboard') ? conf.replace('dchan=16', 'dchan=15') : conf);
    const result = await apply(E1);
    expect(result).toMatchObject({ state: 'rolledBack', step: 'check' });
    expect(result.output).toContain('E1-2：驱动中 D 信道在时隙 15，应在时隙 16。');
    expect(files()).toEqual(before);
    expect(made.ran.filter((line) => line === 'dahdi_cfg -c /etc/dahdi/system.conf')).toHaveLength(2);
  });

  test('when boards do not appear, after a while', async () => {
    const { made, apply, files } = prepared({ loaded: false });
    made.load = () => made.write('sys/module/dahdi/version', '2.11.1');
    const result = await apply(E1);
    expect(result).toMatchObject({ state: 'rolledBack', step: 'find' });
    expect(result.output).toContain('the driver has no span 1');
    expect(result.endedAt).toBeGreaterThanOrEqual(result.startedAt + 20_000);
    expect(files()).toEqual(before);
  });

  test('and when that fails too, it is said', async () => {
    const { made, apply } = prepared();
    made.failing.set('dahdi_cfg -c', 'No such device');
    expect(await apply(E1)).toMatchObject({ state: 'broken', step: 'configure' });
  });

  test('by hand, to the files before the last time', async () => {
    const { made, apply, files } = prepared();
    await expect(undoBoards(made.ports())).rejects.toMatchObject({ code: 'boards_no_previous' });
    await apply(E1);
    expect(files()[0]).not.toBe(before[0]);
    expect(await undoBoards(made.ports())).toMatchObject({ state: 'done' });
    expect(files()[0]).toBe(before[0]);
    expect(made.ran.at(-1)).toBe('dahdi_cfg -c /etc/dahdi/system.conf');
  });

  test('after a power cut in the middle, before anything else', async () => {
    const { made, apply, files } = prepared();
    const texts = Object.fromEntries(FILES.map((file, i) => [`/${file}`, before[i] ?? null]));
    made.write('var/lib/cordboard-boards/journal.json', JSON.stringify({ ...texts, '/etc/shadow': 'x' }));
    writeFileSync(made.at(CONF), 'span=1,1,0,cc');
    made.write(FILES[2] ?? '', 'options wct4xxp half');
    await expect(apply({ spans: [{ span: 2, device: 7 }] })).rejects.toMatchObject({ code: 'boards_not_possible' });
    expect(files()).toEqual(before);
    expect(existsSync(made.at('etc/shadow'))).toBe(false);
  });

  test('a cut at each write leaves whole files', async () => {
    const { made, apply } = prepared();
    const seen = new Set<string>();
    await apply(E1, undefined, {
      ...made.ports(),
      run: (command, args) => {
        seen.add(readFileSync(made.at(CONF), 'utf8'));
        return made.ports().run(command, args);
      },
    });
    seen.add(readFileSync(made.at(CONF), 'utf8'));
    expect(seen.size).toBe(2);
  });
});
