// What of a call is recorded: one leg, what it says and what it hears. When the recorded party leaves and the call goes on,
// the one who stays is recorded from then on, as another part. The rules are asked when the call begins, and again when its queue
// or its agent is known; what somebody has asked for stands above them.
import type { RecordingAction, RecordingCondition } from '../contract/index.js';
import { AppError, errorText } from '../platform/index.js';
import type { CallContext } from './call-context.js';
import type { RecordingFacts } from './call-recorder.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';

/** A caller hears nothing while his call's row is not on the disk; longer than this he had better call again. */
export const COMMIT_LIMIT_MS = 4000;

/**
 * Rows on the disk, then recording under way, unless a rule says that there is none. Rejects when the rows cannot be written; a
 * recording that fails is no reason.
 */
export async function recordFromStart(call: LiveCall, context: CallContext): Promise<void> {
  if (!wished(call, context)) return context.writer.commit(call.record, COMMIT_LIMIT_MS);
  const row = context.recorder.plan(call.id, call.row.startedAt, (call.recordingParts += 1));
  call.record.addRecording(row);
  await context.writer.commit(call.record, COMMIT_LIMIT_MS);
  if (call.ending === undefined) await start(call, context, row, call.leg);
}

/** Records a leg from now on where the call is recorded, unless it is already. Never rejects. */
export async function recordFurther(call: LiveCall, context: CallContext, leg: Leg): Promise<void> {
  if (call.recordingWish.record) await record(call, context, leg);
}

/**
 * False when it could not begin. Never rejects: the call goes on, and its rows are written when they can be.
 */
async function record(call: LiveCall, context: CallContext, leg: Leg): Promise<boolean> {
  if (call.recordings.some((recording) => recording.leg === leg)) return true;
  const { recorder, clock, writer } = context;
  const row = recorder.plan(call.id, clock.wallMs(), (call.recordingParts += 1));
  call.record.addRecording(row);
  await writer
    .commit(call.record, COMMIT_LIMIT_MS)
    .catch((error: unknown) =>
      call.log.error({ err: error }, `a recording begins without its row: ${errorText(error)}`),
    );
  return call.ending === undefined && (await start(call, context, row, leg));
}

/** Ends the recording of a leg that goes over to another call. */
export function stopRecording(call: LiveCall, leg: Leg): void {
  for (const { leg: recorded, recording } of call.recordings) if (recorded === leg) recording.stop();
}

/** A recording ends with its leg, but one that is paused has nothing that tells it so. */
export function endPausedRecordings(call: LiveCall): void {
  for (const { recording } of call.recordings) if (recording.paused) recording.stop();
}

/** The queue or the agent is known now: a rule may say something else than before. */
export function reviewRecording(call: LiveCall, context: CallContext): void {
  const before = call.recordingWish;
  if (call.ending !== undefined || before.asked || wished(call, context) === before.record) return;
  if (before.record) for (const { recording } of [...call.recordings]) recording.discard();
  else void record(call, context, call.leg);
}

/** AppError recording_wrong_state, recording_not_stopped, recording_not_started. `by`: for the mark and the log. */
export async function controlRecording(
  call: LiveCall,
  context: CallContext,
  action: RecordingAction,
  by: string,
): Promise<RecordingCondition> {
  const { id, log, recordings } = call;
  const state = recordingState(call);
  const wrong = {
    start: state !== 'off',
    stop: state === 'off',
    pause: state !== 'recording',
    resume: state !== 'paused',
  };
  if (wrong[action] || call.ending !== undefined) throw new AppError('recording_wrong_state', { id, state, action });
  if (action === 'start') {
    call.recordingWish = { record: true, asked: true };
    if (!(await record(call, context, call.leg))) throw new AppError('recording_not_started', { id });
  } else if (action === 'stop') {
    call.recordingWish = { record: false, asked: true };
    for (const { recording } of [...recordings]) recording.stop();
    recordings.length = 0;
  } else if (action === 'pause') {
    await Promise.all(recordings.map(({ recording }) => recording.pause(by)));
  } else {
    const resumed = await Promise.all(recordings.map(({ leg, recording }) => recording.resume(leg.port)));
    if (resumed.includes(false)) throw new AppError('recording_not_started', { id });
  }
  log.info({ action, by }, 'recording was controlled');
  const condition: RecordingCondition = { callId: id, state: recordingState(call) };
  context.live.emit('recording.updated', condition);
  return condition;
}

export function recordingState({ recordings }: LiveCall): RecordingCondition['state'] {
  if (recordings.length === 0) return 'off';
  return recordings.some(({ recording }) => !recording.paused) ? 'recording' : 'paused';
}

function wished(call: LiveCall, { recorder }: CallContext): boolean {
  const { record } = recorder.wish(factsOf(call));
  call.recordingWish = { record, asked: false };
  return record;
}

function factsOf({ id, row, leg }: LiveCall): RecordingFacts {
  const { direction, queueId, agentId, callingNumber, calledNumber } = row;
  const trunkId = leg.place.kind === 'trunk' ? leg.place.trunk : null;
  return { callId: id, direction, queueId, agentId, trunkId, callingNumber, calledNumber };
}

type Row = ReturnType<CallContext['recorder']['plan']>;

async function start(call: LiveCall, { recorder }: CallContext, row: Row, leg: Leg): Promise<boolean> {
  const recording = await recorder.start(row, leg.port);
  if (recording === undefined) return false;
  const segment = call.segment('recording', { recordingId: row.id });
  const kept = { leg, recording };
  call.recordings.push(kept);
  void recording.ended.then(({ durationMs, lostMs, state }) => {
    const at = call.recordings.indexOf(kept);
    if (at >= 0) call.recordings.splice(at, 1);
    segment.end({ durationMs, lostMs, state });
  });
  return true;
}
