import type { BackupPlacePut } from '@cordboard/daemon/contract';

export type PlaceKind = BackupPlacePut['kind'];
export const PLACE_KINDS: readonly PlaceKind[] = ['sftp', 's3', 'usb', 'folder'];

/** Every field of every kind: who changes the kind finds what was typed when he goes back. */
export interface PlaceDraft {
  kind: PlaceKind;
  name: string;
  enabled: boolean;
  keep: number;
  recordings: boolean;
  path: string;
  volume: string;
  folder: string;
  host: string;
  port: number;
  username: string;
  auth: 'password' | 'key';
  hostKey: string;
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  pathStyle: boolean;
  secret: string;
}

export function draftOf(settings?: BackupPlacePut): PlaceDraft {
  return {
    ...{ kind: 'sftp', name: '', enabled: true, keep: 14, recordings: true, path: '', volume: '', folder: 'cordboard' },
    ...{ host: '', port: 22, username: '', auth: 'password', hostKey: '' },
    ...{ endpoint: '', region: 'us-east-1', bucket: '', accessKeyId: '', pathStyle: true },
    ...settings,
    secret: '',
  };
}

/** What of it belongs to its kind; an empty secret is left out: the one that is kept stays. */
export function settingsOf(draft: PlaceDraft): BackupPlacePut {
  const { kind, name, enabled, keep, recordings, folder } = draft;
  const common = { name: name.trim(), enabled, keep, recordings };
  const secret = draft.secret === '' ? {} : { secret: draft.secret };
  if (kind === 'folder') return { kind, ...common, path: draft.path };
  if (kind === 'usb') return { kind, ...common, volume: draft.volume, folder };
  if (kind === 'sftp') {
    const { host, port, username, auth, hostKey } = draft;
    return { kind, ...common, host, port, username, auth, folder, hostKey, ...secret };
  }
  const { endpoint, region, bucket, accessKeyId, pathStyle } = draft;
  return { kind, ...common, endpoint, region, bucket, folder, accessKeyId, pathStyle, ...secret };
}

/** Where it is, in a line. */
export function whereOf(settings: BackupPlacePut): string {
  if (settings.kind === 'folder') return settings.path;
  if (settings.kind === 'usb') return `${settings.volume}/${settings.folder}`;
  if (settings.kind === 'sftp') return `${settings.username}@${settings.host}:${settings.folder}`;
  return `${settings.bucket} · ${settings.endpoint.replace(/^https?:\/\//, '')}`;
}
