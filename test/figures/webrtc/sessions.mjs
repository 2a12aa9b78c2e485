// Fifty browsers (libwebrtc) at once, in talks with each other; what the engine's threads take for each and for each pair of packets, one in and
// one out, with ICE, DTLS and SRTP. Opus, whose coding is not the transport's, is measured beside it.
import { setTimeout as sleep } from 'node:timers/promises';
import { engineThreads, packetsOf, since, talkWith, total, withBrowserBox } from './browser-box.mjs';

const SESSIONS = Number(process.env.FIGURES_WEBRTC_SESSIONS ?? '50');
const SECONDS = 9;
const GOAL_US = 14;
const IDLE_S = 5;
/** Of the correlation with what was said; Opus at 24 kbit/s is another wave. */
const WELL = { pcma: 0.9, opus: 0.75 };

export async function sessions(report) {
  for (const codec of ['pcma', 'opus']) await measured(report, codec);
}

async function measured(report, codec) {
  await withBrowserBox({ stations: SESSIONS, codecs: [codec] }, async (box, { accounts, url }) => {
    const rest = engineThreads();
    await sleep(IDLE_S * 1000);
    const idleMsPerS = total(since(rest, engineThreads())) / IDLE_S;
    const peers = await talkWith('web-phones-child', [
      JSON.stringify({ url, domain: accounts[0].domain, accounts, seconds: SECONDS }),
    ]);
    try {
      await peers.next();
      const [before, packetsBefore, beganAt] = [engineThreads(), await packetsOf(box), performance.now()];
      await peers.next();
      const [after, packets, seconds] = [engineThreads(), await packetsOf(box), (performance.now() - beganAt) / 1000];
      peers.say('hang up');
      const { heard } = JSON.parse(await peers.next());
      const used = since(before, after);
      const [sent, received] = ['sent', 'received'].map((key) => packets[key] - packetsBefore[key]);
      const pairs = (sent + received) / 2;
      const ms = total(used) - idleMsPerS * seconds;
      const name = (what) => `${codec}${what}`;
      report.note(
        `${codec}: ${Object.entries(used)
          .map(([thread, spent]) => `${thread} ${spent.toFixed(0)} ms`)
          .join(', ')} in ${seconds.toFixed(1)} s; at rest ${idleMsPerS.toFixed(1)} ms a second`,
      );
      report.add(name('Sessions'), packets.streams, 'sessions', SESSIONS);
      report.add(name('SessionsThatHear'), heard.filter((peak) => peak > WELL[codec]).length, 'sessions', SESSIONS);
      report.add(name('HeardLeast'), Math.min(...heard), 'of 1', WELL[codec]);
      report.add(name('PacketsLost'), packets.lost - packetsBefore.lost, 'packets');
      report.add(name('PacketsASecond'), (sent + received) / seconds, 'packets');
      const perPair = (ms * 1000) / pairs;
      if (codec === 'pcma') report.add(name('CpuPerPacketPair'), perPair, 'us', GOAL_US, 'most');
      else report.add(name('CpuPerPacketPair'), perPair, 'us');
      report.add(name('CpuOfNetworkPerPacketPair'), (used['cb-rtp'] * 1000) / pairs, 'us');
      report.add(name('CpuPerSession'), ms / seconds / packets.streams, 'ms/s');
    } finally {
      await peers.stop();
    }
  });
}
