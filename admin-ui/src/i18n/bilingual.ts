/** Texts of one area, by key. */
export interface Texts {
  readonly [key: string]: string | Texts;
}

/** The same keys with whatever texts. */
export type SameKeys<T> = { [K in keyof T]: T[K] extends string ? string : SameKeys<T[K]> };

export interface Bilingual<T> {
  'zh-CN': T;
  en: T;
}

/** Both languages side by side; the compiler refuses a key that only one of them has. */
export function bilingual<const T extends Texts>(zh: T, en: SameKeys<T>): Bilingual<SameKeys<T>> {
  return { 'zh-CN': zh as unknown as SameKeys<T>, en };
}
