// The daemon is killed at moments that nobody chose, with calls in every state. It is back within ten seconds, no call that
// anybody was told of is lost, and recordings play to within two seconds of the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type {
  Agent,
  Call,
  CallDetail,
  CallList,
  ExchangeCall,
  SettingsState,
  Span,
} from '../../daemon/src/contract/index.js';
import { DaemonProcess, eventually } from '../support/daemon-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ROUNDS = 5;
const BACK_WITHIN_MS = 10_000;
const LOST_AT_MOST_MS = 2000;
const ENV = { CORDBOARD_LANGUAGE: 'en', CORDBOARD_LOG_LEVEL: 'warn', CORDBOARD_VIRTUAL_STATIONS: '2' };

const list = (daemon: DaemonProcess, query = ''): Promise<Call[]> =>
  daemon.api.request<CallList>('GET', `/calls?limit=500${query}`).then(({ calls }) => calls);

async function takesCalls(daemon: DaemonProcess): Promise<void> {
  await eventually(
    () => daemon.api.request<Span[]>('GET', '/spans'),
    ([span]) => span?.dchannelUp === true,
  );
}

async function signIn(daemon: DaemonProcess): Promise<void> {
  await daemon.api.request('POST', '/exchange/phones/1/lift');
  await daemon.api.request('POST', '/exchange/phones/1/dial', { digits: '*112001#' });
  await eventually(
    () => daemon.api.request<Agent>('GET', '/agents/2001'),
    ({ state }) => state === 'ready',
  );
  await daemon.api.request('POST', '/exchange/phones/1/hangUp');
}

it('a daemon that is killed in calls is back with all that was told', async () => {
  const daemon = new DaemonProcess(temporaryFolder(), ENV);
  await daemon.start();
  await takesCalls(daemon);
  await signIn(daemon);
  for (let round = 0; round < ROUNDS; round += 1) {
    await daemon.api.request('PUT', '/exchange/phones/1/behaviour', {
      answer: true,
      answerAfterMs: 200,
      play: 'demo-agent',
    });
    // One goes on to talk, one waits, one listens to the menu, and others come while it happens.
    for (const digits of ['1', '2', undefined]) {
      await daemon.api.request<ExchangeCall>('POST', '/exchange/calls', {
        calledNumber: '95001',
        callingNumber: '13800138000',
        play: 'demo-caller',
        ...(digits === undefined ? {} : { digits }),
      });
    }
    // The moment is to be any: this is what is tested.
    await sleep(Math.random() * 3500);
    const told = await list(daemon);
    const agent = await daemon.api.request<Agent>('GET', '/agents/2001');
    const killedAt = Date.now();
    expect(await daemon.end('SIGKILL')).toBe('SIGKILL');
    expect(await daemon.start()).toBeLessThan(BACK_WITHIN_MS);

    expect(await list(daemon, '&state=live')).toEqual([]);
    for (const call of told) {
      const kept = await daemon.api.request<CallDetail>('GET', `/calls/${call.id}`);
      expect(kept.endedAt).not.toBeNull();
      expect(kept.segments.every(({ endedAt }) => endedAt !== null)).toBe(true);
      if (call.state !== 'live') {
        expect(kept).toMatchObject({ state: call.state, cause: call.cause, digits: call.digits });
        continue;
      }
      expect(['broken', 'ended']).toContain(kept.state);
      if (kept.answeredAt === null || kept.recording === null) continue;
      expect(['broken', 'complete']).toContain(kept.recording.state);
      expect(kept.recording.durationMs).toBeGreaterThan(killedAt - kept.answeredAt - LOST_AT_MOST_MS);
      await playable(daemon, kept.recording.id, kept.recording.durationMs);
    }
    expect(agent.state).not.toBe('signedOut');
    const restored = await daemon.api.request<Agent>('GET', '/agents/2001');
    expect(restored).toMatchObject({ state: agent.state === 'notReady' ? 'notReady' : 'ready', station: 1 });
    await takesCalls(daemon);
  }
  expect(await daemon.end('SIGTERM'), daemon.output).toBe(0);
}, 180_000);

it('a daemon that is told to stop ends its calls with cause 41, and keeps them', async () => {
  const daemon = new DaemonProcess(temporaryFolder(), ENV);
  await daemon.start();
  await takesCalls(daemon);
  await daemon.api.request('POST', '/exchange/calls', { calledNumber: '95001', digits: '1' });
  const [call] = await eventually(
    () => list(daemon),
    ([first]) => first?.phase === 'queued',
  );
  expect(await daemon.end('SIGTERM'), daemon.output).toBe(0);
  await daemon.start();
  const kept = await daemon.api.request<CallDetail>('GET', `/calls/${call!.id}`);
  expect(kept).toMatchObject({ state: 'ended', cause: 41, releasedBy: 'system', recording: { state: 'complete' } });
  await daemon.end('SIGTERM');
});

it('a restart that a page asks for ends calls with cause 41, puts settings in force and takes calls again, in the same process', async () => {
  const daemon = new DaemonProcess(temporaryFolder(), ENV);
  await daemon.start();
  await takesCalls(daemon);
  await daemon.api.request('POST', '/exchange/calls', { calledNumber: '95001', digits: '1' });
  const [call] = await eventually(
    () => list(daemon),
    ([first]) => first?.phase === 'queued',
  );
  const changed = await daemon.api.request<SettingsState>('PUT', '/settings', {
    changes: { 'sip.callsPerHour': 45 },
  });
  expect(changed).toMatchObject({ restartNeeded: true, canRestart: true });
  await daemon.api.request('POST', '/system/restart');
  // Another address and another token: whoever asks too early is refused.
  const settings = await eventually(
    async () => {
      try {
        return await daemon.api.request<SettingsState>('GET', '/settings');
      } catch {
        return undefined;
      }
    },
    (now) => now?.restartNeeded === false,
    60_000,
  );
  expect(settings?.settings.find(({ path }) => path === 'sip.callsPerHour')).toMatchObject({
    value: 45,
    pending: false,
  });
  const kept = await daemon.api.request<CallDetail>('GET', `/calls/${call!.id}`);
  expect(kept).toMatchObject({ state: 'ended', cause: 41, releasedBy: 'system', recording: { state: 'complete' } });
  expect(kept.segments.every(({ endedAt }) => endedAt !== null)).toBe(true);
  await takesCalls(daemon);
  await daemon.api.request('POST', '/exchange/calls', { calledNumber: '95001', digits: '1' });
  await eventually(
    () => list(daemon, '&state=live'),
    ([first]) => first?.phase === 'queued',
  );
  expect(await daemon.end('SIGTERM'), daemon.output).toBe(0);
});

/** The file is a WAV whose header says how long it is. */
async function playable(daemon: DaemonProcess, id: string, durationMs: number): Promise<void> {
  const file = await daemon.api.download(`/recordings/${id}/audio`);
  expect(file.toString('latin1', 0, 4)).toBe('RIFF');
  expect(file.readUInt32LE(4)).toBe(file.length - 8);
  const dataAt = file.indexOf('data', 12, 'latin1');
  expect(file.readUInt32LE(dataAt + 4)).toBe(file.length - dataAt - 8);
  expect(Math.round((file.length - dataAt - 8) / 16)).toBe(durationMs);
}
