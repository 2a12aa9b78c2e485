// `cordboard conference …`, as it is typed, against the API.
import { expect, test } from 'vitest';
import { pinFits } from '../../daemon/src/platform/index.js';
import { httpBox } from '../support/http-box.js';
import { typed } from '../support/typed.js';

test('rooms are made, changed, listed and removed; PINs are stored as hashes and shown to nobody', async () => {
  const box = await httpBox();
  const run = typed(box, 'conference');

  expect(await run('add board --number 8000 --pin 1234 --moderator-pin 4711 --wait --moderators 2001,2002')).toEqual([
    0,
    'Conference room board is made.',
  ]);
  const row = (await box.db.conferences.room('board'))!;
  expect(row).toMatchObject({ number: '8000', waitForModerator: true, moderators: ['2001', '2002'], maxParties: 50 });
  expect(await pinFits(row.pinHash!, '1234')).toBe(true);
  expect(await pinFits(row.moderatorPinHash!, '4711')).toBe(true);
  const [, shown] = await run('show board --json');
  expect(JSON.parse(shown)).toMatchObject({ hasPin: true, hasModeratorPin: true });
  expect(shown).not.toContain(row.pinHash!);

  // A number leads to one thing; who may come in is not who moderates; 200 are the most.
  expect((await run('add other --number 8000'))[0]).toBe(1);
  expect((await run('add other --pin 1234 --moderator-pin 1234'))[0]).toBe(1);
  expect((await run('add other --parties 201'))[0]).toBe(1);
  expect((await run('add any --number 8001'))[0]).toBe(1);
  expect((await run('set board'))[0]).toBe(2);
  expect((await run('set board --pin none --parties 200 --no-wait'))[0]).toBe(0);
  expect(await box.db.conferences.room('board')).toMatchObject({
    pinHash: null,
    maxParties: 200,
    waitForModerator: false,
  });
  expect((await run('list'))[1]).toContain('8000');
  expect((await run('action board lock'))[1]).toContain('Nobody is in the conference room');
  expect(await run('remove board')).toEqual([0, 'Conference room board is removed.']);
  const { entries } = (await box.ask('GET', '/api/v1/audit?objectKind=conference', await admin(box))).json as {
    entries: { action: string }[];
  };
  expect(entries.map(({ action }) => action)).toEqual(['removed', 'changed', 'created']);
  expect(JSON.stringify(entries)).not.toMatch(/1234|4711/);
  // Twenty commands, each a program of its own in what it loads and asks.
}, 60_000);

async function admin(box: Awaited<ReturnType<typeof httpBox>>): Promise<{ token: string }> {
  return { token: (await box.signIn('admin')).token };
}
