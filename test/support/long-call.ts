// A call of some minutes as a busy day has it, put straight into the database with its recording: what its page looks like
// cannot be judged by a call that a test makes in a second.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CallRow, RecordingRow, SegmentRow, StreamRow } from '../../daemon/dist/db/index.js';
import type { Box } from '../../daemon/dist/main.js';
import { SILENCE, toAlaw } from './wav.js';

const RATE_HZ = 8000;
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

interface Rows {
  box: Pick<Box, 'db' | 'config'>;
  /** of the queue, the agent who missed it, the one who took it, and the one who was asked */
  queueId: string;
  missed: string;
  took: string;
  asked: string;
  startedAt: number;
}

/** A caller finds his way through a menu, waits, is missed by one agent, served by another who asks a colleague, and rates it. */
export async function putLongCall({ box, queueId, missed, took, asked, startedAt }: Rows): Promise<string> {
  let made = 0;
  const idAt = (at: number): string => {
    let [rest, text] = [at, ''];
    for (let i = 0; i < 10; i += 1) [text, rest] = [ALPHABET.charAt(rest % 32) + text, Math.floor(rest / 32)];
    return text + String((made += 1)).padStart(16, '0');
  };
  const id = idAt(startedAt);
  const at = (seconds: number): number => startedAt + Math.round(seconds * 1000);
  const piece = (kind: SegmentRow['kind'], from: number, to: number, data: SegmentRow['data'] = {}): SegmentRow => ({
    id: idAt(at(from)),
    callId: id,
    kind,
    startedAt: at(from),
    endedAt: at(to),
    data,
  });
  const why = (agentId: string, code: string, others: SegmentRow['data'][]) => ({
    ...{ code, strategy: 'longestIdle', queueId, agentId, waitedMs: 0, points: 5, vip: false, relaxed: 0, measure: {} },
    ...{ widenedTo: null, idleMs: 185_000, passedOver: others, passedOverCount: others.length },
    ...{ overtook: [], overtookCount: 0 },
  });
  const segments = [
    piece('seized', 0, 0, { span: 1, timeslot: 7 }),
    piece('flow', 0.3, 42, { flowId: 'main', version: 1 }),
    piece('prompt', 0.5, 8, { prompt: 'welcome' }),
    piece('menu', 8, 15, { node: 'menu', digit: '2' }),
    piece('digit', 14.6, 14.6, { digit: '2' }),
    piece('menu', 15, 42, { node: 'member', digits: '20418' }),
    ...[...'20418'].map((digit, index) => piece('digit', 27 + index * 2.2, 27 + index * 2.2, { digit })),
    piece('queued', 42, 76, { queueId, outcome: 'answered', waitMs: 34_000 }),
    piece('offer', 43, 63, {
      ...{ queueId, agentId: missed, outcome: 'noAnswer' },
      why: why(missed, 'longest_idle', [
        { agentId: took, why: { code: 'ranked_lower', by: 'strategy' } },
        { agentId: asked, why: { code: 'skill_missing' } },
      ]),
    }),
    piece('offer', 64, 76, {
      ...{ queueId, agentId: took, outcome: 'answered' },
      why: why(took, 'skill_level', [{ agentId: asked, why: { code: 'skill_missing' } }]),
    }),
    piece('talk', 76, 272, { queueId, agentId: took, station: 1 }),
    piece('held', 188, 216, { by: 'agent' }),
    piece('consult', 189, 215, { number: '8302', outcome: 'cancelled' }),
    piece('monitor', 232, 262, { by: 'boss', mode: 'listen' }),
    piece('survey', 273, 284, {}),
    piece('released', 285, 285, {}),
  ];
  const stream: StreamRow = {
    ...{ id: idAt(at(76)), role: 'agent', station: 1001, trunk: null },
    ...{ callId: id, codec: 'PCMA', encrypted: true, startedAt: at(76), endedAt: at(272) },
    ...{ packetsSent: 9800, packetsReceived: 9786, lost: 14, late: 3, jitterMs: 6, bufferMs: 40, concealedMs: 280 },
    ...{ roundTripMs: 18, remoteLost: 22, remoteJitterMs: 8, mosReceived: 4.3, mosSent: 4.2 },
  };
  const path = `${id.slice(0, 6)}/${id}.wav`;
  const wav = recording(273 - 42);
  const file = join(box.config.recordingsFolder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, wav);
  const call: CallRow = {
    ...{ id, direction: 'in', state: 'ended', startedAt, answeredAt: at(0.4), endedAt: at(285), digits: '220418' },
    ...{ callingNumber: '13800138000', callingName: '', calledNumber: '95001', origin: null, treatment: null },
    ...{ span: 1, timeslot: 7, flowId: 'main', queueId, agentId: took, cause: 16, releasedBy: 'caller' },
  };
  const sound: RecordingRow = {
    ...{ id: idAt(at(42)), callId: id, path, startedAt: at(42), endedAt: at(273), durationMs: 231_000 },
    ...{ bytes: wav.length, lostMs: 0, state: 'complete' },
  };
  await box.db.put(() => ({ calls: [call], segments, recordings: [sound], streams: [stream] }));
  return id;
}

/** Two who talk in turns, as stereo A-law: noise that rises and falls as syllables and sentences do. */
function recording(seconds: number): Buffer {
  const frames = seconds * RATE_HZ;
  const file = Buffer.alloc(58 + frames * 2, SILENCE);
  file.write('RIFF', 0);
  file.writeUInt32LE(50 + frames * 2, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(18, 16);
  for (const [place, value] of [
    [20, 6],
    [22, 2],
    [32, 2],
    [34, 8],
    [36, 0],
  ] as const)
    file.writeUInt16LE(value, place);
  file.writeUInt32LE(RATE_HZ, 24);
  file.writeUInt32LE(RATE_HZ * 2, 28);
  file.write('fact', 38);
  file.writeUInt32LE(4, 42);
  file.writeUInt32LE(frames, 46);
  file.write('data', 50);
  file.writeUInt32LE(frames * 2, 54);
  let noise = 1;
  for (let frame = 0; frame < frames; frame += 1) {
    const s = frame / RATE_HZ;
    if (s < 34 || (s > 146 && s < 174)) continue;
    // sentences of some seconds, now of the one and now of the other; a breath between them
    const turn = Math.sin(s / 2.9) + 0.5 * Math.sin(s / 7.3 + 1);
    if (Math.abs(turn) < 0.12) continue;
    noise = (noise * 16_807) % 2_147_483_647;
    const syllable = 0.35 + 0.65 * Math.abs(Math.sin(s * 8.1) * Math.sin(s * 2.3 + turn));
    const loud = 9000 * syllable * Math.min(1, Math.abs(turn));
    file[58 + frame * 2 + (turn > 0 ? 0 : 1)] = toAlaw(Math.round((noise / 1_073_741_823.5 - 1) * loud));
  }
  return file;
}
