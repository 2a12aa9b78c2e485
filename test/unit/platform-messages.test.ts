import { describe, expect, test } from 'vitest';
import { AppError, messages, pickLanguage, sentence } from '../../daemon/src/platform/index.js';

const names = (text: string): string[] => [...text.matchAll(/\{([A-Za-z]+)\}/g)].map((match) => match[1]!).sort();

describe('messages', () => {
  test.each(Object.entries(messages))('%s says the same in both languages', (_code, { en, zh, status }) => {
    expect([...new Set(names(zh))]).toEqual([...new Set(names(en))]);
    expect(en).toMatch(/[.}]$/);
    expect(zh).toMatch(/[。}]$/);
    expect(status).toBeGreaterThanOrEqual(400);
  });

  test('an error says its sentence in either language, with parts that have two', () => {
    const error = new AppError('unavailable', { what: { en: 'Signing in', zh: '登录' } });
    expect(error.text('en')).toBe('Signing in is not available at the moment; try again shortly.');
    expect(error.body('zh-CN').error).toEqual({
      code: 'unavailable',
      message: '登录 暂时不可用；请稍后重试。',
      details: [],
    });
    expect(error.status).toBe(503);
  });

  test('a value that looks like a placeholder stays as it is', () => {
    expect(sentence('agent_not_found', { id: '{id} $&' }, 'en')).toContain('no agent {id} $&;');
  });
});

test.each([
  [undefined, 'zh-CN'],
  ['', 'zh-CN'],
  ['en', 'en'],
  ['en-GB,en;q=0.9,zh;q=0.8', 'en'],
  ['zh-TW', 'zh-CN'],
  ['fr,en;q=0.3,zh;q=0.5', 'zh-CN'],
  ['fr', 'zh-CN'],
  ['en;q=0,zh;q=0.1', 'zh-CN'],
  ['*', 'zh-CN'],
  ['en;q=nonsense', 'en'],
])('Accept-Language %s is answered in %s', (header, language) => {
  expect(pickLanguage(header, 'zh-CN')).toBe(language);
});
