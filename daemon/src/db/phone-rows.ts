import type { PhoneKey, PhoneTransport, PhoneVendor } from '../contract/index.js';

export interface PhoneRow {
  /** twelve hexadecimal digits in lower case */
  mac: string;
  vendor: PhoneVendor;
  model: string;
  station: number;
  transport: PhoneTransport;
  keys: PhoneKey[];
  firmwareUrl: string;
  /** SHA-256 of the token in its URL, and of that of its telephone book */
  tokenHash: string;
  bookHash: string;
  /** both tokens and the password of its own pages */
  sealed: string;
  /** of its account, from the first fetch until it has registered */
  sealedSecret: string | null;
  /** null: it is given nothing */
  openUntil: number | null;
  /** the address that it is open for; null: whichever comes first */
  openFor: string | null;
  askedAt: number | null;
  fetchedAt: number | null;
  registeredAt: number | null;
  address: string | null;
  userAgent: string | null;
  createdAt: number;
}

export interface PhonesRead {
  find(mac: string): Promise<PhoneRow | null>;
  ofStation(station: number): Promise<PhoneRow | null>;
  /** by station */
  list(): Promise<PhoneRow[]>;
}
export interface PhonesWrite extends PhonesRead {
  /** phone_exists, phone_station_taken */
  insert(row: PhoneRow): Promise<void>;
  /** phone_station_taken */
  update(mac: string, patch: { [K in Exclude<keyof PhoneRow, 'mac'>]?: PhoneRow[K] | undefined }): Promise<boolean>;
  remove(mac: string): Promise<boolean>;
}
