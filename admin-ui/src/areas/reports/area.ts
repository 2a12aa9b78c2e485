import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

export const area = defineArea({
  pages: [
    {
      ...{ name: 'reports', path: '/reports/:report?', needs: 'reports.view', bar: 40, props: true },
      page: () => import('./ReportsPage.vue'),
    },
  ],
  titles: bilingual({ reports: '报表' }, { reports: 'Reports' }),
});
