// `cordboard recording …`: recordings at rest.
import type { KeyRotation, RecordingKey, RetentionRun, Verification } from '../contract/index.js';
import { columns } from './columns.js';
import { linesCommand, runVerb } from './lines-context.js';

export function runRecordingCommand(args: readonly string[]): Promise<number> {
  return runVerb('recording', { verify, retain, keys, rotate }, args);
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

async function verify(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('recording', args, {}, 0);
  const result = await context.api.request<Verification>('POST', '/recording-verification', {});
  const { checked: count, head, faults } = result;
  context.result(result, () => [
    ...(faults.length === 0 ? [] : columns(faults.map(({ kind, path, detail }) => [kind, path, detail]))),
    context.say(faults.length === 0 ? 'verified' : 'faults', { count, head, faults: faults.length }),
  ]);
  return faults.length === 0 ? 0 : 1;
}

async function retain(args: readonly string[]): Promise<number> {
  const { values, context } = linesCommand('recording', args, { 'dry-run': { type: 'boolean' } }, 0);
  const dryRun = values['dry-run'] ?? false;
  const run = await context.api.request<RetentionRun>('POST', '/recording-retention', { dryRun });
  const { removed, bytes, kept, held } = run;
  context.result(run, () => [
    ...(removed.length === 0
      ? []
      : columns(removed.map((one) => [one.recordingId, dayOf(one.startedAt), String(one.bytes), one.reason]))),
    context.say(dryRun ? 'wouldRetain' : 'retained', { removed: removed.length, bytes, kept, held }),
  ]);
  return 0;
}

async function keys(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('recording', args, {}, 0);
  context.list(await context.api.request<RecordingKey[]>('GET', '/recording-keys'), ({ id, createdAt, current }) => [
    id,
    dayOf(createdAt),
    current ? context.say('inForce') : '',
  ]);
  return 0;
}

async function rotate(args: readonly string[]): Promise<number> {
  const { context } = linesCommand('recording', args, {}, 0);
  const rotation = await context.api.request<KeyRotation>('POST', '/recording-keys', {});
  const { key, rewrapped, failed } = rotation;
  context.result(rotation, () => [context.say('rotated', { key, rewrapped, failed })]);
  return failed === 0 ? 0 : 1;
}
