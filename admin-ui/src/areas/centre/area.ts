import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

export const area = defineArea({
  pages: [
    {
      ...{ name: 'queues', path: '/queues', needs: 'queues.view', menu: { group: 'service', order: 40 } },
      page: () => import('./QueuesPage.vue'),
    },
    {
      ...{ name: 'queue', path: '/queues/:id', needs: 'queues.view', under: 'queues', props: true },
      page: () => import('./QueuePage.vue'),
    },
    {
      ...{ name: 'callbacks', path: '/callbacks', needs: 'callbacks.view', menu: { group: 'service', order: 50 } },
      page: () => import('./CallbacksPage.vue'),
    },
    {
      ...{ name: 'surveys', path: '/surveys', needs: 'surveys.view', menu: { group: 'service', order: 60 } },
      page: () => import('./SurveysPage.vue'),
    },
    {
      ...{ name: 'survey', path: '/surveys/:id', needs: 'surveys.view', under: 'surveys', props: true },
      page: () => import('./SurveyPage.vue'),
    },
    {
      ...{ name: 'music', path: '/music', needs: 'prompts.view', menu: { group: 'service', order: 70 } },
      page: () => import('./MusicPage.vue'),
    },
    {
      ...{
        name: 'conferences',
        path: '/conferences',
        needs: 'conferences.view',
        menu: { group: 'service', order: 80 },
      },
      page: () => import('./ConferencesPage.vue'),
    },
    {
      ...{ name: 'conference', path: '/conferences/:id', needs: 'conferences.view', under: 'conferences', props: true },
      page: () => import('./ConferencePage.vue'),
    },
    {
      ...{ name: 'agents', path: '/agents', needs: 'agents.view', menu: { group: 'people', order: 40 } },
      page: () => import('./AgentsPage.vue'),
    },
    {
      ...{ name: 'skills', path: '/agents/skills', needs: 'agents.view', menu: { group: 'people', order: 45 } },
      page: () => import('./SkillsPage.vue'),
    },
    {
      ...{ name: 'reasons', path: '/reasons', needs: 'agents.view', menu: { group: 'people', order: 50 } },
      page: () => import('./ReasonsPage.vue'),
    },
  ],
  titles: bilingual(
    {
      queues: '队列',
      queue: '队列',
      callbacks: '回拨',
      surveys: '满意度',
      survey: '满意度',
      music: '等待音乐',
      conferences: '会议室',
      conference: '会议室',
      agents: '坐席',
      skills: '技能表',
      reasons: '小休与归类',
    },
    {
      queues: 'Queues',
      queue: 'Queue',
      callbacks: 'Call-backs',
      surveys: 'Surveys',
      survey: 'Survey',
      music: 'Music on hold',
      conferences: 'Conferences',
      conference: 'Conference',
      agents: 'Agents',
      skills: 'Skills',
      reasons: 'Reasons',
    },
  ),
});
