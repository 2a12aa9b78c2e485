// What is heard at a port, recorded apart from the box's own recordings.
import type { Box } from '../../daemon/src/main.js';
import { waitFor } from './box.js';

/** Records into `path`; what it gives resolves when the file is whole, which is after the port has gone. */
export async function recordAt(
  { engine }: Pick<Box, 'engine'>,
  port: number,
  path: string,
): Promise<() => Promise<void>> {
  const { recording } = await engine.command('recording.start', { port, path });
  let ended = false;
  const off = engine.events.on('recording.ended', (which) => void (ended ||= which.recording === recording));
  return async () => {
    await waitFor(engine.events, 'recording.ended', () => ended);
    off();
  };
}
