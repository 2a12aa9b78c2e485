// Desk telephones that fetch their settings.
import { AppError } from '../../platform/index.js';
import type { Models } from '../models.js';
import type { PhoneRow, PhonesWrite } from '../phone-rows.js';
import { announced } from './announced.js';
import { Table, type Scope } from './table.js';

export function phonesRepository(models: Models, scope: Scope): PhonesWrite {
  const table = new Table<PhoneRow>(models.phones, scope, {
    key: 'mac',
    json: ['keys'],
    wide: ['openUntil', 'askedAt', 'fetchedAt', 'registeredAt', 'createdAt'],
    duplicate: ({ station }) => new AppError('phone_station_taken', { station: station ?? 0 }),
  });
  const written = announced(
    table,
    ({ mac }) => mac,
    (mac, removed) => scope.publish('phone.changed', { mac, removed }),
  );
  return {
    find: (mac) => table.find(mac),
    ofStation: (station) => table.first({ station }),
    list: () => table.all({ order: ['station'] }),
    async insert(row) {
      if ((await table.find(row.mac)) !== null) throw new AppError('phone_exists', { mac: row.mac });
      await written.insert(row);
    },
    update: (mac, patch) => written.update(mac, patch),
    remove: (mac) => written.remove(mac),
  };
}
