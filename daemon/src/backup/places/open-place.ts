// From what is written of a place to the place itself.
import type { BackupPlacePut } from '../../contract/index.js';
import { AppError, type Clock } from '../../platform/index.js';
import { openFolder } from './folder-store.js';
import { openS3 } from './s3-store.js';
import { openSftp } from './sftp-store.js';
import type { Store } from './store.js';
import { mountPointOf } from './volumes.js';

export interface PlaceMeans {
  /** password or secret key; '' where there is none */
  secret: string;
  /** of the box, OpenSSH's form */
  privateKey: () => string;
  clock: Clock;
  /** where /dev and /proc begin */
  systemRoot: string;
}

/** As the stores; backup_no_secret, backup_volume_missing. `hostKey`: what the server showed, '' where there is none. */
export async function openPlace(
  place: BackupPlacePut,
  { secret, privateKey, clock, systemRoot }: PlaceMeans,
): Promise<{ store: Store; hostKey: string }> {
  switch (place.kind) {
    case 'folder':
      return { store: await openFolder(place.path), hostKey: '' };
    case 'usb':
      return { store: await openFolder(await mountPointOf(place.volume, systemRoot), place.folder), hostKey: '' };
    case 'sftp': {
      const { host, port, username, auth, folder, hostKey } = place;
      if (auth === 'password' && secret === '') throw new AppError('backup_no_secret');
      const proof = auth === 'password' ? { password: secret } : { privateKey: privateKey() };
      return openSftp({ host, port, username, folder, hostKey, ...proof });
    }
    case 's3': {
      const { endpoint, region, bucket, folder, accessKeyId, pathStyle } = place;
      if (secret === '') throw new AppError('backup_no_secret');
      const options = { endpoint, region, bucket, folder, accessKeyId, pathStyle, secretAccessKey: secret, clock };
      return { store: await openS3(options), hostKey: '' };
    }
  }
}
