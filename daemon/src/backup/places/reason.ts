// What the system says of a place, in words of both languages where it is one of the usual things.
import { errorText } from '../../platform/index.js';

const MISSING = { en: 'it is not there', zh: '不存在' };
const NO_RIGHT = { en: 'no right to write there', zh: '没有写入权限' };
const NAMELESS = { en: 'the name is not known', zh: '无法解析主机名' };
const REASONS: Readonly<Record<string, { en: string; zh: string }>> = {
  ...{ ENOENT: MISSING, EACCES: NO_RIGHT, EPERM: NO_RIGHT, ENOTFOUND: NAMELESS, EAI_AGAIN: NAMELESS },
  EROFS: { en: 'it can only be read', zh: '只读' },
  ENOTDIR: { en: 'it is no folder', zh: '不是目录' },
  ENOSPC: { en: 'the disk is full', zh: '磁盘已满' },
  ECONNREFUSED: { en: 'nobody listens there', zh: '连接被拒绝' },
  EHOSTUNREACH: { en: 'there is no way to it', zh: '网络不可达' },
  ETIMEDOUT: { en: 'it does not answer', zh: '没有应答' },
};

export function placeReason(error: unknown): string | { en: string; zh: string } {
  return REASONS[(error as NodeJS.ErrnoException | null)?.code ?? ''] ?? errorText(error);
}
