// What a refusal of a request within a dialog does to its usage and to the whole dialog (RFC 5057 clause 5.1).

export type Effect = 'none' | 'usage' | 'dialog';

/** The remote target, a Contact of the peer's, is wrong, or the way to it: nothing else will get there either. */
const DIALOG = new Set([404, 410, 416, 482, 484, 485, 502, 604]);

/** Methods whose usage lives by them. Of an INFO that is not understood nothing follows. */
const KEEPING = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY']);

export function effectOf(status: number, method: string): Effect {
  // 484 to a REFER speaks of the number in Refer-To with some servers.
  if (DIALOG.has(status)) return status === 484 && method === 'REFER' ? 'none' : 'dialog';
  switch (status) {
    case 481:
      return 'usage';
    case 408:
    case 405:
    case 480:
    case 501:
      return KEEPING.has(method) ? 'usage' : 'none';
    case 489:
      return method === 'NOTIFY' || method === 'SUBSCRIBE' ? 'usage' : 'none';
    default:
      return 'none';
  }
}
