// What waits on an agent's desk is kept by the box: messages, which he alone says he has read, and missed calls that are done.
import { expect, test } from 'vitest';
import type { AgentMessage, LiveEvents, MissedCall } from '../../daemon/src/contract/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { T0, callRow, segmentRow } from '../support/db-rows.js';
import { codeOf, httpBox } from '../support/http-box.js';
import { liveAgent } from '../support/http-ports.js';

const API = '/api/v1/agents/2001';
const TEXT = `Please call back <script>alert('x')</script>\nat once`;

async function desks() {
  const box = await httpBox();
  box.ports.world.agents.push(liveAgent());
  const [agent, staff] = [await box.signIn('agent'), await box.signIn('supervisor')];
  const told: [string, unknown][] = [];
  for (const event of ['agent.message', 'agent.messageRead', 'missed.updated'] satisfies (keyof LiveEvents)[])
    box.ports.live.on(event, (data) => void told.push([event, data]));
  const by = (token: string) => (method: string, path: string, body?: unknown) =>
    box.ask(method, API + path, { token, body });
  return { ...box, agent: by(agent.token), staff: by(staff.token), staffUser: staff.user, told };
}

test('a message is kept until the agent has read it, and who wrote it is told that he has', async () => {
  const { agent, staff, staffUser, told, clock, db } = await desks();
  const old = { id: newUlid(), agentId: '2001', fromUserId: staffUser.id, from: 'x', text: 'x', readAt: null };
  await db.write((tx) => tx.desk.addMessage({ ...old, at: T0 - 8 * 86_400_000 - 1 }));
  const sent = (await staff('POST', '/messages', { text: TEXT })).json as AgentMessage;
  expect(sent).toMatchObject({ agentId: '2001', from: staffUser.username, text: TEXT, at: T0, readAt: null });
  // one of more than eight days ago nobody asks for any more
  expect((await agent('GET', '/messages?unread=true')).json).toEqual([sent]);

  expect(codeOf(await staff('PATCH', `/messages/${sent.id}`, { read: true }))).toBe('agent_not_yours');
  await clock.advance(1000);
  const read = (await agent('PATCH', `/messages/${sent.id}`, { read: true })).json as AgentMessage;
  expect(read).toEqual({ ...sent, readAt: T0 + 1000 });
  await clock.advance(1000);
  // from another tab once more: it was read at the first time, and nobody is told twice
  expect((await agent('PATCH', `/messages/${sent.id}`, { read: true })).json).toEqual(read);
  expect(told).toEqual([
    ['agent.message', sent],
    ['agent.messageRead', read],
  ]);
  expect((await agent('GET', '/messages?unread=true')).json).toEqual([]);
  expect((await staff('GET', '/messages')).json).toEqual([read]);

  await agent('PATCH', `/messages/${sent.id}`, { read: false });
  expect((await agent('GET', '/messages?unread=true')).json).toEqual([sent]);
  expect(codeOf(await agent('PATCH', `/messages/${newUlid()}`, { read: true }))).toBe('agent_message_not_found');
});

test('an agent neither writes nor reads what is for others', async () => {
  const { agent, ask, signIn } = await desks();
  expect(codeOf(await agent('POST', '/messages', { text: 'x' }))).toBe('permission_missing');
  const { token } = await signIn('agent');
  for (const [method, path, body] of [
    ['GET', '/messages', undefined],
    ['PATCH', `/messages/${newUlid()}`, { read: true }],
    ['PATCH', `/missed/${newUlid()}`, { done: true }],
  ] as const)
    expect(codeOf(await ask(method, `/api/v1/agents/2002${path}`, { token, body })), path).toBe('agent_not_yours');
});

test('a missed call that he has dealt with is so wherever he looks, until he says that it is not', async () => {
  const { agent, db, told } = await desks();
  const call = callRow({ callingNumber: '13912345678' });
  await db.write(async (tx) => {
    await tx.calls.insert(call);
    const offer = { kind: 'offer' as const, startedAt: T0, endedAt: T0 + 4000 };
    await tx.segments.insert(segmentRow(call.id, { ...offer, data: { agentId: '2001', outcome: 'callerGone' } }));
  });
  const missed = async () => ((await agent('GET', '/missed')).json as MissedCall[]).map(({ done }) => done);
  expect(await missed()).toEqual([false]);
  for (const done of [true, true, false, true]) {
    expect((await agent('PATCH', `/missed/${call.id}`, { done })).json).toEqual({
      ...{ agentId: '2001', callId: call.id, done },
    });
    expect(await missed()).toEqual([done]);
  }
  expect(told.at(-1)).toEqual(['missed.updated', { agentId: '2001', callId: call.id, done: true }]);
  expect(codeOf(await agent('PATCH', `/missed/${newUlid()}`, { done: true }))).toBe('call_not_found');
});
