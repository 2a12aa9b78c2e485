// Whatever the dial plan refuses is said in Chinese, too.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { refusalText } from '../../daemon/src/dialplan/refusal-texts.js';

const DIALPLAN = join(import.meta.dirname, '../../daemon/src/dialplan');

/** As they stand in the sources, with a number for whatever is put in. */
function reasonsOf(file: string): string[] {
  const text = readFileSync(join(DIALPLAN, file), 'utf8');
  const found = [...text.matchAll(/(?:refused\([^,()]+,|reason:)\s*(['`])(.*?)\1/g)].map(
    ([, , reason]) => reason ?? '',
  );
  return found
    .map((reason) => reason.replace("${outbound.classes.join(' and ')}", 'mobile and premium'))
    .map((reason) =>
      reason
        .replace('${barred.subject}', 'station:1001')
        .replace('${what}', 'telephone 1001')
        .replaceAll(/\$\{[^}]*\}/g, '1001'),
    );
}

it('every reason of the dial plan is said in Chinese', () => {
  const reasons = [...reasonsOf('dial-plan.ts'), ...reasonsOf('targets.ts')];
  expect(reasons.length).toBeGreaterThan(15);
  for (const reason of reasons) {
    expect(refusalText(reason, 'zh-CN'), reason).not.toBe('无法接通');
    expect(refusalText(reason, 'zh-CN').replaceAll('SIP', '')).not.toMatch(/[a-z]{2,}/i);
    expect(refusalText(reason, 'en')).toBe(reason);
  }
  expect(refusalText('the telephone may not dial mobile and premium numbers', 'zh-CN')).toBe(
    '话机不能拨手机、付费号码',
  );
});
