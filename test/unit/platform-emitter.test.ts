import { expect, test, vi } from 'vitest';
import { TypedEmitter, silentLog, type Log } from '../../daemon/src/platform/index.js';

interface Events {
  'call.arrived': { id: string };
}

function spyLog(): { log: Log; error: ReturnType<typeof vi.fn> } {
  const error = vi.fn();
  return { log: Object.assign(Object.create(silentLog) as Log, { error }), error };
}

test('a listener that throws or rejects disturbs neither the others nor the one who publishes', async () => {
  const { log, error } = spyLog();
  const emitter = new TypedEmitter<Events>(log);
  const heard: string[] = [];
  emitter.on('call.arrived', () => {
    throw new Error('first');
  });
  emitter.on('call.arrived', () => Promise.reject(new Error('second')));
  emitter.on('call.arrived', ({ id }) => void heard.push(id));
  emitter.emit('call.arrived', { id: 'a' });
  await Promise.resolve();
  expect(heard).toEqual(['a']);
  await vi.waitFor(() => expect(error).toHaveBeenCalledTimes(2), 45_000);
});

test('one who unsubscribes while an event goes out is not called again', () => {
  const emitter = new TypedEmitter<Events>();
  const heard: string[] = [];
  const off = emitter.on('call.arrived', ({ id }) => {
    heard.push(id);
    off();
  });
  emitter.once('call.arrived', ({ id }) => void heard.push(`once ${id}`));
  emitter.emit('call.arrived', { id: 'a' });
  emitter.emit('call.arrived', { id: 'b' });
  expect(heard).toEqual(['a', 'once a']);
  expect(emitter.listenerCount('call.arrived')).toBe(0);
});

test('who waits hears when those are done that answered with a promise, whatever becomes of it', async () => {
  const { log, error } = spyLog();
  const emitter = new TypedEmitter<Events>(log);
  expect(emitter.emitAndWait('call.arrived', { id: 'a' })).toBeUndefined();
  emitter.on('call.arrived', () => undefined);
  expect(emitter.emitAndWait('call.arrived', { id: 'a' })).toBeUndefined();
  let done = (): void => undefined;
  emitter.on('call.arrived', () => new Promise((resolve) => (done = resolve)));
  emitter.on('call.arrived', () => Promise.reject(new Error('second')));
  let waited = false;
  const waiting = emitter.emitAndWait('call.arrived', { id: 'a' })!.then(() => (waited = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(waited).toBe(false);
  done();
  await waiting;
  expect(error).toHaveBeenCalledTimes(1);
});
