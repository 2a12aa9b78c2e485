// Supervisors in the calls of others, from the page, and heard: listen, whisper, barge in, two at once, take over, end.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { waitFor } from '../support/box.js';
import { SoundFloor, type AnalogPhone, type E1Caller } from '../support/sound-floor.js';
import { openBrowser, type Browser } from './ui-browser.js';

const PASSWORD = 'cord and jack 31';
const DESK = '96100';
const AGENT = '2001';

let floor: SoundFloor;
let agent: AnalogPhone;
let boss: AnalogPhone;
let caller: E1Caller;
/** no two callers have the same */
let voice = 4;
const browsers: Browser[] = [];

beforeAll(async () => {
  floor = await SoundFloor.start();
  const { api, box } = floor;
  await api.request('POST', '/setup', { code: box.setupCode, username: 'admin', password: PASSWORD, language: 'en' });
  await api.request('POST', '/queues', { id: 'desk', name: 'Desk', wrapUpMs: 0 });
  await api.request('POST', '/routes', {
    calledNumber: DESK,
    language: 'en',
    target: { kind: 'queue', queueId: 'desk' },
  });
  await api.request('PUT', '/queues/desk/members', [{ agentId: AGENT, position: 0 }]);
  await waitFor(box.live, 'agent.updated', () => box.agents.find(AGENT)?.queues.includes('desk') === true);
  for (const username of ['boss', 'second'])
    await api.request('POST', '/users', { username, password: PASSWORD, role: 'supervisor', language: 'en' });
  agent = await floor.phone(1);
  boss = await floor.phone(4);
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await floor.end();
});

/** A supervisor at the floor, with the seat of the agent open and his telephone chosen. */
async function supervisor(username: string, station: number): Promise<Page> {
  const { origin } = new URL(floor.box.url);
  const answer = await fetch(`${origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  const { token } = (await answer.json()) as { token: string };
  const browser = await openBrowser(origin, 'en');
  browsers.push(browser);
  const { page } = browser;
  await page.addInitScript(`localStorage.setItem('cordboard.token', '${token}')`);
  await page.goto(`${origin}/floor`);
  await page.locator(`[data-agent="${AGENT}"][data-state="talking"]`).click();
  await page.locator('.phone .el-select').click();
  await page.getByRole('option', { name: new RegExp(`^${station}\\b`) }).click();
  return page;
}

async function talk(): Promise<void> {
  const { box } = floor;
  if (box.agents.find(AGENT)?.state === 'signedOut') await box.agents.signIn(AGENT, 1);
  caller = await floor.caller(voice, { calledNumber: DESK });
  voice += 1;
  await agent.answer();
  await floor.phase(caller.callId, 'talking');
  await caller.speak();
  await floor.talk(caller, agent);
}

test('two supervisors listen to one agent, whisper and barge in, and one takes the call over', async () => {
  const { box } = floor;
  await talk();
  const page = await supervisor('boss', 4);

  // The page rings his telephone; once he lifts he hears both, and neither hears him.
  await page.locator('[data-mode="listen"]').click();
  await boss.rings();
  await page.locator('[data-test="rings"]').filter({ hasText: 'Station 4 rings' }).waitFor();
  await boss.answer();
  await page.locator('[data-test="listens"]').filter({ hasText: 'Listen, at station 4' }).waitFor();
  await floor.hears(boss, caller, agent);
  await floor.talk(caller, agent);

  await page.locator('[data-mode="whisper"]').click();
  await floor.hears(agent, caller, boss);
  await floor.hears(caller, agent);
  await page.locator('[data-mode="whisper"][aria-pressed="true"]').waitFor();

  // Another one comes to the same agent, at a telephone of his own: he hears the first one whisper, too.
  const other = await supervisor('second', 3);
  const third = await floor.phone(3);
  await other.locator('[data-test="others"]').filter({ hasText: '1' }).waitFor();
  await other.locator('[data-mode="listen"]').click();
  await third.answer();
  await other.locator('[data-mode="listen"][aria-pressed="true"]').waitFor();
  await page.locator('[data-test="others"]').filter({ hasText: '1' }).waitFor();
  await page.locator('[data-mode="listen"]').click();
  await floor.hears(third, caller, agent);
  await floor.hears(boss, caller, agent);
  await floor.talk(caller, agent);
  await page.locator(`[data-agent="${AGENT}"]`).filter({ hasText: 'listened to' }).waitFor();

  // The recording is stopped and begun again from the page.
  await page.locator('[data-act="stop"]').click();
  await page.locator('[data-test="recording"]').filter({ hasText: 'Not recorded' }).waitFor();
  expect(box.calls.recordingOf(caller.callId)?.state).toBe('off');
  await page.locator('[data-act="start"]').click();
  await page
    .locator('[data-test="recording"]')
    .filter({ hasText: /^Recording$/ })
    .waitFor();

  await page.locator('[data-mode="barge"]').click();
  await floor.hears(caller, agent, boss);

  await other.locator('[data-act="leave"]').click();
  await third.free();
  await page.locator('[data-test="others"]').waitFor({ state: 'detached' });

  // Taking over is confirmed by name; the caller goes on with the supervisor, and the agent is free.
  await page.locator('[data-act="takeOver"]').click();
  await page.getByText('The caller goes on at your station 4').waitFor();
  await page.getByRole('button', { name: 'Take the call over' }).click();
  await floor.talk(caller, boss);
  await waitFor(box.live, 'agent.updated', () => box.agents.find(AGENT)?.state === 'ready');
  await caller.hangUp();
  const segments = await floor.over(caller.callId);
  expect(
    segments.filter(({ kind, data }) => kind === 'monitor' && data['mode'] === 'listen').map(({ data }) => data['by']),
  ).toEqual(expect.arrayContaining(['boss', 'second']));
  expect(floor.outcomes(segments, 'monitor')).toContain('tookOver');
  await boss.free();
});

test('one who was not listening takes a call over as soon as he lifts, and ends another', async () => {
  const { box } = floor;
  await agent.free();
  await talk();
  const { page } = browsers[0]!;
  await page.locator('[data-act="takeOver"]').click();
  await page.getByRole('button', { name: 'Take the call over' }).click();
  await boss.rings();
  await page.getByText('lift it to take the call over').waitFor();
  await boss.answer();
  await floor.talk(caller, boss);
  await caller.hangUp();
  await floor.over(caller.callId);
  await boss.free();

  // A refusal is a sentence beside what was asked for: the telephone is away by then.
  await agent.free();
  await talk();
  await boss.lift();
  await page.locator('[data-mode="listen"]').click();
  await page.locator('.refused').waitFor();
  expect(await page.locator('.refused').textContent()).toMatch(/[a-z]{3,}.*\.$/);
  await boss.hangUp();

  await page.locator('[data-act="hangUp"]').click();
  await page.getByText('Both are cut off at once').waitFor();
  await page.getByRole('button', { name: 'End the call' }).click();
  await floor.over(caller.callId);
  await waitFor(box.live, 'agent.updated', () => box.agents.find(AGENT)?.state === 'ready');
  await page.locator(`[data-agent="${AGENT}"][data-state="ready"]`).waitFor();
  for (const { complaints } of browsers) expect(complaints.filter((one) => !one.includes('409'))).toEqual([]);
});
