import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

export const area = defineArea({
  pages: [{ name: 'desk', path: '/desk', page: () => import('./DeskPage.vue'), needs: 'desk.use', bar: 10 }],
  titles: bilingual({ desk: '坐席台' }, { desk: 'Desk' }),
});
