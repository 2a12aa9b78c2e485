// Settings of queues, who is in them, and what agents can do, over HTTP.
import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentAbilities, ErrorBody, Queue, QueueMember } from '../../daemon/src/contract/index.js';
import { agentRow, queueRow } from '../support/db-rows.js';
import { codeOf, httpBox, type Answer, type HttpBox } from '../support/http-box.js';

let box: HttpBox;
let token: string;
beforeEach(async () => {
  box = await httpBox();
  token = (await box.signIn('admin')).token;
});

const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
  box.ask(method, `/api/v1${path}`, { token, body });
const place = (answer: Answer) => (answer.json as ErrorBody).error.details[0];

describe('a queue', () => {
  it('is made with defaults for all that is not said', async () => {
    const made = await ask('POST', '/queues', {
      id: 'vip',
      name: 'VIP',
      strategy: 'skill_level',
      routing: { ageingPerS: 0.5 },
    });
    expect(made.status).toBe(201);
    expect(made.json as Queue).toEqual({
      ...queueRow({ id: 'vip', name: 'VIP', strategy: 'skill_level' }),
      routing: { ...queueRow().routing, ageingPerS: 0.5 },
    });
    expect(((await ask('GET', '/queues/vip')).json as Queue).routing).toMatchObject({ ageingPerS: 0.5, vip: 'first' });
  });

  it.each([
    ['a strategy that there is not', { strategy: 'fastest' }],
    ['a level of 11', { routing: { skills: [{ skill: 'tax', minLevel: 11 }] } }],
    ['two ways out by one key', { exits: [1, 2].map(() => ({ key: '1', target: { to: 'hangUp' } })) }],
    ['a field that is not known', { routing: { colour: 'red' } }],
    ['a step that lowers by nothing', { routing: { relax: [{ afterMs: 1, action: 'lower', skill: null, by: 0 }] } }],
  ])('is refused with %s', async (_, body) => {
    const answer = await ask('POST', '/queues', { id: 'vip', name: 'VIP', ...body });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'body_invalid']);
  });

  it('leads to queues that there are, and not to itself', async () => {
    await ask('POST', '/queues', { id: 'a', name: 'A' });
    for (const queueId of ['a', 'nowhere']) {
      const answer = await ask('PATCH', '/queues/a', { overflow: { to: 'queue', queueId } });
      expect([answer.status, place(answer)?.message]).toEqual([
        400,
        `There is no queue ${queueId}; choose one that exists.`,
      ]);
    }
    await ask('POST', '/queues', { id: 'b', name: 'B' });
    const relax = [{ afterMs: 5000, action: 'widen', queueId: 'a' }];
    expect((await ask('PATCH', '/queues/b', { routing: { relax } })).status).toBe(200);
    expect((await ask('DELETE', '/queues/a')).status).toBe(409);
  });
});

describe("a queue's agents", () => {
  beforeEach(async () => {
    await box.db.write(async (tx) => {
      await tx.queues.insert(queueRow({ id: 'a' }));
      for (const id of ['2001', '2002']) await tx.agents.insert(agentRow({ id }));
    });
  });

  it('are set whole, with their places', async () => {
    const put = await ask('PUT', '/queues/a/members', [
      { agentId: '2002', position: 1 },
      { agentId: '2001', position: 2, penalty: 5 },
    ]);
    expect(put.json as QueueMember[]).toEqual([
      { agentId: '2002', queueId: 'a', position: 1, penalty: 0, weight: 1 },
      { agentId: '2001', queueId: 'a', position: 2, penalty: 5, weight: 1 },
    ]);
    expect((await box.db.agents.find('2001'))?.queues).toEqual(['a']);
    expect((await ask('PUT', '/queues/a/members', [])).json).toEqual([]);
    expect((await box.db.agents.find('2001'))?.queues).toEqual([]);
  });

  it('must be there, once each, in a queue that is there', async () => {
    const missing = await ask('PUT', '/queues/a/members', [{ agentId: '2001' }, { agentId: '77' }]);
    expect(place(missing)).toEqual({ path: '1.agentId', message: 'There is no agent 77; choose one that exists.' });
    const twice = await ask('PUT', '/queues/a/members', [{ agentId: '2001' }, { agentId: '2001' }]);
    expect([twice.status, place(twice)?.path]).toEqual([400, '1.agentId']);
    expect(codeOf(await ask('PUT', '/queues/none/members', []))).toBe('queue_not_found');
    expect(await box.db.queueMembers.list()).toEqual([]);
  });

  it('have abilities', async () => {
    const abilities: AgentAbilities = { skills: [{ skill: 'tax', level: 9 }], regions: ['north'], customerLevels: [] };
    expect((await ask('PUT', '/agents/2001/abilities', abilities)).json).toEqual(abilities);
    expect((await ask('GET', '/agents/2001/abilities')).json).toEqual(abilities);
    const twice = { ...abilities, skills: [...abilities.skills, ...abilities.skills] };
    expect((await ask('PUT', '/agents/2001/abilities', twice)).status).toBe(400);
    expect(codeOf(await ask('GET', '/agents/77/abilities'))).toBe('agent_not_found');
  });

  it('are seen by supervisors, and set by administrators alone', async () => {
    const supervisor = (await box.signIn('supervisor')).token;
    const as = (method: string, path: string, body?: unknown) =>
      box.ask(method, `/api/v1${path}`, { token: supervisor, body });
    expect((await as('GET', '/queues/a/members')).status).toBe(200);
    expect((await as('PUT', '/queues/a/members', [])).status).toBe(403);
    expect((await as('GET', '/agents/2001/abilities')).status).toBe(200);
    expect((await as('PUT', '/agents/2001/abilities', { skills: [], regions: [], customerLevels: [] })).status).toBe(
      403,
    );
  });
});
