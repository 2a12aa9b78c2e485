import type { Bilingual, Texts } from '@/i18n/bilingual';
import type { Area } from './area';

/** Every folder here that has an area.ts; what its pages need is fetched when one is opened. */
const found = import.meta.glob<{ area: Area }>('./*/area.ts', { eager: true });

export const areas: readonly Area[] = Object.values(found).map(({ area }) => area);

export const pages = areas.flatMap((area) => area.pages);

export const titles: Bilingual<Texts> = {
  'zh-CN': Object.assign({}, ...areas.map((area) => area.titles['zh-CN'])) as Texts,
  en: Object.assign({}, ...areas.map((area) => area.titles.en)) as Texts,
};
