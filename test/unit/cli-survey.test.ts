// `cordboard survey …`, as it is typed, against the API.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { httpBox } from '../support/http-box.js';
import { typed } from '../support/typed.js';

test('surveys are made, changed, put to callers by a rule, and removed', async () => {
  const box = await httpBox();
  const port = box.ports.surveys;
  const run = typed(box, 'survey');
  const settings = join(box.home, 'survey.json');
  const question = { kind: 'score', id: 'service', say: { prompts: ['survey-score'] } };
  writeFileSync(settings, JSON.stringify({ questions: [question] }));

  expect(await run(`add short --settings ${settings} --retries 1`)).toEqual([0, 'Survey short is made.']);
  expect(port.get('short')).toMatchObject({ name: 'short', retries: 1, timeoutMs: 7000, enabled: true });
  expect((await run('set short --timeout 9 --disable'))[0]).toBe(0);
  expect(port.get('short')).toMatchObject({ timeoutMs: 9000, enabled: false });
  expect((await run('list'))[1]).toContain('short');
  expect((await run('ask short --direction out --percentage 50 --not-again 30 --min-talk 20'))[0]).toBe(0);
  const [rule] = port.rules();
  expect(rule).toMatchObject({ direction: 'out', percentage: 50, notAgainDays: 30, minTalkMs: 20_000 });
  expect((await run('rules'))[1]).toContain('50 %');
  expect((await run('remove short'))[1]).toContain('is used by');
  expect((await run('ask nothing'))[0]).toBe(1);
  expect((await run(`drop ${rule!.id}`))[0]).toBe(0);
  expect((await run('figures'))[1]).toBe('There are none.');
  expect((await run('remove short'))[0]).toBe(0);
  expect((await run('set short'))[0]).toBe(2);
});
