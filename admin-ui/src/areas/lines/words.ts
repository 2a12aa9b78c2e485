import { addWords } from '@/i18n';
import { boards } from './words/boards';
import { calendars } from './words/calendars';
import { lists } from './words/lists';
import { parts } from './words/parts';
import { provision } from './words/provision';
import { routes } from './words/routes';
import { stations } from './words/stations';
import { trunks } from './words/trunks';

const all = { boards, calendars, lists, parts, provision, routes, stations, trunks };

const inLanguage = (language: 'zh-CN' | 'en') =>
  Object.fromEntries(Object.entries(all).map(([part, both]) => [part, both[language]]));

addWords('lines', { 'zh-CN': inLanguage('zh-CN'), en: inLanguage('en') });
