// Rows of telephones: what state one is in, and what has to hold before it is written.
import { randomBytes } from 'node:crypto';
import type { PhoneState } from '../contract/index.js';
import type { PhoneRow, SipStationRow, Writes } from '../db/index.js';
import { AppError } from '../platform/index.js';

const TOKEN_BYTES = 24;

export function stateOf({ openUntil, sealedSecret, fetchedAt, registeredAt }: PhoneRow, nowMs: number): PhoneState {
  if (openUntil !== null && openUntil > nowMs) return sealedSecret === null ? 'open' : 'fetched';
  return registeredAt !== null && fetchedAt !== null && registeredAt >= fetchedAt ? 'registered' : 'closed';
}

export const newToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');
export const owner = (mac: string): string => `phone ${mac}`;

export async function rowIn(tx: Writes, mac: string): Promise<PhoneRow> {
  const row = await tx.phones.find(mac);
  if (row === null) throw new AppError('phone_not_found', { mac });
  return row;
}

export async function stationIn(tx: Writes, number: number): Promise<SipStationRow> {
  const row = await tx.sipStations.find(number);
  if (row === null) throw new AppError('sip_station_not_found', { number });
  return row;
}

export function mustSuit({ number, security }: SipStationRow, transport: string): void {
  if (security === 'tls' && transport !== 'tls') throw new AppError('phone_transport', { station: number });
}

export function audited({ mac, vendor, model, station, transport, keys, firmwareUrl }: PhoneRow): object {
  return { mac, vendor, model, station, transport, keys, firmwareUrl };
}
