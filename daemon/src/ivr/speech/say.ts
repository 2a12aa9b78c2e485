// A value as it is said: word by word, for those who have a recording of each word, and as one text for a voice.
import type { Language } from '../../contract/index.js';
import { convert, textOf, type Value } from '../expressions/index.js';
import { NodeFailure } from '../flow-context.js';
import { dateEn, digitsEn, moneyEn, numberEn, timeEn } from './numbers-en.js';
import { dateZh, digitsZh, moneyZh, numberZh, timeZh, type Currency } from './numbers-zh.js';

export type SayAs = 'number' | 'money' | 'date' | 'time' | 'digits' | 'id';

export interface Sayable {
  tokens: string[];
  text: string;
}

const LONGEST = 40;
/** Numbers that are exact, money in hundredths. */
const LARGEST = 9e12;

/** Throws a NodeFailure or a ValueError when there is nothing to say. */
export function sayable(as: SayAs, value: Value, language: Language, currency: Currency): Sayable {
  const tokens = tokensOf(as, value, language === 'en', currency);
  if (tokens.length === 0) throw new NodeFailure('there is nothing to say');
  return { tokens, text: language === 'en' || as === 'id' || as === 'digits' ? tokens.join(' ') : tokens.join('') };
}

function tokensOf(as: SayAs, value: Value, english: boolean, currency: Currency): string[] {
  switch (as) {
    case 'number':
    case 'money': {
      const number = convert(value, 'number').value as number;
      if (Math.abs(number) > LARGEST) throw new NodeFailure('the number is too large to be said');
      if (as === 'number') return english ? numberEn(number) : numberZh(number);
      const cents = Math.round(Number((number * 100).toPrecision(15)));
      return english ? moneyEn(cents, currency) : moneyZh(cents, currency);
    }
    case 'date': {
      const date = textOf(convert(value, 'date'));
      if (date === '') return [];
      return english ? dateEn(date) : dateZh(date);
    }
    case 'time': {
      const time = textOf(convert(value, 'time'));
      if (time === '') return [];
      return english ? timeEn(time) : timeZh(time);
    }
    case 'digits':
    case 'id': {
      const pattern = as === 'id' ? /[0-9A-Za-z]/g : /[0-9]/g;
      const signs = (textOf(value).match(pattern) ?? []).slice(0, LONGEST).join('');
      return english ? digitsEn(signs) : digitsZh(signs);
    }
  }
}
