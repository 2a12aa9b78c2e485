// Passes of pages: who has one, how many WebSockets open with it, and that nothing is heard once it has ended.
import { expect, it } from 'vitest';
import { TypedEmitter, silentLog } from '../../daemon/src/platform/index.js';
import type { Stack } from '../../daemon/src/sip/sip-lines.js';
import type { StackEvents } from '../../daemon/src/sip/stack/index.js';
import { TAKEN_OVER, WebPhones } from '../../daemon/src/sip/web-phones.js';
import { FakeClock } from '../support/clock-fake.js';

const ADDRESSES = {
  local: { host: '192.0.2.1', port: 443 },
  remote: { host: '192.0.2.7', port: 40_000 },
  secure: true,
};
const HOURS_MS = 3_600_000;

function bench() {
  const clock = new FakeClock();
  const events = new TypedEmitter<StackEvents>();
  const told: string[] = [];
  const command = (name: string, params: object): Promise<object> => {
    told.push([name, ...('page' in params ? [params.page] : [])].join(' '));
    return Promise.resolve({});
  };
  const pages = new WebPhones({
    stack: { events, command } as unknown as Stack,
    ...{ domain: 'pbx.example', turn: { urls: [], secret: '' }, clock, log: silentLog },
  });
  pages.start();
  const grant = (tab: string, sessionId = 'session', takeOver = false) =>
    pages.grant({ station: 1001, agentId: '2001', sessionId, tab, takeOver });
  /** A WebSocket of a page that takes its time to close. */
  const open = (ticket: string) => {
    const [sent, closed]: [number[], number[]] = [[], []];
    const link = { send: () => sent.push(1), close: (code: number) => closed.push(code) };
    return { sent, closed, page: pages.open(ticket, link, ADDRESSES) };
  };
  return { clock, events, told, pages, grant, open };
}

it.each([
  ['its session', ({ pages }: ReturnType<typeof bench>) => pages.sessionsEnded(['session'])],
  ['twelve hours', ({ clock }: ReturnType<typeof bench>) => clock.advance(12 * HOURS_MS)],
  ['its agent signing out of the station', ({ pages }: ReturnType<typeof bench>) => pages.agentAt('2001', null)],
  ['its agent going to another station', ({ pages }: ReturnType<typeof bench>) => pages.agentAt('2001', 1002)],
  ['another tab that says so', ({ grant }: ReturnType<typeof bench>) => grant('tab-2', 'session', true)],
])(
  'ends with %s, and whatever the page still says is not heard',
  async (_what, end: (made: ReturnType<typeof bench>) => unknown) => {
    const made = bench();
    const { ticket } = await made.grant('tab-1');
    const { page, sent, closed } = made.open(ticket);
    page?.came(Buffer.from('first'));
    expect(made.told.filter((one) => one.startsWith('page.'))).toEqual(['page.open 1', 'page.data 1']);
    made.told.length = 0;
    await Promise.resolve(end(made));
    expect(closed).toHaveLength(1);
    expect(made.pages.opens(ticket)).toBe(false);
    page?.came(Buffer.from('once more'));
    page?.gone(1006);
    made.events.emit('page.send', { page: '1', data: Buffer.from('nobody'), binary: false });
    expect(made.told.filter((one) => !one.startsWith('pass.set'))).toEqual(['pass.remove', 'page.gone 1']);
    expect(sent).toEqual([]);
  },
);

it('stays while its agent does, whatever others do', async () => {
  const { grant, open, pages } = bench();
  const { ticket } = await grant('tab-1');
  const { closed } = open(ticket);
  pages.agentAt('2001', 1001);
  pages.agentAt('2002', null);
  expect(closed).toEqual([]);
  expect(pages.opens(ticket)).toBe(true);
});

it('of another tab is not put aside without being asked for', async () => {
  const { grant, open } = bench();
  const { closed } = open((await grant('tab-1')).ticket);
  await expect(grant('tab-2')).rejects.toMatchObject({ code: 'web_phone_elsewhere' });
  expect(closed).toEqual([]);
  await grant('tab-2', 'session', true);
  expect(closed).toEqual([TAKEN_OVER]);
});

it('opens some WebSockets and not any number of them', async () => {
  const { grant, open } = bench();
  const { ticket } = await grant('tab-1');
  const opened = Array.from({ length: 20 }, () => open(ticket).page).filter((page) => page !== undefined);
  expect(opened).toHaveLength(8);
  opened[0]?.gone(1006);
  expect(open(ticket).page).toBeDefined();
});
