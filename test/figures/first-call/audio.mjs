// What the agent's port received of a known speech file, and what the recording holds of both sides.
import { join } from 'node:path';
import { alawOf, stereoAlaw, longestRun } from '../wav.mjs';
import { signIn, waitFor, withBox } from '../box.mjs';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const CALLER = join(SOUNDS, 'vm-intro.wav');
const AGENT = join(SOUNDS, 'tt-weasels.wav');

export async function audio(report) {
  await withBox({ stations: 1 }, async (box) => {
    await signIn(box, [1]);
    await box.exchange.telephones.setPlan(1, {
      ...{ answer: true, answerAfterMs: 200, play: 'agent', playFile: AGENT, hangUpAfterMs: null, hangUpOnTone: true },
    });
    const heardFile = join(box.config.home, 'heard.wav');
    let heard;
    const ready = new Promise((resolve, reject) => {
      box.engine.events.on('leg.offered', ({ kind, port }) => {
        if (kind !== 'line') return;
        box.engine.command('recording.start', { port, path: heardFile }).then(({ recording }) => {
          heard = recording;
          resolve();
        }, reject);
      });
    });
    const talkMs = Math.max(alawOf(CALLER).length, alawOf(AGENT).length) / 8 + 1500;
    await box.exchange.callers.place({
      ...{ calledNumber: '95001', callingNumber: '13800138000', digits: '1', digitsAfterMs: 300 },
      ...{ play: 'speech', playFile: CALLER, talkMs },
    });
    await ready;
    const ended = new Promise((resolve) =>
      box.engine.events.on('recording.ended', (event) => (event.recording === heard ? resolve() : undefined)),
    );
    await ended;
    await waitFor(box, 'call.removed', () => box.calls.live().length === 0);
    const rows = await box.db.calls.list({ limit: 1 });
    const recording = await box.db.recordings.findByCall(rows[0].id);
    const stored = stereoAlaw(join(box.config.recordingsFolder, recording.path));
    const share = (whole, wanted) => (100 * longestRun(whole, wanted)) / wanted.length;
    report.add('agentHeardBitExact', share(stereoAlaw(heardFile).left, alawOf(CALLER)), '%', 100);
    report.add('recordingLeftIsCaller', share(stored.left, alawOf(CALLER)), '%', 100);
    report.add('recordingRightIsAgent', share(stored.right, alawOf(AGENT)), '%', 100);
    report.add('speechOctetsCompared', alawOf(CALLER).length, 'octets');
  });
}
