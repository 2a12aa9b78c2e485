import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

export const area = defineArea({
  pages: [
    {
      name: 'recordings',
      path: '/recordings',
      page: () => import('./RecordingsPage.vue'),
      needs: 'recordings.listen',
      menu: { group: 'records', order: 10 },
    },
    {
      name: 'recordingRules',
      path: '/recordings/rules',
      page: () => import('./RecordingRulesPage.vue'),
      needs: 'recordings.edit',
      menu: { group: 'records', order: 20 },
    },
    {
      name: 'messages',
      path: '/messages/:box?',
      page: () => import('./MessagesPage.vue'),
      needs: 'messages.view',
      props: true,
      menu: { group: 'records', order: 30 },
    },
    {
      name: 'mail',
      path: '/mail',
      page: () => import('./MailPage.vue'),
      needs: 'settings.view',
      menu: { group: 'records', order: 40 },
    },
  ],
  titles: bilingual(
    { recordings: '录音', recordingRules: '录音规则', messages: '语音留言', mail: '外发邮件' },
    { recordings: 'Recordings', recordingRules: 'Recording rules', messages: 'Voice messages', mail: 'Outgoing mail' },
  ),
});
