import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

export const area = defineArea({
  pages: [
    {
      name: 'settings',
      path: '/system/settings',
      page: () => import('./SettingsPage.vue'),
      needs: 'settings.view',
      menu: { group: 'system', order: 10 },
    },
    {
      name: 'health',
      path: '/system/health',
      page: () => import('./HealthPage.vue'),
      needs: 'health.view',
      menu: { group: 'system', order: 20 },
    },
    {
      name: 'backups',
      path: '/system/backups',
      page: () => import('./BackupsPage.vue'),
      needs: 'backup.run',
      menu: { group: 'system', order: 30 },
    },
  ],
  titles: bilingual(
    { settings: '系统设置', health: '运行状况', backups: '备份与恢复' },
    { settings: 'Settings', health: 'Health', backups: 'Back-up' },
  ),
});
