import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

export const area = defineArea({
  pages: [
    {
      ...{ name: 'diagnostics', path: '/lines/diagnostics', page: () => import('./DiagnosticsPage.vue') },
      ...{ needs: 'diagnostics.run', menu: { group: 'lines', order: 70 } },
    },
  ],
  titles: bilingual({ diagnostics: '硬件检测' }, { diagnostics: 'Diagnostics' }),
});
