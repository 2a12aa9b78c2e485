// What a new box begins with, so that calls come in and go out before anybody has configured anything: one number, one menu, two
// queues, an agent for every station; the E1 as one trunk, and 0 for a line out over it.
import type { FlowDefinition, Language } from '../contract/index.js';
import { QueueCreate } from '../contract/index.js';
import type { Db, TrunkRow } from '../db/index.js';
import { newUlid, type Clock } from '../platform/index.js';

/** the number that the seeded route answers */
export const FIRST_NUMBER = '95001';
/** number of the agent of station 1 */
const FIRST_AGENT = 2001;

/** all E1 of the box */
const E1_TRUNK = 'e1';

/** where the nodes of the first flow stand on the sheet */
const PLACES = {
  welcome: { x: 0, y: 96 },
  menu: { x: 352, y: 64 },
  sales: { x: 704, y: 0 },
  service: { x: 704, y: 200 },
  'no-agent': { x: 1056, y: 96 },
  goodbye: { x: 1408, y: 160 },
  bye: { x: 1760, y: 160 },
} as const;

interface Names {
  flow: string;
  sales: string;
  service: string;
  trunk: string;
  outside: string;
  agent: (id: string) => string;
  /** what the nodes of the first flow are called */
  nodes: Readonly<Record<keyof typeof PLACES, string>>;
}
const names: Record<Language, Names> = {
  en: {
    ...{ flow: 'Main menu', sales: 'Sales', service: 'Service', trunk: 'E1', outside: 'Outside line' },
    agent: (id) => `Agent ${id}`,
    nodes: {
      ...{ welcome: 'Welcome', menu: 'Menu', sales: 'Sales', service: 'Service' },
      ...{ 'no-agent': 'Nobody is free', goodbye: 'Goodbye', bye: 'Hang up' },
    },
  },
  'zh-CN': {
    ...{ flow: '主菜单', sales: '销售', service: '服务', trunk: 'E1', outside: '外线' },
    agent: (id) => `坐席 ${id}`,
    nodes: {
      ...{ welcome: '欢迎词', menu: '按键菜单', sales: '销售队列', service: '服务队列' },
      ...{ 'no-agent': '坐席全忙', goodbye: '告别', bye: '挂断' },
    },
  },
};

const mainFlow: FlowDefinition = {
  start: 'welcome',
  nodes: {
    welcome: { type: 'play', prompts: ['welcome'], next: 'menu' },
    menu: {
      type: 'menu',
      prompts: ['main-menu'],
      choices: { '1': 'sales', '2': 'service' },
      timeoutMs: 5000,
      retries: 2,
      invalidPrompts: ['invalid-choice'],
      timeout: 'goodbye',
      invalid: 'goodbye',
    },
    sales: { type: 'queue', queue: 'sales', overflow: 'no-agent' },
    service: { type: 'queue', queue: 'service', overflow: 'no-agent' },
    'no-agent': { type: 'play', prompts: ['no-agent'], next: 'goodbye' },
    goodbye: { type: 'play', prompts: ['goodbye'], next: 'bye' },
    bye: { type: 'hangup', cause: 16 },
  },
};

export interface SeedOptions {
  language: Language;
  stations: number;
  /** E1 */
  spans: readonly number[];
  clock: Clock;
}

/** Fills a database that has never been filled; true when it did. What somebody deletes later does not come back. */
export async function seed(db: Db, options: SeedOptions): Promise<boolean> {
  const { language, stations, spans, clock } = options;
  const words = names[language];
  return db.write(async (tx) => {
    if ((await tx.meta.get('seededAt')) !== null) return false;
    for (const id of ['sales', 'service'] as const) await tx.queues.insert(QueueCreate.parse({ id, name: words[id] }));
    const layout = Object.fromEntries(
      Object.entries(PLACES).map(([node, place]) => [
        node,
        { ...place, title: words.nodes[node as keyof typeof PLACES] },
      ]),
    );
    const definition = { ...mainFlow, layout };
    await tx.flows.put({ id: 'main', name: words.flow, definition, updatedAt: clock.wallMs() });
    await tx.routes.insert({ id: newUlid(), calledNumber: FIRST_NUMBER, flowId: 'main', language });
    for (let station = 1; station <= stations; station += 1) {
      const id = String(FIRST_AGENT + station - 1);
      await tx.agents.insert({ id, name: words.agent(id), queues: ['sales', 'service'], language });
    }
    if (spans.length > 0) {
      await tx.trunks.insert(e1Trunk(words.trunk, spans));
      await tx.outboundRoutes.insert({
        ...{ id: newUlid(), name: words.outside, pattern: '0.', priority: 100, trunks: [E1_TRUNK], strip: 1 },
        ...{ prepend: '', emergency: true, enabled: true, cost: 0, calendar: null, callingNumber: '' },
      });
    }
    await tx.meta.set('seededAt', String(clock.wallMs()));
    return true;
  });
}

function e1Trunk(name: string, spans: readonly number[]): TrunkRow {
  return {
    ...{ id: E1_TRUNK, name, kind: 'e1', spans: [...spans], enabled: true },
    ...{ maxCalls: 10_000, numberRulesIn: [], numberRulesOut: [], callerRulesIn: [], numberFormat: 'dialled' },
    ...{ lines: [], hunt: 'order', dialPrefix: '', lineNumber: '' },
    ...{ callerId: 'pass', fixedNumber: '', callerIdHeader: 'from', diversionHeader: 'diversion', refer: false },
    // What only a trunk over SIP has.
    ...{ mode: 'address', hosts: [], username: '', secret: '', fromUser: '', fromDomain: '', expiresS: 600 },
    ...{ codecs: [], dtmf: 'auto', srtp: 'none', tlsFingerprint: '', sources: [], optionsIntervalS: 0 },
  };
}
