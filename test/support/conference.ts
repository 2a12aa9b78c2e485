// Conference rooms in a test box: made over REST, called over the virtual E1, and what each caller says and hears.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box } from '../../daemon/src/main.js';
import type { ConferenceParty, ConferenceStatus } from '../../daemon/src/contract/index.js';
import { samplesOf } from './audio-match.js';
import { callIn, waitFor } from './box.js';
import { speech, type Speech } from './speech.js';

export interface Reply {
  status: number;
  // What comes is judged by the test that asks.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** Over HTTP, as the command line on this machine, or by somebody's token. */
export async function ask(box: Box, method: string, path: string, body?: unknown, token?: string): Promise<Reply> {
  const bearer = token ?? readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const headers = {
    authorization: `Bearer ${bearer}`,
    'accept-language': 'en',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const reply = await fetch(`${box.url}api/v1${path}`, { method, headers, ...sent });
  const text = await reply.text();
  return { status: reply.status, body: text === '' ? undefined : JSON.parse(text) };
}

export async function makeRoom(box: Box, settings: object): Promise<void> {
  const { status, body } = await ask(box, 'POST', '/conferences', {
    id: 'room',
    number: '8000',
    name: 'Room',
    ...settings,
  });
  if (status !== 201) throw new Error(`no room: ${JSON.stringify(body)}`);
}

export const roomOf = (box: Box, id = 'room'): ConferenceStatus => box.conferences.status(id);

/** Resolves when what goes on in the room is so. */
export async function roomIs(box: Box, so: (room: ConferenceStatus) => boolean, id = 'room'): Promise<void> {
  await waitFor(box.live, 'conference.updated', () => so(roomOf(box, id)));
}

export interface Guest {
  callId: string;
  exchangeId: string;
  /** the far end of his timeslot */
  port: number;
  number: string;
}

/** Calls the number; he may still stand at the door. */
export async function guest(
  box: Box,
  index: number,
  plan: { calledNumber?: string; span?: number } = {},
): Promise<Guest> {
  const number = `1380000${String(1000 + index)}`;
  const { span = 1, calledNumber = '8000' } = plan;
  const { callId, exchangeId, timeslot } = await callIn(box, { calledNumber, callingNumber: number, span });
  await waitFor(box.live, 'call.updated', () => box.calls.find(callId)?.phase === 'inFlow');
  const { legs } = await box.engine.command('engine.snapshot', {});
  const port = legs.find((leg) => leg.span === 100 + span && leg.timeslot === timeslot)!.port;
  return { callId, exchangeId, port, number };
}

export const partyOf = (box: Box, { callId }: { callId: string }, id = 'room'): ConferenceParty | undefined =>
  roomOf(box, id).parties.find((party) => party.callId === callId);

/** He is in the room. */
export async function inside(box: Box, one: { callId: string }, id = 'room'): Promise<ConferenceParty> {
  await roomIs(box, () => partyOf(box, one, id) !== undefined, id);
  return partyOf(box, one, id)!;
}

export async function press(box: Box, { exchangeId }: Guest, digits: string): Promise<void> {
  await box.exchange.sendDigits(exchangeId, digits);
}

/** What is said at these ports, and what is heard at those, while all is said. */
export async function saidAndHeard(
  box: Box,
  sayers: readonly [Guest, Speech][],
  hearers: readonly Guest[],
  seconds = 3,
): Promise<Float64Array[]> {
  const { engine } = box;
  const paths = hearers.map(({ port }) => join(box.config.home, `heard-${port}-${Date.now()}.wav`));
  const recordings = await Promise.all(
    hearers.map(({ port }, i) => engine.command('recording.start', { port, path: paths[i]! })),
  );
  const plays = await Promise.all(
    sayers.map(([{ port }, { path }]) => engine.command('play.start', { port, files: [path] })),
  );
  // As long as the engine has played so much: its clock, not ours.
  for (const { play } of plays) {
    for (;;) {
      const { positionMs } = await engine.command('play.position', { play });
      if (positionMs >= seconds * 1000) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  for (const { play } of plays) await engine.command('play.stop', { play });
  for (const { recording } of recordings) await engine.command('recording.stop', { recording });
  // Left is what comes from the box to the far end: what he hears.
  return paths.map((path) => samplesOf(path, 1));
}

export { speech };
