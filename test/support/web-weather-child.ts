// The program of the figures over bad networks: `node web-weather-child.mjs <options as JSON>`. Its last line is one JSON object.
//
// handshake: a browser calls again and again over a way that loses datagrams from the first one on; how many calls had ICE and DTLS, and
//            after how long.
// talk:      two browsers talk; the way of the first is good until they are connected and bad from then on. How well what it says is understood
//            behind the box's jitter buffer, and what it hears behind its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { RATE_HZ, findSound } from './audio-match.js';
import { inStep, stoi, wordsUnderstood } from './intelligibility.js';
import { LossyWay } from './lossy-way.js';
import { speech } from './speech.js';
import { WebPhone } from './web-phone.js';

interface Options {
  kind: 'handshake' | 'talk';
  url: string;
  domain: string;
  /** of the sound of the box */
  port: number;
  accounts: { number: number; username: string; secret: string }[];
  loss: number;
  jitterMs: number;
  /** handshakes, or seconds of talk */
  amount: number;
  seed: number;
}

const { kind, url, domain, port, accounts, loss, jitterMs, amount, seed } = JSON.parse(process.argv[2]!) as Options;
const LIMIT_MS = 20_000;
const GOOD = { loss: 0, jitterMs: 0 };

const way = await LossyWay.start({ host: '127.0.0.1', port }, kind === 'talk' ? GOOD : { loss, jitterMs }, { seed });
async function phoneOf(which: number, over?: LossyWay): Promise<WebPhone> {
  const { number, username, secret } = accounts[which]!;
  const says = speech(which).samples;
  return WebPhone.start({ url, number, user: username, secret, domain, says, ...(over === undefined ? {} : { over }) });
}

/** Milliseconds from the answer until there are keys; null: never. */
async function connects(phone: WebPhone, other: WebPhone): Promise<number | null> {
  const answered = other.answer();
  await phone.dial(String(accounts[1]!.number));
  const began = performance.now();
  const tookMs = await phone.connected(LIMIT_MS).then(
    () => performance.now() - began,
    () => null,
  );
  await answered;
  return tookMs;
}

async function handshakes(): Promise<object> {
  const [one, two] = [await phoneOf(0, way), await phoneOf(1)];
  const tookMs: (number | null)[] = [];
  for (let i = 0; i < amount; i += 1) {
    tookMs.push(await connects(one, two));
    const over = two.ended();
    one.hangUp();
    await over;
  }
  return { tookMs, lost: way.counts.lost, passed: way.counts.passed };
}

async function talk(): Promise<object> {
  const [one, two] = [await phoneOf(0, way), await phoneOf(1)];
  if ((await connects(one, two)) === null) throw new Error('there is no connection on a good way');
  await two.connected();
  way.weather = { loss, jitterMs };
  one.speak();
  two.speak();
  await sleep(amount * 1000);
  const scores = [two, one].map((phone, said) => scoreOf(speech(said).samples, phone.ear!.samples));
  return { scores, words: scores.map(wordsUnderstood), ...way.counts };
}

/** STOI of what was said, as far as it was spoken, put in step with what was heard. */
function scoreOf(samples: Float64Array, heard: Float64Array): number {
  const said = samples.subarray(0, (amount - 1) * RATE_HZ);
  // Where it begins is told by the piece that is found best.
  const pieces = [0.4, 1, 1.6, 2.2, 2.8].map((at) => {
    const { peak, at: place } = findSound(heard, said.subarray(at * RATE_HZ, (at + 0.4) * RATE_HZ));
    return { peak, delay: Math.round(place - at * RATE_HZ) };
  });
  const best = pieces.reduce((a, b) => (b.peak > a.peak ? b : a));
  return stoi(said, inStep(said, heard, best.delay));
}

process.stdout.write(`${JSON.stringify(kind === 'talk' ? await talk() : await handshakes())}\n`);
process.exit(0);
