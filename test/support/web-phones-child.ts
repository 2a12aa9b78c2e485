// The program of the figure: `node web-phones-child.mjs <options as JSON>`. Browsers in pairs, in a process of their own, so that what they cost
// is not the box's: one calls the other, both speak, and each is asked what it heard. Says "talking" when the talks begin and
// "spoken" when they end; its last line is one JSON object.
import { setTimeout as sleep } from 'node:timers/promises';
import { RATE_HZ } from './audio-match.js';
import { heardWell, speech, type Speech } from './speech.js';
import { WebPhone } from './web-phone.js';

interface Options {
  url: string;
  domain: string;
  accounts: { number: number; username: string; secret: string }[];
  seconds: number;
}
const AT_ONCE = 5;
const PIECES = 12;

const { url, domain, accounts, seconds } = JSON.parse(process.argv[2]!) as Options;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** No two say the same at the same time: those with the same piece begin elsewhere in it. */
function textOf(index: number): Speech {
  const { path, samples } = speech(index % PIECES);
  const from = Math.floor(index / PIECES) * RATE_HZ;
  return { path, samples: samples.subarray(from, from + seconds * RATE_HZ) };
}
const texts = accounts.map((_, i) => textOf(i));

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

const phones: WebPhone[] = [];
await inLanes([...accounts.keys()], async (i) => {
  const { number, username, secret } = accounts[i]!;
  phones[i] = await WebPhone.start({ url, number, user: username, secret, domain, says: texts[i]!.samples });
});
const callers = [...accounts.keys()].filter((i) => i % 2 === 0);
await inLanes(callers, async (i) => {
  const answered = phones[i + 1]!.answer();
  await phones[i]!.dial(String(accounts[i + 1]!.number));
  await answered;
});
await Promise.all(phones.map((phone) => phone.connected()));
say('talking');
for (const phone of phones) phone.speak();
await sleep(seconds * 1000);
say('spoken');
const before = process.cpuUsage();
// The box reads its own counts before anybody hangs up.
await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()));
const heard = phones.map((phone, i) =>
  heardWell(phone.ear?.samples ?? new Float64Array(0), texts[i ^ 1]!, 0.4, seconds - 1),
);
for (const i of callers) phones[i]!.hangUp();
for (const phone of phones) phone.stop();
say(JSON.stringify({ heard, cpuMs: (before.user + before.system) / 1000 }));
process.exit(0);
