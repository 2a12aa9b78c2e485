import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

export const area = defineArea({
  pages: [
    {
      name: 'simulator',
      path: '/simulator',
      page: () => import('./SimulatorPage.vue'),
      needs: 'simulator.use',
      bar: 90,
    },
  ],
  titles: bilingual({ simulator: '模拟器' }, { simulator: 'Simulator' }),
});
