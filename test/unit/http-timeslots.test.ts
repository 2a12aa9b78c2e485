// A timeslot is taken out of service by who may change trunks, and it is written down who did.
import { beforeEach, expect, test } from 'vitest';
import type { Span } from '../../daemon/src/contract/index.js';
import { codeOf, httpBox, type Answer, type HttpBox } from '../support/http-box.js';

let box: HttpBox;
let token: string;
beforeEach(async () => {
  box = await httpBox();
  token = (await box.signIn('admin')).token;
  box.ports.world.spans.push({
    ...{ span: 1, name: 'E1-1', side: 'user', signalling: 'pri', alarms: [], dchannelUp: true },
    pri: { protocol: 'euroisdn', overlap: false, dchannelOf: 0, dchannelHere: true },
    timeslots: [{ timeslot: 5, busy: false, callId: null, blocked: 'no' }],
  });
});

const block = (path: string, body: unknown, as = token): Promise<Answer> =>
  box.ask('PUT', `/api/v1/spans/${path}/block`, { token: as, body });

test('a timeslot is blocked and taken back', async () => {
  const blocked = await block('1/timeslots/5', { blocked: true });
  expect(blocked.status).toBe(200);
  expect((blocked.json as Span).timeslots[0]).toMatchObject({ timeslot: 5, blocked: 'here' });
  const back = await block('1/timeslots/5', { blocked: false });
  expect((back.json as Span).timeslots[0]).toMatchObject({ blocked: 'no' });
  const { entries } = (await box.ask('GET', '/api/v1/audit?objectKind=timeslot', { token })).json as {
    entries: { objectId: string; after: unknown }[];
  };
  expect(entries.map(({ objectId, after }) => [objectId, after])).toEqual([
    ['1/5', { blocked: false }],
    ['1/5', { blocked: true }],
  ]);
});

test('a call is metered, and only a call', async () => {
  const meter = (): Promise<Answer> => box.ask('POST', '/api/v1/spans/1/timeslots/5/meter', { token });
  expect(codeOf(await meter())).toBe('timeslot_no_call');
  box.ports.world.spans[0]!.timeslots[0]!.busy = true;
  expect((await meter()).status).toBe(204);
});

test('what is not there is refused, and so is what is not said', async () => {
  expect(codeOf(await block('2/timeslots/5', { blocked: true }))).toBe('span_not_found');
  expect(codeOf(await block('1/timeslots/16', { blocked: true }))).toBe('timeslot_not_found');
  expect((await block('1/timeslots/32', { blocked: true })).status).toBe(400);
  expect((await block('1/timeslots/5', {})).status).toBe(400);
});

test('who may only see trunks may not', async () => {
  const { token: supervisor } = await box.signIn('supervisor');
  expect((await block('1/timeslots/5', { blocked: true }, supervisor)).status).toBe(403);
});
