// Why somebody was not let dial, in words: for the page in both languages, for the telephone as a prompt.
import type { DialRefusal, DialResolution } from '../lines/index.js';

interface Refusal {
  code: DialRefusal;
  reason: { en: string; zh: string };
  prompt: string;
}

const refusals: Record<DialRefusal, Omit<Refusal, 'code'>> = {
  barred: {
    prompt: 'dial-barred',
    reason: { en: 'this telephone may not dial numbers of this kind', zh: '该话机无权拨打此类号码' },
  },
  notNow: {
    prompt: 'dial-not-now',
    reason: { en: 'it may not be dialled at this time', zh: '当前时段不允许拨打' },
  },
  notShown: {
    prompt: 'dial-barred',
    reason: { en: 'the number that is to be shown is not allowed any more', zh: '所选的主叫号码不再允许使用' },
  },
  invalid: { prompt: 'dial-unknown', reason: { en: 'it is no whole number', zh: '号码不完整或无效' } },
  unknown: { prompt: 'dial-unknown', reason: { en: 'nobody has this number', zh: '该号码不存在' } },
  absent: { prompt: 'dial-no-way', reason: { en: 'the telephone is switched off', zh: '被叫话机已停用' } },
  noWay: { prompt: 'dial-no-way', reason: { en: 'no line leads there', zh: '没有可用的外线' } },
};

/** Q.850 causes of refusals that say no more. */
const byCause: Record<number, DialRefusal> = {
  1: 'unknown',
  3: 'noWay',
  20: 'absent',
  21: 'barred',
  28: 'invalid',
  34: 'noWay',
};

export function refusalOf({ why, cause }: Extract<DialResolution, { kind: 'refused' }>): Refusal {
  const code = why ?? byCause[cause] ?? 'noWay';
  return { code, ...refusals[code] };
}
