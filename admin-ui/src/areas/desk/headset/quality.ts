import { mosOf } from '@cordboard/daemon/contract';

/** How a call sounds here, of the browser's own figures. */
export interface Quality {
  /** 0 to 1, of the last seconds */
  lossShare: number;
  jitterMs: number;
  roundTripMs: number | null;
  /** 1 to 4.5 (ITU-T G.107) */
  mos: number;
}

interface Counted {
  packetsReceived: number;
  packetsLost: number;
}

/** Asked again and again, it tells what has happened in between. */
export function qualityOf(connection: RTCPeerConnection): () => Promise<Quality | undefined> {
  let before: Counted = { packetsReceived: 0, packetsLost: 0 };
  return async () => {
    const report = (await connection.getStats()) as unknown as Map<string, Record<string, unknown>>;
    let quality: Quality | undefined;
    let roundTripMs: number | null = null;
    let codec = '';
    for (const entry of report.values()) {
      if (entry['type'] === 'remote-inbound-rtp' && typeof entry['roundTripTime'] === 'number')
        roundTripMs = entry['roundTripTime'] * 1000;
      if (entry['type'] !== 'inbound-rtp' || entry['kind'] !== 'audio') continue;
      codec = String(report.get(String(entry['codecId']))?.['mimeType']).replace(/^audio\//, '');
      const now = { packetsReceived: Number(entry['packetsReceived']), packetsLost: Number(entry['packetsLost']) };
      const lost = Math.max(0, now.packetsLost - before.packetsLost);
      const all = lost + now.packetsReceived - before.packetsReceived;
      before = now;
      const lossShare = all > 0 ? lost / all : 0;
      quality = { lossShare, jitterMs: Number(entry['jitter']) * 1000, roundTripMs: null, mos: 0 };
    }
    if (quality === undefined) return undefined;
    const delayMs = (roundTripMs ?? 40) / 2 + 2 * quality.jitterMs + 40;
    return { ...quality, roundTripMs, mos: mosOf({ codec, delayMs, lossShare: quality.lossShare }) };
  };
}
