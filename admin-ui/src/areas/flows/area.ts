import { defineArea } from '../area';
import { bilingual } from '@/i18n/bilingual';

/** What callers are led through: flows, the prompts they hear, and temporary announcements. */
export const area = defineArea({
  pages: [
    {
      name: 'flows',
      path: '/flows',
      page: () => import('./FlowsPage.vue'),
      needs: 'flows.view',
      menu: { group: 'service', order: 10 },
    },
    {
      // without the side menu: a drawing needs the width
      name: 'flow',
      path: '/flows/:id',
      page: () => import('./FlowPage.vue'),
      needs: 'flows.view',
      props: true,
    },
    {
      name: 'prompts',
      path: '/prompts',
      page: () => import('./PromptsPage.vue'),
      needs: 'prompts.view',
      menu: { group: 'service', order: 20 },
    },
    {
      name: 'announcements',
      path: '/announcements',
      page: () => import('./AnnouncementsPage.vue'),
      needs: 'announcements.switch',
      menu: { group: 'service', order: 30 },
    },
  ],
  titles: bilingual(
    { flows: '流程', flow: '流程编辑', prompts: '提示音', announcements: '临时公告' },
    { flows: 'Flows', flow: 'Flow', prompts: 'Prompts', announcements: 'Announcements' },
  ),
});
