// A message on its way by each kind of way. What is refused for good is not tried again; whatever else is, later.
import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import type { AlertWaySettings } from '../contract/index.js';
import type { AlertDeliveryRow } from '../db/index.js';
import { errorText, type AddressGuard, type Clock } from '../platform/index.js';
import { NotAsked, sendHttp } from './http-sender.js';
import { smsRequest, type SmsSettings } from './sms.js';
import { sendTrap, trapMessage, type SnmpEngine, type SnmpValue } from './snmp.js';

export type Outcome = { kind: 'sent' } | { kind: 'later' | 'never'; reason: string };

export interface SendersOptions {
  guard: () => AddressGuard;
  engine: () => SnmpEngine;
  clock: Clock;
}

/** Under the number for documentation (RFC 5612): firmware-config/snmp has the module. */
const MODULE = '1.3.6.1.4.1.32473.8472';
const TRAPS = { began: 1, reminder: 2, ended: 3, test: 4, summary: 5 } as const;

const OK: Outcome = { kind: 'sent' };

/** Of every kind but mail, which waits in a table of its own. Never rejects. */
export async function send(
  options: SendersOptions,
  settings: AlertWaySettings,
  row: AlertDeliveryRow,
): Promise<Outcome> {
  try {
    switch (settings.kind) {
      case 'webhook':
        return await webhook(options, settings, row);
      case 'snmp':
        return await trap(options, settings, row);
      case 'sms':
        return await sms(options, settings, row);
      case 'mail':
        return { kind: 'never', reason: 'mails wait elsewhere' };
    }
  } catch (error) {
    return { kind: error instanceof NotAsked ? 'never' : 'later', reason: errorText(error).slice(0, 300) };
  }
}

/** As the receiver computes it: HMAC-SHA256 over the time, a dot and the body, in hexadecimal. */
export function signatureOf(secret: string, atS: number, body: string): string {
  return `t=${atS},v1=${createHmac('sha256', secret).update(`${atS}.${body}`).digest('hex')}`;
}

async function webhook(
  { guard, clock }: SendersOptions,
  { url, secret = '', ownNetwork: inside }: Extract<AlertWaySettings, { kind: 'webhook' }>,
  { id, what, subject, body: text, data, createdAt }: AlertDeliveryRow,
): Promise<Outcome> {
  const body = JSON.stringify({ id, what, subject, text, createdAt, ...data });
  const atS = Math.floor(clock.wallMs() / 1000);
  const signed = secret === '' ? {} : { 'x-cordboard-signature': signatureOf(secret, atS, body) };
  const headers = { 'content-type': 'application/json; charset=utf-8', 'x-cordboard-delivery': id, ...signed };
  return judged(await sendHttp({ url, method: 'POST', headers, body, inside }, guard()));
}

/** Who says that he will never take it is not asked again; 408 and 429 mean later. */
function judged({ status, text }: { status: number; text: string }): Outcome {
  if (status >= 200 && status < 300) return OK;
  const final = status >= 300 && status < 500 && status !== 408 && status !== 429;
  return { kind: final ? 'never' : 'later', reason: `HTTP ${status} ${text.slice(0, 200)}`.trim() };
}

async function sms(
  { guard, clock }: SendersOptions,
  settings: SmsSettings,
  { subject }: AlertDeliveryRow,
): Promise<Outcome> {
  for (const number of settings.numbers) {
    const { taken, ...message } = smsRequest(settings, number, subject, clock.wallMs());
    const answer = await sendHttp(message, guard());
    const outcome = judged(answer);
    if (outcome.kind !== 'sent') return outcome;
    if (!taken(answer.text)) return { kind: 'later', reason: answer.text.slice(0, 300) };
  }
  return OK;
}

async function trap(
  { engine }: SendersOptions,
  settings: Extract<AlertWaySettings, { kind: 'snmp' }>,
  { what, subject, data }: AlertDeliveryRow,
): Promise<Outcome> {
  const { community = 'public', authSecret = '', privacySecret = '' } = settings;
  const { address } = await lookup(settings.host.replace(/^\[|\]$/g, ''));
  const value = (at: number, of: string | number): SnmpValue => ({ oid: `${MODULE}.1.${at}.0`, value: of });
  const values = [
    value(1, String(data['kind'] ?? '')),
    value(2, data['grave'] === true ? 2 : 1),
    value(3, subject),
    value(4, String(data['value'] ?? '')),
    value(5, String(data['box'] ?? '')),
  ];
  const target = { ...settings, community: community === '' ? 'public' : community, authSecret, privacySecret };
  await sendTrap(address, settings.port, trapMessage(target, engine(), `${MODULE}.0.${TRAPS[what]}`, values));
  return OK;
}
