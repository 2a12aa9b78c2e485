import { expect, test } from 'vitest';
import { childLog, createLog } from '../../daemon/src/platform/index.js';

test('a line carries what it is about, and no secret', () => {
  const lines: string[] = [];
  const log = createLog({ pretty: false, destination: { write: (line) => void lines.push(line) } });
  childLog(log, { part: 'calls', span: 1, timeslot: 3, callId: 'x' }).info(
    { password: 'p1', body: { token: 't1', user: { passwordHash: 'h1' } } },
    'answered',
  );
  const line = JSON.parse(lines[0]!) as Record<string, unknown>;
  expect(line).toMatchObject({ level: 'info', part: 'calls', span: 1, timeslot: 3, callId: 'x', msg: 'answered' });
  expect(lines[0]).not.toMatch(/p1|t1|h1/);
});
