// The makers of telephones, as their files in firmware-config/phones describe them.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PhoneTransport, PhoneVendor } from '../contract/index.js';
import { Template } from './template.js';

/** {mac} stands for the address in lower case. */
const FileName = z.string().regex(/^[\w{}.-]{1,60}$/);
export const BOOK_FORMS = ['yealink', 'grandstream', 'fanvil', 'cisco', 'htek'] as const;

const Shape = z.strictObject({
  vendor: PhoneVendor,
  name: z.string(),
  /** where the maker says how his files are */
  sources: z.array(z.string()).min(1),
  models: z.array(z.string()).min(1),
  /** the first half of the addresses of his telephones (IEEE MA-L) */
  ouis: z.array(z.string().regex(/^[0-9a-f]{6}$/)).min(1),
  format: z.enum(['lines', 'xml']),
  template: z.string().regex(/^[\w.-]+$/),
  files: z.array(FileName).min(1),
  /** what his telephones ask for besides, as patterns: it is never there, and that is no sign of a stranger */
  common: z.array(z.string().max(100)),
  contentType: z.string(),
  book: z.strictObject({ file: z.string().regex(/^[a-z.]+$/), format: z.enum(BOOK_FORMS) }),
  transports: z.array(PhoneTransport).min(1),
  /** of the NOTIFY that has them fetch again */
  event: z.enum(['check-sync', 'resync']),
  adminUser: z.string(),
  /** the keys before it are the line */
  firstKey: z.int().min(1),
  mostKeys: z.int().min(0),
  maps: z.record(z.string(), z.record(z.string(), z.string())),
  /** names of fields of each key, where the maker counts them himself */
  keyFields: z.array(z.record(z.string(), z.string())).optional(),
});
type Shape = z.infer<typeof Shape>;

export interface Vendor extends Omit<Shape, 'template' | 'common'> {
  readonly template: Template;
  readonly common: readonly RegExp[];
}

export type Vendors = ReadonlyMap<PhoneVendor, Vendor>;

/** Throws when one is not as it should be; the files are part of the installation. */
export function readVendors(folder: string): Vendors {
  const vendors = new Map<PhoneVendor, Vendor>();
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.json')) continue;
    const shape = Shape.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    const text = readFileSync(join(folder, shape.template), 'utf8');
    vendors.set(shape.vendor, {
      ...shape,
      template: new Template(text, shape.format, shape.maps),
      common: shape.common.map((pattern) => new RegExp(pattern.replaceAll('{mac}', '(?<mac>[0-9a-f]{12})'), 'i')),
    });
  }
  return vendors;
}

export function vendorOfMac(vendors: Vendors, mac: string): Vendor | undefined {
  const oui = mac.slice(0, 6);
  return [...vendors.values()].find(({ ouis }) => ouis.includes(oui));
}

/** Whose telephone asks for a file of this name, and which it says to be; undefined: nobody's. `own`: it is the file of that one. */
export function readFileName(
  vendors: Vendors,
  name: string,
): { vendors: readonly Vendor[]; mac: string | undefined; own: boolean } | undefined {
  const found: Vendor[] = [];
  let mac: string | undefined;
  let own = false;
  for (const vendor of vendors.values()) {
    for (const file of vendor.files) {
      const match = new RegExp(`^${file.replaceAll('.', '\\.').replace('{mac}', '(?<mac>[0-9a-f]{12})')}$`, 'i').exec(
        name,
      );
      if (match === null) continue;
      found.push(vendor);
      mac = match.groups?.['mac']?.toLowerCase();
      own = true;
    }
    for (const pattern of vendor.common) {
      const match = pattern.exec(name);
      if (match === null) continue;
      found.push(vendor);
      mac ??= match.groups?.['mac']?.toLowerCase();
    }
  }
  return found.length === 0 ? undefined : { vendors: found, mac, own };
}
