import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { QueueCreate, UserCreate } from '../../daemon/src/contract/index.js';
import { check, nearest } from '../../daemon/src/platform/index.js';

function problems(schema: z.ZodType, value: unknown, language: 'en' | 'zh-CN' = 'en') {
  const checked = check(schema, value);
  if (checked.ok) throw new Error('it fits');
  return Object.fromEntries(checked.problems(language).map(({ path, message }) => [path, message]));
}

describe('check', () => {
  test('names each place and says what must stand there', () => {
    expect(problems(UserCreate, { username: '-x', password: 'short', role: 'lead', language: 'fr' })).toEqual({
      username: 'must begin with a letter or digit and have letters, digits and . _ @ - only, 64 at most.',
      password: 'must have 10 characters at least.',
      language: 'must be one of zh-CN, en.',
    });
    expect(problems(QueueCreate, { id: 'Sales', ringTimeoutMs: 1.5 }, 'zh-CN')).toEqual({
      id: '只能包含小写字母、数字和连字符，最多 40 个字符，且不能以连字符开头或结尾。',
      name: '缺失；必须是文本。',
      ringTimeoutMs: '必须是整数。',
    });
  });

  test('says what an unknown name was probably meant to be, deep inside, too', () => {
    expect(problems(UserCreate, { username: 'a', password: '0123456789', role: 'admin', langauge: 'en' })).toEqual({
      langauge: 'is not known; did you mean language?',
    });
    const queue = { id: 'sales', name: 'Sales', overflow: { to: 'queue', queueId: 'service', queuId: 'b' } };
    expect(problems(QueueCreate, queue)).toEqual({ 'overflow.queuId': 'is not known; did you mean queueId?' });
  });

  test('names the kinds that there are', () => {
    const { 'overflow.to': message } = problems(QueueCreate, { id: 'a', name: 'A', overflow: { to: 'dance' } });
    expect(message).toMatch(/^must be one of .*flow.*hangUp.*\.$/);
  });

  test('does not take what JavaScript would inherit', () => {
    expect(problems(z.strictObject({}), JSON.parse('{"__proto__": 1}'))).toHaveProperty('__proto__');
  });
});

test('nearest finds typing errors and nothing far away', () => {
  expect(nearest('CORDBOARD_HTP_PORT', ['CORDBOARD_HTTP_HOST', 'CORDBOARD_HTTP_PORT'])).toBe('CORDBOARD_HTTP_PORT');
  expect(nearest('prot', ['port', 'host'])).toBe('port');
  expect(nearest('colour', ['port', 'host'])).toBeUndefined();
});
