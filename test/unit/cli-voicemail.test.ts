// `cordboard voicemail …`, as it is typed, against the API.
import { expect, test } from 'vitest';
import { httpBox } from '../support/http-box.js';
import { typed } from '../support/typed.js';

test('boxes are made, changed, shown and removed', async () => {
  const box = await httpBox();
  const run = typed(box, 'voicemail');
  expect(await run('add li --number 7001 --stations 1,1001 --pin 2468 --language en --answers --notify 139')).toEqual([
    0,
    'Voicemail box li is made.',
  ]);
  expect(await box.db.voicemail.box('li')).toMatchObject({
    ...{ number: '7001', stations: [1, 1001], language: 'en', answersStations: true, notifyNumber: '139' },
    ...{ notifyTries: 3, notifyPauseMs: 300_000 },
  });
  expect((await run('set li --notify - --no-answers --notify-pause 60'))[0]).toBe(0);
  expect(await box.db.voicemail.box('li')).toMatchObject({
    ...{ notifyNumber: null, answersStations: false, notifyPauseMs: 60_000, number: '7001' },
  });
  expect((await run('list'))[1]).toMatch(/li +li +7001 +0 +0/);
  expect((await run('show li'))[1]).not.toContain('2468');
  expect((await run('messages li'))[0]).toBe(0);
  expect((await run('set li --pin 12'))[0]).toBe(1);
  expect((await run('set li'))[0]).toBe(2);
  expect((await run('set li --answers --no-answers'))[0]).toBe(2);
  expect((await run('remove li'))[1]).toBe('Voicemail box li is removed.');
  expect((await run('show li'))[0]).toBe(1);
});
