// Settings and hardware become files of the driver; what does not fit is said. The driver's own parser reads what is written.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  boardSentence,
  boardTexts,
  clockOf,
  differences,
  findHardware,
  planBoards,
  profileOf,
  ranges,
  readProfiles,
  suspicions,
  wantedBoards,
  type BoardPlan,
} from '../../daemon/src/boards/index.js';
import { loadConfig } from '../../daemon/src/config/index.js';
import { BoardsSetting } from '../../daemon/src/contract/index.js';
import { BoardMachine, TDM800P, TE405P, type BoardMade } from '../support/board-machine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const profiles = readProfiles();

function plan(
  boards: BoardMade[],
  setting: object,
  more: {
    signalling?: [number, string][];
    links?: [number, number[]][];
    loaded?: boolean;
    stations?: [number, { lamp?: string; reverses: boolean }][];
  } = {},
) {
  const machine = new BoardMachine(temporaryFolder(), boards, { loaded: more.loaded ?? true });
  const { root } = machine.folders;
  const wanted = {
    ...{ boards: BoardsSetting.parse(setting), country: 'cn', signalling: new Map(more.signalling) },
    links: new Map(more.links),
    stations: new Map(more.stations),
  };
  const planned = planBoards(wanted, findHardware(root), profiles);
  return { machine, wanted, planned, conf: fileOf(planned, '/etc/dahdi/system.conf') };
}

const fileOf = ({ files }: BoardPlan, path: string): string => files.find((one) => one.path === path)?.text ?? '';
const codes = ({ problems }: { problems: { code: string }[] }): string[] => problems.map(({ code }) => code);

describe('profiles', () => {
  test('are shipped for the common boards, each as the schema wants it, each module and firmware a plain name', () => {
    expect(profiles.length).toBeGreaterThanOrEqual(30);
    const modules = new Set(profiles.map(({ module }) => module));
    for (const one of ['wct4xxp', 'wcte43x', 'wcte13xp', 'wcte12xp', 'wctdm', 'wctdm24xxp', 'opvxd115', 'opvxa1200'])
      expect(modules).toContain(one);
    for (const { model, jumpers, unverified = [] } of profiles)
      if (unverified.includes('jumpers')) expect(jumpers, model).toBeDefined();
  });

  test('no two claim the same number of the bus', () => {
    const all = profiles.flatMap(({ pci }) => pci);
    expect(all.filter((one, i) => all.indexOf(one) !== i)).toEqual([]);
  });

  test('what was not read from a driver or a manual of the maker is marked, and is a field that the profile has', () => {
    for (const profile of profiles) {
      for (const field of profile.unverified ?? [])
        expect(Object.keys(profile), `${profile.model}: ${field}`).toContain(field);
      // No driver tells of jumpers; and a number of the bus that is not given has not been read anywhere.
      if (profile.jumpers !== undefined) expect(profile.unverified, profile.model).toContain('jumpers');
      if (profile.pci.length === 0 && profile.maker !== 'generic')
        expect(profile.unverified, profile.model).toContain('pci');
    }
  });

  test('the longest number counts', () => {
    const ids = { vendor: 'e159', device: '0001', subdevice: '0003' };
    expect(profileOf({ ...ids, subvendor: 'b119' }, profiles)?.model).toBe('digium-tdm400p');
    expect(profileOf({ ...ids, subvendor: '9500' }, profiles)?.model).toBe('openvox-a1200');
    expect(profileOf({ ...ids, subvendor: '79fe' }, profiles)?.model).toBe('digium-te110p');
    expect(profileOf({ ...ids, subvendor: 'ffff' }, profiles)).toBeUndefined();
  });
});

describe('files', () => {
  test('of four E1 and an analog board: ISDN, R2, SS7 and one that is not used', () => {
    const { conf, planned } = plan(
      [TE405P, TDM800P],
      {
        spans: [
          { span: 2, device: 1, name: 'Line\nspan=9', echoCanceller: 'mg2' },
          { span: 3, device: 2, side: 'network', crc4: false, lineBuildOut: 5 },
          { span: 4, device: 3 },
        ],
        ports: [
          { analog: 9, channel: 125, kind: 'fxs' },
          { analog: 10, channel: 126, kind: 'fxs' },
          { analog: 11, channel: 128, kind: 'fxo' },
        ],
        gains: { fxoReceived: 2.5 },
      },
      {
        signalling: [
          [3, 'r2'],
          [4, 'ss7'],
        ],
        links: [[4, [16]]],
      },
    );
    // An E1 is driven alike whatever stands there: the driver uses it of T1 alone.
    expect(codes(planned)).toEqual(['lineBuildOut']);
    expect(conf.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      'span=1,1,0,ccs,hdb3,crc4',
      'bchan=1-15,17-31',
      'dchan=16',
      'echocanceller=mg2,1-15,17-31',
      'span=2,0,5,cas,hdb3',
      'cas=32-46,48-62:1101',
      'span=3,2,0,ccs,hdb3,crc4',
      'bchan=63-77,79-93',
      'mtp2=78',
      'fxoks=125-126',
      'fxsks=128',
      'alaw=125-126,128',
      'loadzone=cn',
      'defaultzone=cn',
    ]);
    expect(fileOf(planned, '/etc/dahdi/modules')).toMatch(/\nwct4xxp\nwctdm24xxp\n$/);
    const options = fileOf(planned, '/etc/modprobe.d/cordboard-boards.conf');
    expect(options).toContain('options wct4xxp default_linemode=e1\n');
    expect(options).toContain('options wctdm24xxp companding=alaw opermode=CHINA fxorxgain=25\n');
    expect(options).toContain('options dahdi auto_assign_spans=1\n');
  });

  test('are those the driver’s own parser takes, and it would refuse another', () => {
    const parser = realParser();
    const all = plan(
      [TE405P, TDM800P],
      {
        spans: [1, 2, 3, 4].map((device) => ({
          span: device + 1,
          device,
          echoCanceller: device === 4 ? 'hwec' : 'oslec',
        })),
        ports: [...'ssoooo'].map((kind, i) => ({
          analog: i + 9,
          channel: 125 + i,
          kind: kind === 's' ? 'fxs' : 'fxo',
        })),
      },
      {
        signalling: [
          [3, 'r2'],
          [4, 'ss7'],
        ],
        links: [[4, [16]]],
      },
    );
    expect(codes(all.planned)).toEqual([]);
    expect(parser(all.conf)).toEqual({ code: 0, errors: [] });
    const wrong = parser(`${all.conf}span=1,1,0,ccz,hdb3\n`);
    expect(wrong.code).toBe(1);
    expect(wrong.errors.join()).toContain('Framing');
    // what a country of the box calls its tones must be a zone of the driver's tools
    for (const country of ['cn', 'gb', 'us', 'de', 'jp', 'hk', 'za'])
      expect(
        parser(
          fileOf(
            planBoards({ ...all.wanted, country }, findHardware(all.machine.folders.root), profiles),
            '/etc/dahdi/system.conf',
          ),
        ).code,
      ).toBe(0);
  });

  test('an E1 whose D-channel is another’s carries speech on timeslot 16, and a back-up D-channel does not', () => {
    const { settings } = loadConfig({
      env: {},
      home: homeWith({
        boards: { spans: [2, 3, 4].map((span) => ({ span, device: span - 1 })) },
        e1: [
          { span: 3, pri: { dchannelOf: 2, interfaceId: 1 } },
          { span: 4, pri: { dchannelOf: 2, interfaceId: 2, backup: true } },
        ],
      }),
    });
    const { root } = new BoardMachine(temporaryFolder(), [TE405P]).folders;
    const conf = fileOf(planBoards(wantedBoards(settings), findHardware(root), profiles), '/etc/dahdi/system.conf');
    expect(conf.match(/^[bd]chan=.*$/gm)).toEqual([
      'bchan=1-15,17-31',
      'dchan=16',
      'bchan=32-62',
      'bchan=63-77,79-93',
      'dchan=78',
    ]);
  });

  test('ranges', () => {
    expect(ranges([1, 2, 3, 5, 7, 8])).toBe('1-3,5,7-8');
    expect(ranges([4])).toBe('4');
    expect(ranges([])).toBe('');
  });
});

describe('clock', () => {
  test('lines of carriers in their order, none of what the box gives the clock to, and what is chosen', () => {
    const { spans } = BoardsSetting.parse({
      spans: [
        { span: 5, device: 4 },
        { span: 2, device: 1 },
        { span: 3, device: 2, side: 'network' },
        { span: 4, device: 3, clock: 1 },
      ],
    });
    expect(spans.map((one) => [one.device, clockOf(one, spans)])).toEqual([
      [4, 3],
      [1, 2],
      [2, 0],
      [3, 1],
    ]);
  });

  test('two that are the same of one board, and a board that follows none', () => {
    const second = { ...TE405P, pci: '0000:04:01.0', location: 'PCI Bus 04 Slot 02' };
    const spans = [
      { span: 2, device: 1, clock: 1 },
      { span: 3, device: 2, clock: 1 },
      { span: 6, device: 5, side: 'network' },
    ];
    const { planned } = plan([TE405P, second], { spans });
    expect(planned.problems).toMatchObject([
      { code: 'sameClock', span: 3, params: { line: 'E1-3', other: 'E1-2', clock: 1 } },
      { code: 'noClock', span: 6 },
    ]);
    expect(codes(plan([TE405P, second], { spans: [spans[0], spans[2]], timingCable: true }).planned)).toEqual([]);
  });
});

describe('what does not fit is said', () => {
  test('of spans: missing, of another type, moved', () => {
    const spans = [{ span: 2, device: 9, name: '北京联通' }];
    const missing = plan([TE405P], { spans }).planned.problems[0];
    expect(missing).toMatchObject({ code: 'spanMissing', span: 2 });
    expect(missing && boardSentence(missing, 'zh-CN')).toMatch(/^北京联通：驱动中没有第 9 条线路。/);
    expect(missing && boardSentence(missing, 'en')).toMatch(/^北京联通: the driver has no span 9\./);
    const t1 = plan([{ ...TE405P, type: 'T1' }], { spans: [{ span: 2, device: 1 }] }).planned.problems[0];
    expect(t1).toMatchObject({ code: 'spanNotE1', params: { type: 'T1', option: 'default_linemode=e1' } });
    expect(codes(plan([TE405P], { spans: [{ span: 2, device: 1, location: 'PCI Bus 07 Slot 01' }] }).planned)).toEqual([
      'spanElsewhere',
    ]);
  });

  test('of ports: missing, a timeslot, the wrong module, none', () => {
    const of = (port: object) => codes(plan([TE405P, TDM800P], { ports: [port] }).planned);
    expect(of({ analog: 9, channel: 999, kind: 'fxs' })).toEqual(['portMissing']);
    expect(of({ analog: 9, channel: 5, kind: 'fxs' })).toEqual(['portNotAnalog']);
    expect(of({ analog: 9, channel: 127, kind: 'fxs' })).toEqual(['portWrongModule']);
    expect(of({ analog: 9, channel: 132, kind: 'fxo' })).toEqual(['portNoModule']);
    expect(of({ analog: 9, channel: 127, kind: 'fxo' })).toEqual([]);
  });

  test('of a telephone whose lamp its board cannot light, or whose polarity it cannot reverse', () => {
    const port = { ports: [{ analog: 9, channel: 125, kind: 'fxs' }] };
    const of = (board: BoardMade, lamp: string, reverses = false) =>
      plan([TE405P, board], port, { stations: [[9, { lamp, reverses }]] }).planned.problems;
    expect(of(TDM800P, 'polarity', true)).toEqual([]);
    expect(of(TDM800P, 'fsk')).toEqual([]);
    const [neon] = of(TDM800P, 'neon');
    expect(neon).toMatchObject({ code: 'lampMissing', port: 9, params: { lamp: 'neon', can: 'polarity, fsk' } });
    expect(of({ ...TDM800P, ids: 'e159:0001/b119:0003', module: 'wctdm' }, 'neon')).toEqual([]);
    expect(
      codes({ problems: of({ ...TDM800P, ids: 'e159:0001/9500:0003', module: 'opvxa1200' }, 'polarity') }),
    ).toEqual(['lampMissing']);
  });

  test('of the rest: no driver, no canceller, a country that drivers do not know, a signalling that is not known', () => {
    expect(codes(plan([TE405P], { spans: [{ span: 2, device: 1 }] }, { loaded: false }).planned)).toEqual([
      'driverMissing',
    ]);
    const te110p = { ...TE405P, ids: 'e159:0001/79fe:0000', module: 'wcte11xp', spans: 1 };
    expect(codes(plan([te110p], { spans: [{ span: 2, device: 1, echoCanceller: 'hwec' }] }).planned)).toEqual([
      'echoMissing',
    ]);
    expect(codes(plan([TDM800P], { opermode: 'ATLANTIS' }).planned)).toEqual(['countryUnknown']);
    expect(codes(plan([TE405P], { spans: [{ span: 2, device: 1 }] }, { signalling: [[2, 'telex']] }).planned)).toEqual([
      'signallingUnknown',
    ]);
  });

  test('of a driver that is set up otherwise: CRC4, line code, D-channel, timeslots, ports', () => {
    const made = plan([TE405P, TDM800P], {
      spans: [{ span: 2, device: 1 }],
      ports: [{ analog: 9, channel: 125, kind: 'fxs' }],
    });
    const again = () => planBoards(made.wanted, findHardware(made.machine.folders.root), profiles);
    expect(codes({ problems: differences(again()) })).toEqual(['timeslotsDiffer', 'portDiffers']);
    const conf = made.machine.at('wrong.conf');
    writeFileSync(conf, 'span=1,1,0,ccs,ami\nbchan=1-14,16-31\ndchan=15\nfxoks=125\n');
    made.machine.ports().run('dahdi_cfg', ['-c', conf]);
    expect(differences(again())).toMatchObject([
      { code: 'crc4Differs', params: { is: 'off', wanted: 'on' } },
      { code: 'lineCodeDiffers', params: { is: 'AMI', wanted: 'HDB3' } },
      { code: 'dchannelElsewhere', params: { is: 15, wanted: 16 } },
    ]);
    writeFileSync(conf, made.conf);
    made.machine.ports().run('dahdi_cfg', ['-c', conf]);
    expect(differences(again())).toEqual([]);
    made.machine.setSpan(1, 'alarms', '0x8');
    const [red] = suspicions(again(), findHardware(made.machine.folders.root));
    expect(red && boardSentence(red, 'zh-CN')).toContain('若运营商的 CRC4 为关');
  });

  test('every sentence has the same parameters in both languages', () => {
    const names = (text: string): string[] =>
      [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name))].sort();
    for (const [code, { en, zh }] of Object.entries(boardTexts)) expect(names(zh), code).toEqual(names(en));
  });
});

function homeWith(settings: object): string {
  const home = temporaryFolder();
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, ...settings }));
  return home;
}

/** dahdi_cfg -t, which opens the driver before it reads anything: it is given another file for it. */
function realParser(): (conf: string) => { code: number | null; errors: string[] } {
  const tool = ['/usr/sbin/dahdi_cfg', '/sbin/dahdi_cfg'].find((file) => existsSync(file));
  if (tool === undefined) throw new Error('dahdi_cfg is missing: npm run setup');
  const folder = temporaryFolder();
  const [source, library] = [join(folder, 'ctl.c'), join(folder, 'ctl.so')];
  writeFileSync(
    source,
    `#define _GNU_SOURCE
     #include <dlfcn.h>
          #include <string.h>
     int open(const char* path, int flags, int mode) {
       int (*real)(const char*, int, int) = dlsym(RTLD_NEXT, "open");
       return real(strcmp(path, "/dev/dahdi/ctl") == 0 ? "/dev/null" : path, flags, mode);
     }`,
  );
  execFileSync('cc', ['-shared', '-fPIC', '-U_FORTIFY_SOURCE', '-o', library, source, '-ldl']);
  return (conf) => {
    const file = join(folder, 'system.conf');
    writeFileSync(file, conf);
    const { status, stderr } = spawnSync(tool, ['-t', '-c', file], { encoding: 'utf8', env: { LD_PRELOAD: library } });
    return { code: status, errors: stderr.split('\n').filter((line) => /^line \d+:|error/.test(line)) };
  };
}
