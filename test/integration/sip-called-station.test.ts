// What the figure of the called station is made with: calls over a trunk at stations that ring at once.
import { expect, it } from 'vitest';
import type { SipAccount } from '../../daemon/src/contract/index.js';
import { callStations } from '../support/sip-called-stations.js';
import { startSipBox, type SipBox } from '../support/sip-box.js';

async function accounts({ api }: SipBox): Promise<{ number: number; secret: string }[]> {
  const host = { host: '127.0.0.1', port: 9 };
  await api.request('POST', '/trunks', { id: 'in', kind: 'sip', mode: 'address', hosts: [host], optionsIntervalS: 0 });
  const all = [];
  for (const number of [1001, 1002]) {
    const { secret } = await api.request<SipAccount>('POST', '/stations/sip', { number, maxCalls: 20 });
    all.push({ number, secret });
  }
  return all;
}

it('each is told that it rings, answered and ended', async () => {
  const sip = await startSipBox();
  const options = { server: sip.port, accounts: await accounts(sip), rate: 20, calls: 20, ringMs: 20, talkMs: 20 };
  const { ringingMs, ended, failures } = await callStations(options);
  expect({ rang: ringingMs.length, ended, failures }).toEqual({ rang: 20, ended: 20, failures: {} });
});

it('those that lead nowhere are failures', async () => {
  const sip = await startSipBox();
  const options = { server: sip.port, accounts: await accounts(sip), rate: 20, calls: 5, ringMs: 10, talkMs: 10 };
  const { ended, failures } = await callStations({ ...options, numbers: [1001, 1099] });
  expect({ ended, failures }).toEqual({ ended: 3, failures: { 'INVITE 404': 2 } });
});
