// A box with boards in its settings: its engine takes them, they are lines and telephones like any others, and the box starts without
// the driver.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../daemon/src/config/index.js';
import { boxStations, engineConfig } from '../../daemon/src/engine/index.js';
import { startBox } from '../../daemon/src/main.js';
import { ANY_SIP_PORTS } from '../support/sip-ports.js';

const SETTINGS = {
  version: 3,
  boards: {
    spans: [
      { span: 2, device: 1, name: 'Carrier', echoCanceller: 'mg2', echoTaps: 256, receivedDb: -3 },
      { span: 3, device: 2, side: 'network' },
    ],
    ports: [
      { analog: 9, channel: 125, kind: 'fxs' },
      { analog: 10, channel: 127, kind: 'fxo', name: 'Line A' },
    ],
  },
  e1: [{ span: 3, signalling: 'r2', r2: { calledDigits: 6 } }],
  analogs: [{ analog: 10, callerId: 'dtmf', echoTaps: 128, line: { answer: 'polarity' } }],
};

function home(settings: object): string {
  const made = mkdtempSync(join(tmpdir(), 'cordboard-boards-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  writeFileSync(join(made, 'settings.json'), JSON.stringify(settings));
  return made;
}

test('the engine is told of spans with their signalling and care, and of analog ports', () => {
  const config = loadConfig({ home: home(SETTINGS), env: {} });
  const { spans, analogs } = engineConfig(config);
  expect(spans.slice(-2)).toMatchObject([
    { span: 2, name: 'Carrier', side: 'user', card: 'dahdi', device: 1, boardEchoTaps: 256, receivedDb: -3, sentDb: 0 },
    { span: 3, side: 'network', device: 2, boardEchoTaps: 0, signalling: 'r2', r2: { variant: 'CN', calledDigits: 6 } },
  ]);
  expect(analogs.slice(-2)).toMatchObject([
    { analog: 9, name: 'Station 9', kind: 'fxs', card: 'dahdi', channel: 125 },
    { analog: 10, name: 'Line A', kind: 'fxo', card: 'dahdi', channel: 127, callerId: 'dtmf', echoTaps: 128 },
  ]);
  expect(analogs.at(-1)?.line?.answer).toBe('polarity');
  expect(boxStations(config.settings)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('numbers of virtual telephones are not given twice', () => {
  const taken = { ...SETTINGS, boards: { ports: [{ analog: 8, channel: 1, kind: 'fxs' }] } };
  expect(() => loadConfig({ home: home(taken), env: {} })).toThrow(/boards\.ports/);
});

test('a box whose driver is not loaded starts, with its lines in alarm and its telephones listed', async () => {
  const env = { CORDBOARD_HTTP_PORT: '0', ...ANY_SIP_PORTS, CORDBOARD_ENGINE_REALTIME: 'false' };
  const box = await startBox({ home: home(SETTINGS), env });
  onTestFinished(async () => void (await box.stop()));
  const found = box.trunks.list().filter(({ span }) => span > 1);
  expect(found.map(({ span, name, signalling, alarms }) => [span, name, signalling, alarms])).toEqual([
    [2, 'Carrier', 'pri', ['los']],
    [3, 'E1-3', 'r2', ['los']],
  ]);
  expect(found.map(({ timeslots }) => timeslots.length)).toEqual([30, 30]);
  expect(box.stations.list().some(({ station }) => station === 9)).toBe(true);
  expect(box.stations.list().some(({ station }) => station === 10)).toBe(false);
});
