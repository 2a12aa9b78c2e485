import type { SurveyQuestion, SurveyWords } from '@cordboard/daemon/contract';

export const shareOf = (share: number | null | undefined): string =>
  share === null || share === undefined ? '–' : `${(share * 100).toFixed(1)} %`;
export const scoreOf = (mean: number | null | undefined): string =>
  mean === null || mean === undefined ? '–' : mean.toFixed(2);

/** What a question is called where there is little room. */
export function nameOf(question: SurveyQuestion | undefined, language: 'zh-CN' | 'en', number: string): string {
  const texts: SurveyWords['texts'] = question?.say.texts ?? {};
  const text = texts[language] ?? texts['zh-CN'] ?? texts.en;
  return text === undefined ? number : text.length > 24 ? `${text.slice(0, 23)}…` : text;
}

export const noWords = (): SurveyWords => ({ prompts: [], texts: {} });

export function questionOf(kind: SurveyQuestion['kind'], id: string, say: SurveyWords): SurveyQuestion {
  const common = { id, say, required: false };
  if (kind === 'score') return { kind, ...common, least: 1, most: 5 };
  if (kind === 'yesNo') return { kind, ...common, yes: '1', no: '2' };
  if (kind === 'comment') return { kind, ...common, maxMs: 60_000, silenceMs: 4000 };
  return { kind, ...common, choices: (['1', '2'] as const).map((key) => ({ key, name: key })) };
}
