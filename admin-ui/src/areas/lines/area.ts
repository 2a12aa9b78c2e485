import { bilingual } from '@/i18n/bilingual';
import { defineArea } from '../area';

/** Lines to the world and what decides on the way of a call: trunks, routes, telephones, calendars, lists. */
export const area = defineArea({
  pages: [
    {
      ...{ name: 'trunks', path: '/lines', page: () => import('./trunks/TrunksPage.vue') },
      ...{ needs: 'trunks.view', menu: { group: 'lines', order: 10 } },
    },
    {
      ...{ name: 'boards', path: '/lines/boards', page: () => import('./boards/BoardsPage.vue') },
      ...{ needs: 'trunks.view', menu: { group: 'lines', order: 15 } },
    },
    {
      ...{ name: 'routesIn', path: '/lines/routes-in', page: () => import('./routes/InboundPage.vue') },
      ...{ needs: 'routes.view', menu: { group: 'lines', order: 20 } },
    },
    {
      ...{ name: 'routesOut', path: '/lines/routes-out', page: () => import('./routes/OutboundPage.vue') },
      ...{ needs: 'routes.view', menu: { group: 'lines', order: 30 } },
    },
    {
      ...{ name: 'telephones', path: '/lines/telephones', page: () => import('./stations/StationsPage.vue') },
      ...{ needs: 'stations.view', menu: { group: 'lines', order: 40 } },
    },
    {
      ...{ name: 'calendars', path: '/lines/calendars', page: () => import('./calendars/CalendarsPage.vue') },
      ...{ needs: 'calendars.view', menu: { group: 'lines', order: 50 } },
    },
    {
      ...{ name: 'calendar', path: '/lines/calendars/:id', page: () => import('./calendars/CalendarPage.vue') },
      ...{ needs: 'calendars.view', under: 'calendars', props: true },
    },
    {
      ...{ name: 'lists', path: '/lines/lists', page: () => import('./lists/ListsPage.vue') },
      ...{ needs: 'lists.view', menu: { group: 'lines', order: 60 } },
    },
    {
      ...{ name: 'list', path: '/lines/lists/:id', page: () => import('./lists/ListPage.vue') },
      ...{ needs: 'lists.view', under: 'lists', props: true },
    },
  ],
  titles: bilingual(
    {
      trunks: '中继',
      boards: '板卡和线路',
      routesIn: '呼入路由',
      routesOut: '呼出路由',
      telephones: '话机',
      calendars: '日历和值班',
      calendar: '日历',
      lists: '号码名单',
      list: '号码名单',
    },
    {
      trunks: 'Trunks',
      boards: 'Boards and lines',
      routesIn: 'Inbound routes',
      routesOut: 'Outbound routes',
      telephones: 'Telephones',
      calendars: 'Calendars and duty',
      calendar: 'Calendar',
      lists: 'Number lists',
      list: 'Number list',
    },
  ),
});
