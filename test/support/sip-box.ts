// A box whose stations and trunks are played by hand: HandPhones on loopback.
import type { SipAccount, SipServer } from '../../daemon/src/contract/index.js';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import type { Box } from '../../daemon/src/main.js';
import { startTestBox, waitFor, type Ending, type TestBoxOptions } from './box.js';
import { HandPhone, type HandPhoneOptions } from './hand-phone.js';
import { until } from './turns.js';

export interface SipBox {
  box: Box;
  api: LocalApi;
  /** UDP and TCP */
  port: number;
  tlsPort: number;
}

/** Its bans know nobody: many telephones share one address here. */
export async function startSipBox(options: TestBoxOptions = {}, ending?: Ending): Promise<SipBox> {
  const env = { CORDBOARD_SIP_TRUSTED: '127.0.0.1', CORDBOARD_SIP_HOST: '127.0.0.1', ...options.env };
  const box = await startTestBox({ ...options, env }, ending);
  const api = new LocalApi(box.config.home);
  await until(() => box.sip?.ports !== undefined, 'SIP listens');
  const { port, tlsPort } = box.sip!.ports!;
  return { box, api, port, tlsPort: tlsPort ?? 0 };
}

/** A station with an account of its own; not registered. */
export async function station(
  { api, port }: SipBox,
  number: number,
  settings: Record<string, unknown> = {},
  phone: Partial<HandPhoneOptions> = {},
): Promise<{ phone: HandPhone; account: SipAccount }> {
  const account = await api.request<SipAccount>('POST', '/stations/sip', { number, ...settings });
  return { phone: await HandPhone.open({ server: port, number, secret: account.secret, ...phone }), account };
}

/** The same, and the box can call it. */
export async function registered(
  sip: SipBox,
  number: number,
  settings: Record<string, unknown> = {},
): Promise<HandPhone> {
  const { phone } = await station(sip, number, settings);
  const answer = await phone.register();
  if (answer.status !== 200) throw new Error(`${number} could not register: ${answer.status} ${answer.reason}`);
  await waitFor(sip.box.live, 'station.updated', () => sip.box.stations.find(number)?.reachable === true);
  return phone;
}

/** A carrier at a free port of this machine, and the trunk that leads to it. */
export async function carrier(sip: SipBox, id: string, settings: Record<string, unknown> = {}): Promise<HandPhone> {
  const phone = await HandPhone.open({ server: sip.port, number: 'carrier' });
  await sip.api.request('POST', '/trunks', {
    ...{ id, kind: 'sip', mode: 'address', optionsIntervalS: 0 },
    hosts: [{ host: '127.0.0.1', port: phone.port }],
    ...settings,
  });
  return phone;
}

export type { SipServer };
