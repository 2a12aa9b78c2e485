import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

/** The supervisor's floor, and the figures for a screen on the wall. */
export const area = defineArea({
  pages: [
    { name: 'floor', path: '/floor', page: () => import('./FloorPage.vue'), needs: 'floor.view', bar: 20 },
    {
      name: 'wallboard',
      path: '/wallboard',
      page: () => import('./WallboardPage.vue'),
      needs: 'floor.view',
      under: 'floor',
      bare: true,
    },
  ],
  titles: bilingual({ floor: '现场', wallboard: '大屏' }, { floor: 'Floor', wallboard: 'Wallboard' }),
});
