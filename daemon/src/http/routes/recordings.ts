import { z } from 'zod';
import {
  ExportFormat,
  KeyRotation,
  RecordingAccess,
  RecordingAlarm,
  RecordingCondition,
  RecordingControl,
  RecordingDeletion,
  RecordingDetail,
  RecordingHold,
  RecordingKey,
  RecordingList,
  RecordingPeaks,
  RecordingQuery,
  RecordingRemoval,
  RetentionRun,
  Ulid,
  Verification,
  type Permission,
  type RecordingSummary,
} from '../../contract/index.js';
import type { FoundRecording } from '../../db/index.js';
import { AppError, type Reach } from '../../platform/index.js';
import { mustMay, type Identity } from '../auth/identity.js';
import { filterOf, mustReachEverything, reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import type { Reader } from '../ports.js';
import { recordingFile } from '../recording-file.js';
import { route, type Route } from '../route.js';
import { Stream } from '../stream.js';

const ById = z.strictObject({ id: Ulid });
const unreadable = ['recording_not_found', 'recording_damaged', 'recording_key_missing'] as const;
const MOST_ACCESSES = 500;

export function recordingRoutes(http: HttpContext): Route[] {
  const { db, log, ports } = http;

  const reach = (identity: Identity): Reach => reachOf(ports, identity, 'recordings.listen');

  /** An agent has the recordings of the calls that were his. AppError recording_not_found. */
  async function findFor(
    identity: Identity,
    id: string,
    beyond: Permission = 'recordings.listen',
  ): Promise<FoundRecording> {
    const found = await ports.recordings.find(id);
    if (!reachOf(ports, identity, beyond).call(found.call)) throw new AppError('recording_not_found', { id });
    return found;
  }

  /** Also of one that was removed. */
  async function wasTheirs(identity: Identity, recordingId: string): Promise<boolean> {
    const within = reach(identity);
    if (within.everything) return true;
    const callId =
      (await db.recordings.find(recordingId))?.callId ??
      (await db.recordingArchive.deletions({ recordingId, limit: 1 }))[0]?.callId;
    const call = callId === undefined ? null : await db.calls.find(callId);
    return call !== null && within.call(call);
  }

  return [
    route({
      method: 'get',
      path: '/recordings',
      summary: 'Recordings, newest first; an agent gets his own',
      tag: 'Recordings',
      needs: ['recordings.listen', 'desk.use'],
      query: RecordingQuery,
      reply: RecordingList,
      async handle({ query, identity }) {
        const found = await db.recordingArchive.search({
          ...query,
          limit: query.limit + 1,
          reach: filterOf(ports, reach(identity)),
        });
        const page = found.slice(0, query.limit);
        return {
          recordings: page.map(summaryOf),
          before: found.length > query.limit ? (page.at(-1)?.recording.id ?? null) : null,
        };
      },
    }),
    route({
      method: 'get',
      path: '/recordings/:id',
      summary: 'One recording with its pauses',
      tag: 'Recordings',
      needs: ['recordings.listen', 'desk.use'],
      params: ById,
      reply: RecordingDetail,
      errors: ['recording_not_found'],
      async handle({ params: { id }, identity }) {
        const found = await findFor(identity, id);
        const marks = await db.recordingArchive.marks(id);
        return {
          ...summaryOf(found),
          marks: marks.map(({ kind, fromMs, toMs, by }) => ({ kind, fromMs, toMs, by })),
          digest: found.stored?.digest ?? null,
          holdReason: found.hold?.reason ?? null,
        };
      },
    }),
    route({
      method: 'get',
      path: '/recordings/:id/audio',
      summary: 'The recording: stereo WAV, left the caller, right what he heard; takes Range',
      tag: 'Recordings',
      needs: ['recordings.listen', 'desk.use'],
      params: ById,
      replyType: 'audio/wav',
      errors: [...unreadable, 'range_unsatisfiable'],
      async handle({ params: { id }, identity, header, remoteAddress }) {
        const found = await findFor(identity, id);
        const source = await ports.recordings.read(found);
        const range = header('range');
        const reply = await recordingFile(source, fileOf(found), range, header('if-range'));
        await noted(reply, id, 'listened', readerOf(identity, remoteAddress), range ?? '');
        return reply;
      },
    }),
    route({
      method: 'get',
      path: '/recordings/:id/export',
      summary: 'The recording as a file: WAV, MP3 or Opus',
      tag: 'Recordings',
      needs: 'recordings.download',
      params: ById,
      query: z.strictObject({ format: ExportFormat.default('wav') }),
      replyType: 'application/octet-stream',
      errors: [...unreadable, 'export_busy', 'export_failed'],
      async handle({ params: { id }, query: { format }, identity, remoteAddress }) {
        const found = await findFor(identity, id);
        const reply = await exported(found, format);
        await noted(reply, id, 'exported', readerOf(identity, remoteAddress), format);
        return reply;
      },
    }),
    route({
      method: 'get',
      path: '/recordings/:id/peaks',
      summary: 'The picture of a recording for the player',
      tag: 'Recordings',
      needs: ['recordings.listen', 'desk.use'],
      params: ById,
      reply: RecordingPeaks,
      errors: [...unreadable],
      handle: async ({ params: { id }, identity }) => ports.recordings.peaks(await findFor(identity, id)),
    }),
    route({
      method: 'get',
      path: '/recordings/:id/accesses',
      summary: 'Who listened to it, exported or held it, newest first; also of one that was removed',
      tag: 'Recordings',
      needs: 'recordings.listen',
      params: ById,
      reply: z.array(RecordingAccess),
      handle: async ({ params: { id }, identity }) =>
        (await wasTheirs(identity, id)) ? db.recordingArchive.accesses(id, MOST_ACCESSES) : [],
    }),
    route({
      method: 'put',
      path: '/recordings/:id/hold',
      summary: 'Hold a recording, so that no rule removes it, or release it',
      tag: 'Recordings',
      needs: 'recordings.hold',
      params: ById,
      body: RecordingHold,
      errors: ['recording_not_found'],
      async handle({ params: { id }, body: { held, reason }, identity, remoteAddress }) {
        const found = await findFor(identity, id);
        await ports.recordings.setHold(found, held, reason, readerOf(identity, remoteAddress));
        log.info({ recordingId: id, held, by: identity.user.username }, 'a hold was changed');
      },
    }),
    route({
      method: 'post',
      path: '/recordings/:id/removal',
      summary: 'Remove a recording for good',
      tag: 'Recordings',
      needs: 'recordings.remove',
      params: ById,
      body: RecordingRemoval,
      errors: ['recording_not_found', 'recording_held', 'recording_in_progress'],
      async handle({ params: { id }, body: { reason }, identity, remoteAddress }) {
        await findFor(identity, id, 'recordings.remove');
        await ports.recordings.remove(id, reason, readerOf(identity, remoteAddress));
      },
    }),
    route({
      method: 'get',
      path: '/recording-deletions',
      summary: 'Recordings that were removed, newest first',
      tag: 'Recordings',
      needs: 'recordings.listen',
      query: z.strictObject({
        before: Ulid.optional(),
        limit: z.coerce.number().int().min(1).max(500).default(50),
      }),
      reply: z.array(RecordingDeletion),
      handle: ({ query, identity }) =>
        db.recordingArchive.deletions({ ...query, reach: filterOf(ports, reach(identity)) }),
    }),
    route({
      method: 'get',
      path: '/recording-alarms',
      summary: 'What is wrong now with the recordings and with the database that tells of them',
      tag: 'Recordings',
      needs: 'recordings.listen',
      reply: z.array(RecordingAlarm),
      handle: () => [...ports.recordings.alarms(), ...ports.box.alarms()],
    }),
    route({
      method: 'post',
      path: '/recording-verification',
      summary: 'Check every recording at rest against the chain of digests',
      tag: 'Recordings',
      needs: 'recordings.edit',
      reply: Verification,
      errors: ['scope_too_narrow'],
      handle({ identity }) {
        mustReachEverything(identity);
        return ports.recordings.verify();
      },
    }),
    route({
      method: 'post',
      path: '/recording-retention',
      summary: 'Remove what the rules no longer keep, or only say what that would be',
      tag: 'Recordings',
      needs: 'recordings.remove',
      body: z.strictObject({ dryRun: z.boolean().default(true) }),
      reply: RetentionRun,
      errors: ['scope_too_narrow'],
      handle({ body: { dryRun }, identity }) {
        mustReachEverything(identity);
        return ports.recordings.retain(dryRun, identity.user.username);
      },
    }),
    route({
      method: 'get',
      path: '/recording-keys',
      summary: 'The keys that recordings are encrypted with; their ids alone',
      tag: 'Recordings',
      needs: 'recordings.edit',
      reply: z.array(RecordingKey),
      handle: () => ports.recordings.keys(),
    }),
    route({
      method: 'post',
      path: '/recording-keys',
      summary: 'Encrypt with a new key from now on, and wrap what there is with it',
      tag: 'Recordings',
      needs: 'recordings.edit',
      reply: KeyRotation,
      async handle({ identity }) {
        const rotation = await ports.recordings.rotateKeys();
        log.info({ ...rotation, by: identity.user.username }, 'the key of the recordings was changed');
        return rotation;
      },
    }),
    route({
      method: 'post',
      path: '/calls/:id/recording',
      summary: 'Start, pause, resume or stop the recording of a call; an agent of his own, and he cannot stop it',
      tag: 'Recordings',
      needs: ['desk.use', 'floor.force'],
      params: ById,
      body: RecordingControl,
      reply: RecordingCondition,
      errors: ['call_not_found', 'recording_wrong_state', 'recording_not_stopped', 'recording_not_started'],
      async handle({ params: { id }, body: { action }, identity }) {
        const call = ports.calls.find(id);
        const force = reachOf(ports, identity, 'floor.force');
        if (!force.everything && (call === undefined || !force.call(call)))
          throw new AppError('call_not_found', { id });
        if (action === 'stop') mustMay(identity, ['floor.force']);
        return ports.calls.record(id, action, identity.user.username);
      },
    }),
  ];

  /** Nothing is sent before it stands in the log of those who listened. */
  async function noted(
    reply: Stream,
    id: string,
    what: 'listened' | 'exported',
    reader: Reader,
    detail: string,
  ): Promise<void> {
    try {
      await ports.recordings.note(id, what, reader, detail.slice(0, 100));
    } catch (error) {
      reply.body.destroy();
      throw error;
    }
    log.info({ recordingId: id, what, by: reader.by }, 'recording was fetched');
  }

  async function exported(found: FoundRecording, format: z.infer<typeof ExportFormat>): Promise<Stream> {
    const { callId } = found.recording;
    const named = (ending: string) => ({ 'Content-Disposition': `attachment; filename="${callId}.${ending}"` });
    if (format === 'wav') {
      const { body, headers } = await recordingFile(
        await ports.recordings.read(found),
        fileOf(found),
        undefined,
        undefined,
      );
      return new Stream(body, 200, { ...headers, ...named('wav') });
    }
    const { body, type, ending } = await ports.recordings.export(found, format);
    return new Stream(body, 200, { 'Content-Type': type, 'Cache-Control': 'private, no-cache', ...named(ending) });
  }
}

const fileOf = ({ recording, stored }: FoundRecording): { tag: string; name: string } => ({
  tag: `${recording.id}-${stored?.digest.slice(0, 16) ?? 'plain'}`,
  name: recording.callId,
});

const readerOf = ({ user }: Identity, from: string): Reader => ({ by: user.username, from });

function summaryOf({ recording, call, stored, hold }: FoundRecording): RecordingSummary {
  const { path: _path, ...rest } = recording;
  const { direction, callingNumber, calledNumber, queueId, agentId } = call;
  return {
    ...rest,
    ...{ direction, callingNumber, calledNumber, queueId, agentId },
    encrypted: stored !== null,
    held: hold !== null,
  };
}
