import type { NumberOrigin } from '@cordboard/daemon/contract';
import type { Language } from '@/stores/preferences';

/** Where a number is from and whose it is, such as 江苏苏州 联通. */
export function originText(origin: NumberOrigin | null, language: Language): string {
  if (!origin) return '';
  const word = language === 'en' ? 'en' : 'zh';
  const province = origin.province?.[word] ?? '';
  const city = origin.city?.[word] ?? '';
  const place =
    province === city || city === ''
      ? province
      : province === ''
        ? city
        : word === 'zh'
          ? province + city
          : `${city}, ${province}`;
  return [place, origin.carrier?.[word] ?? ''].filter(Boolean).join(word === 'zh' ? ' ' : ', ');
}
