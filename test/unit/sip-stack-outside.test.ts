// Requests outside of any call that a stranger may try: what needs no proof of who sent it gets none, what is asked of subscriptions
// is answered by what the sender may watch.
import { beforeEach, describe, expect, it } from 'vitest';
import type { SipPhone } from '../support/sip-phone.js';
import { StackBench } from '../support/sip-stack-bench.js';

let bench: StackBench;
let phone: SipPhone;

beforeEach(async () => {
  bench = await StackBench.start();
  phone = await bench.phone(1002);
});

describe('without credentials', () => {
  it.each(['BYE', 'PRACK', 'UPDATE', 'INFO', 'REFER', 'NOTIFY', 'CANCEL'])(
    '%s belongs to a call that there is not: 481',
    async (method) => {
      expect((await phone.request(method, { authorize: false })).status).toBe(481);
    },
  );

  it.each([
    ['PUBLISH', 405],
    ['LIGHT', 501],
  ])('%s is answered with %i and what there is', async (method, status) => {
    const answer = await phone.request(method, { authorize: false });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('Allow')).toContain('SUBSCRIBE');
  });
});

describe('a subscription', () => {
  const subscribe = (to: string, event: string, expires = '600') =>
    phone.request('SUBSCRIBE', {
      to,
      headers: [
        ['Event', event],
        ['Expires', expires],
      ],
    });

  it.each([
    ['of what nobody tells', '1001', 'conference', 489],
    ["to another's messages", '1001', 'message-summary', 403],
    ["to another's registrations", '1001', 'reg', 403],
    ['to nobody', '4711', 'dialog', 404],
    ['to a colleague', '1001', 'dialog', 200],
    ["to one's own messages", '1002', 'message-summary', 200],
  ])('%s', async (_what, to, event, status) => {
    const answer = await subscribe(to, event);
    expect(answer.status).toBe(status);
    if (status === 489) expect(answer.headers.get('Allow-Events')).toContain('message-summary');
  });

  it('for less than a minute is too short, and a day becomes two hours', async () => {
    const short = await subscribe('1001', 'dialog', '30');
    expect([short.status, short.headers.get('Min-Expires')]).toEqual([423, '60']);
    expect((await subscribe('1001', 'dialog', '86400')).headers.get('Expires')).toBe('7200');
  });
});
