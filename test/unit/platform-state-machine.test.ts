import { expect, test } from 'vitest';
import { Metrics, StateMachine, type StateTable } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';

type State = 'idle' | 'ringing' | 'talking';
type Event = 'ring' | 'answer' | 'release';
const table: StateTable<State, Event> = {
  idle: { ring: 'ringing' },
  ringing: { answer: 'talking', release: 'idle' },
  talking: { release: 'idle' },
};

test('takes the steps of its table, refuses, counts and remembers the others', async () => {
  const clock = new FakeClock(1000);
  const metrics = new Metrics();
  const entered: string[] = [];
  const machine = new StateMachine<State, Event>({
    name: 'call',
    table,
    initial: 'idle',
    clock,
    metrics,
    entered: (state, event, from) => void entered.push(`${from} ${event} ${state}`),
  });
  expect(machine.can('answer')).toBe(false);
  expect(machine.fire('ring')).toBe(true);
  await clock.advance(500);
  expect(machine.fire('ring')).toBe(false);
  expect(machine.state).toBe('ringing');
  expect(machine.sinceMs).toBe(1000);
  expect(machine.fire('answer')).toBe(true);
  expect(machine.sinceMs).toBe(1500);
  expect(machine.describe()).toBe('idle -ring-> ringing -ring-> refused -answer-> talking');
  expect(entered).toEqual(['idle ring ringing', 'ringing answer talking']);
  expect(await metrics.text()).toContain(
    'cordboard_illegal_steps_total{machine="call",state="ringing",event="ring"} 1',
  );
});

test('keeps the last hundred steps of a machine that loops', () => {
  const machine = new StateMachine<State, Event>({ name: 'call', table, initial: 'idle' });
  for (let i = 0; i < 80; i++) {
    machine.fire('ring');
    machine.fire('release');
  }
  expect(machine.history).toHaveLength(100);
});
