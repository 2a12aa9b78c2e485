// Registrations over a restart, and a store that fails.
import { describe, expect, it } from 'vitest';
import { newRequest, type SipRequest } from '../../daemon/src/sip/message/index.js';
import { Registrar, type BindingBatch, type StoredBinding } from '../../daemon/src/sip/registrar/index.js';
import type { Flow, TransportName } from '../../daemon/src/sip/transport/index.js';
import { FakeClock } from '../support/clock-fake.js';

function register(contact: string, expires: number): SipRequest {
  return newRequest({
    method: 'REGISTER',
    uri: 'sip:pbx.example',
    headers: [
      ['Via', 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1'],
      ['From', '<sip:1001@pbx.example>;tag=1'],
      ['To', '<sip:1001@pbx.example>'],
      ['Call-ID', contact],
      ['CSeq', `${(cseq += 1)} REGISTER`],
      ['Contact', `<${contact}>;expires=${expires}`],
      ['User-Agent', 'Yealink SIP-T46S 66.85'],
    ],
  });
}
let cseq = 0;

function flow(transport: TransportName = 'udp', host = '192.0.2.7', connection = 0): Flow {
  return { transport, local: { host: '192.0.2.1', port: 5060 }, remote: { host, port: 5060 }, connection };
}

/** A store in memory that can fail, and be slow. */
class Store {
  readonly rows = new Map<string, StoredBinding>();
  readonly batches: BindingBatch[] = [];
  failing = false;
  hold: Promise<void> | undefined;
  saving = 0;
  mostSaving = 0;

  load(): Promise<StoredBinding[]> {
    return this.failing ? Promise.reject(new Error('no disk')) : Promise.resolve([...this.rows.values()]);
  }

  async save(batch: BindingBatch): Promise<void> {
    this.saving += 1;
    this.mostSaving = Math.max(this.mostSaving, this.saving);
    await this.hold;
    this.saving -= 1;
    if (this.failing) throw new Error('disk full');
    this.batches.push(structuredClone(batch));
    for (const binding of batch.put) this.rows.set(binding.id, binding);
    for (const id of batch.remove) this.rows.delete(id);
  }
}

async function office(store = new Store(), clock = new FakeClock()) {
  const registrar = new Registrar({
    clock,
    store,
    aorOf: ({ user, host }) => `sip:${user}@${host}`,
    trustsPath: () => true,
  });
  await registrar.start();
  const ask = (contact: string, expires = 600, by = flow()): number =>
    registrar.register(register(contact, expires), by, { mayRegister: () => true }, 't').status;
  const users = (): (string | undefined)[] => [...registrar.bindings()].map(({ contact }) => contact.user);
  return { registrar, store, clock, ask, users };
}

describe('stored registrations', () => {
  it('are known after a restart, with the time that they have left', async () => {
    const { ask, clock, store, registrar } = await office();
    ask('sip:a@192.0.2.7:5060;ob', 600);
    await clock.advance(100_000);
    await registrar.stop();

    const later = new FakeClock(clock.wallMs() + 200_000);
    const { registrar: restarted } = await office(store, later);
    const aor = 'sip:1001@pbx.example';
    expect(restarted.targetsOf(aor)).toMatchObject([
      { target: { transport: 'udp', remote: { host: '192.0.2.7', port: 5060 } } },
    ]);
    expect(restarted.bindingsOf(aor)).toMatchObject([
      {
        contactText: 'sip:a@192.0.2.7:5060;ob',
        userAgent: 'Yealink SIP-T46S 66.85',
        expiresMs: 300_000,
        behindNat: false,
      },
    ]);
    await later.advance(299_999);
    expect(restarted.size).toBe(1);
    await later.advance(1001);
    expect(restarted.size).toBe(0);
    await later.advance(500);
    expect(store.rows.size).toBe(0);
  });

  it('that are over, unreadable, or hung on a connection are let go', async () => {
    const { ask, clock, store, registrar } = await office();
    ask('sip:udp@192.0.2.7');
    ask('sip:short@192.0.2.7', 60);
    ask('sip:tcp@192.0.2.7:5070', 600, flow('tcp', '192.0.2.7', 1));
    ask('sip:nat@10.0.0.5', 600, flow('tcp', '203.0.113.5', 2));
    ask('sip:tls@192.0.2.7', 600, flow('tls', '192.0.2.7', 3));
    ask('sip:ws@x.invalid', 600, flow('wss', '192.0.2.7', 4));
    await registrar.stop();
    const [row] = store.rows.values();
    store.rows.set('odd', { ...row!, id: 'odd', contact: 'no uri' });
    expect(store.rows.size).toBe(7);

    const later = new FakeClock(clock.wallMs() + 60_000);
    const { users, registrar: restarted } = await office(store, later);
    expect(users()).toEqual(['udp', 'tcp']);
    expect(restarted.targetsOf('sip:1001@pbx.example').at(-1)?.target).toEqual({
      ...{ transport: 'tcp', remote: { host: '192.0.2.7', port: 5070 }, reconnect: true },
    });
    await later.advance(500);
    expect([...store.rows.values()].map(({ contact }) => contact)).toEqual([
      'sip:udp@192.0.2.7',
      'sip:tcp@192.0.2.7:5070',
    ]);
  });

  it('do not live longer because somebody set the clock back meanwhile', async () => {
    const { ask, clock, store, registrar } = await office();
    ask('sip:a@192.0.2.7', 600);
    await registrar.stop();
    const { registrar: restarted } = await office(store, new FakeClock(clock.wallMs() - 86_400_000));
    expect([...restarted.bindings()][0]?.expiresMs).toBe(3_600_000);
  });

  it('can be taken up again by the telephone at once, even if it counts anew', async () => {
    const { ask, store, registrar } = await office();
    ask('sip:a@192.0.2.7');
    await registrar.stop();
    const { ask: askAgain, users } = await office(store);
    cseq = 0;
    expect(askAgain('sip:a@192.0.2.7')).toBe(200);
    expect(users()).toEqual(['a']);
  });
});

describe('saving', () => {
  it('puts the changes of half a second together, the last of each binding', async () => {
    const { ask, clock, store } = await office();
    ask('sip:a@192.0.2.7');
    ask('sip:a@192.0.2.7');
    ask('sip:b@192.0.2.7');
    ask('sip:b@192.0.2.7', 0);
    await clock.advance(499);
    expect(store.batches).toEqual([]);
    await clock.advance(1);
    expect(store.batches).toHaveLength(1);
    expect(store.batches[0]!.put.map(({ contact }) => contact)).toEqual(['sip:a@192.0.2.7']);
    expect(store.batches[0]!.remove).toHaveLength(1);
    await clock.advance(10_000);
    expect(store.batches).toHaveLength(1);
  });

  it('happens one at a time; what changes meanwhile follows', async () => {
    const { ask, clock, store } = await office();
    let release = (): void => undefined;
    store.hold = new Promise((resolve) => (release = resolve));
    ask('sip:a@192.0.2.7');
    await clock.advance(500);
    expect(store.saving).toBe(1);
    ask('sip:b@192.0.2.7');
    await clock.advance(5000);
    store.hold = undefined;
    release();
    await clock.advance(0);
    await clock.advance(500);
    expect(store.mostSaving).toBe(1);
    expect(store.batches.map(({ put }) => put.map(({ contact }) => contact))).toEqual([
      ['sip:a@192.0.2.7'],
      ['sip:b@192.0.2.7'],
    ]);
  });

  it('is tried again, ever more slowly, and loses nothing', async () => {
    const { ask, clock, store } = await office();
    store.failing = true;
    ask('sip:a@192.0.2.7', 3600);
    ask('sip:b@192.0.2.7', 3600);
    let tries = 0;
    const save = store.save.bind(store);
    store.save = (batch) => {
      tries += 1;
      return save(batch);
    };
    await clock.advance(500);
    expect(tries).toBe(1);
    ask('sip:b@192.0.2.7', 0);
    await clock.advance(1000);
    expect(tries).toBe(2);
    await clock.advance(2000);
    expect(tries).toBe(3);
    await clock.advance(120_000);
    expect(tries).toBeLessThan(12);
    store.failing = false;
    await clock.advance(30_000);
    expect([...store.rows.values()].map(({ contact }) => contact)).toEqual(['sip:a@192.0.2.7']);
    ask('sip:c@192.0.2.7');
    await clock.advance(500);
    expect(store.rows.size).toBe(2);
  });

  it('that fails does not undo what has changed meanwhile', async () => {
    const { ask, clock, store } = await office();
    let release = (): void => undefined;
    store.hold = new Promise((resolve) => (release = resolve));
    store.failing = true;
    ask('sip:a@192.0.2.7', 3600);
    await clock.advance(500);
    ask('sip:a@192.0.2.7', 0);
    store.hold = undefined;
    release();
    await clock.advance(0);
    store.failing = false;
    await clock.advance(1000);
    expect(store.batches).toMatchObject([{ put: [], remove: [expect.any(String)] }]);
  });

  it('is done when the registrar stops, once more after a failure, and stopping never fails', async () => {
    const { ask, clock, store, registrar } = await office();
    ask('sip:a@192.0.2.7');
    await registrar.stop();
    expect(store.rows.size).toBe(1);
    expect(clock.timers).toBe(0);
    await registrar.stop();
    expect(store.batches).toHaveLength(1);

    const { ask: askOther, registrar: other, clock: otherClock, store: broken } = await office();
    broken.failing = true;
    askOther('sip:a@192.0.2.7');
    await otherClock.advance(500);
    await expect(other.stop()).resolves.toBeUndefined();
    expect(otherClock.timers).toBe(0);
  });

  it('waits for a save under way before the last one', async () => {
    const { ask, clock, store, registrar } = await office();
    let release = (): void => undefined;
    store.hold = new Promise((resolve) => (release = resolve));
    ask('sip:a@192.0.2.7');
    await clock.advance(500);
    ask('sip:b@192.0.2.7');
    const stopped = registrar.stop();
    await clock.advance(0);
    expect(store.saving).toBe(1);
    release();
    await stopped;
    expect(store.mostSaving).toBe(1);
    expect(store.rows.size).toBe(2);
    expect(clock.timers).toBe(0);
  });

  it('rejects at the start when the store cannot be read', async () => {
    const store = new Store();
    store.failing = true;
    await expect(office(store)).rejects.toThrow('no disk');
  });
});
