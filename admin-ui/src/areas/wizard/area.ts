import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

/** The page itself is opened by the router, because nobody has signed in yet when it begins. */
export const area = defineArea({
  pages: [],
  titles: bilingual({ 'set-up': '首次设置' }, { 'set-up': 'First set-up' }),
});
