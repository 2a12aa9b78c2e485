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
      name: 'alerts',
      path: '/system/alerts',
      page: () => import('./alerts/AlertsPage.vue'),
      needs: 'settings.view',
      menu: { group: 'system', order: 25 },
    },
    {
      name: 'backups',
      path: '/system/backups',
      page: () => import('./BackupsPage.vue'),
      needs: 'backup.run',
      menu: { group: 'system', order: 30 },
    },
    {
      name: 'certificate',
      path: '/system/certificate',
      page: () => import('./CertificatePage.vue'),
      needs: 'settings.view',
      menu: { group: 'system', order: 35 },
    },
    {
      name: 'network',
      path: '/system/network',
      page: () => import('./NetworkPage.vue'),
      needs: 'settings.view',
      menu: { group: 'system', order: 36 },
    },
    {
      name: 'updates',
      path: '/system/updates',
      page: () => import('./UpdatesPage.vue'),
      needs: 'settings.view',
      menu: { group: 'system', order: 38 },
    },
  ],
  titles: bilingual(
    {
      ...{ settings: '系统设置', health: '运行状况', alerts: '告警通知', backups: '备份与恢复', certificate: '证书' },
      ...{ network: '网络和时间', updates: '系统更新' },
    },
    {
      ...{ settings: 'Settings', health: 'Health', alerts: 'Alerts', backups: 'Back-up', certificate: 'Certificate' },
      ...{ network: 'Network and time', updates: 'Updates' },
    },
  ),
});
