// What a new box begins with, so that it takes calls before anybody has configured anything: one number, one menu, two
// queues, an agent for every station.
import type { FlowDefinition, Language } from '../contract/index.js';
import { QueueCreate } from '../contract/index.js';
import type { Db } from '../db/index.js';
import { newUlid, type Clock } from '../platform/index.js';

/** the number that the seeded route answers */
export const FIRST_NUMBER = '95001';
/** number of the agent of station 1 */
const FIRST_AGENT = 2001;

const names: Record<Language, { flow: string; sales: string; service: string; agent: (id: string) => string }> = {
  en: { flow: 'Main menu', sales: 'Sales', service: 'Service', agent: (id) => `Agent ${id}` },
  'zh-CN': { flow: '主菜单', sales: '销售', service: '服务', agent: (id) => `坐席 ${id}` },
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

/** Fills a database that has never been filled; true when it did. What somebody deletes later does not come back. */
export async function seed(db: Db, options: { language: Language; stations: number; clock: Clock }): Promise<boolean> {
  const { language, stations, clock } = options;
  const words = names[language];
  return db.write(async (tx) => {
    if ((await tx.meta.get('seededAt')) !== null) return false;
    for (const id of ['sales', 'service'] as const) await tx.queues.insert(QueueCreate.parse({ id, name: words[id] }));
    await tx.flows.put({ id: 'main', name: words.flow, definition: mainFlow, updatedAt: clock.wallMs() });
    await tx.routes.insert({ id: newUlid(), calledNumber: FIRST_NUMBER, flowId: 'main', language });
    for (let station = 1; station <= stations; station += 1) {
      const id = String(FIRST_AGENT + station - 1);
      await tx.agents.insert({ id, name: words.agent(id), queues: ['sales', 'service'], language });
    }
    await tx.meta.set('seededAt', String(clock.wallMs()));
    return true;
  });
}
