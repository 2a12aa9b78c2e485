// Bad networks: handshakes of which datagrams are lost, and talks over ways that lose and delay.
import { runChild } from '../../../install/lib/children.mjs';
import { percentile } from '../report.mjs';
import { withBrowserBox } from './browser-box.mjs';

const HANDSHAKES = Number(process.env.FIGURES_WEBRTC_HANDSHAKES ?? '30');
const HANDSHAKE_LOSS = 0.3;
const TALK = { loss: 0.05, jitterMs: 60 };
const TALK_S = 11;
/** Nineteen words of twenty. */
const GOAL_WORDS = 95;
const SEED = 20;

const asked = (box, more) => [
  JSON.stringify({ ...{ loss: 0, jitterMs: 0, seed: SEED, domain: box.accounts[0].domain }, ...box, ...more }),
];

/** 30 % of all datagrams each way, from the first one of ICE on. */
export async function handshake(report) {
  await withBrowserBox({}, async (_box, { accounts, url, webrtcPort: port }) => {
    const more = { kind: 'handshake', loss: HANDSHAKE_LOSS, amount: HANDSHAKES };
    const { tookMs, lost, passed } = await runChild('web-weather-child', asked({ accounts, url, port }, more));
    const good = tookMs.filter((ms) => ms !== null);
    report.add('handshakeDatagramsLost', (100 * lost) / (lost + passed), '%', 25);
    report.add('handshakesBegun', tookMs.length, 'calls', HANDSHAKES);
    report.add('handshakesDone', good.length, 'calls', HANDSHAKES);
    report.add('handshakeP50', percentile(good, 50), 'ms');
    report.add('handshakeLongest', Math.max(...good), 'ms');
  });
}

/** Of two that talk, one has a bad network; how well either is understood, and how well without it. Sentences of known words are understood better. */
export async function understood(report) {
  for (const codec of ['pcma', 'opus']) {
    for (const [name, weather] of [
      ['Good', { loss: 0, jitterMs: 0 }],
      ['Bad', TALK],
    ]) {
      await withBrowserBox({ codecs: [codec] }, async (_box, { accounts, url, webrtcPort: port }) => {
        const more = { kind: 'talk', amount: TALK_S, ...weather };
        const { scores, words, lost, passed } = await runChild(
          'web-weather-child',
          asked({ accounts, url, port }, more),
        );
        report.note(`${codec}: ${lost} of ${lost + passed} datagrams lost, each up to ${2 * weather.jitterMs} ms late`);
        for (const [i, way] of ['AtTheBox', 'AtTheBrowser'].entries()) {
          report.add(`${codec}Stoi${name}${way}`, scores[i], 'of 1');
          report.add(`${codec}Words${name}${way}`, 100 * words[i], '%', GOAL_WORDS);
        }
      });
    }
  }
}
