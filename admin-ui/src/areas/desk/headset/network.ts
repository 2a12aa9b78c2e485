/** Of Chromium, Android's too; other browsers tell by `online` alone. */
interface WithConnection {
  connection?: EventTarget;
}
/** Several events tell of one change: a network goes, another one comes. */
const SETTLED_MS = 200;
/** The box keeps a call for so long without a sign of the browser (RFC 7675). */
const KEPT_MS = 30_000;

/**
 * Calls `act` when the computer has another network or the way of a call is gone. To be told is needed: a WebSocket over a network that has gone
 * stays open for minutes, as nobody answers and nobody says so.
 */
export function whenNetworkChanges(act: () => void): {
  /** A call over `peer` outlives its way; `giveUp` is called when no other one is found. */
  watch(peer: RTCPeerConnection, giveUp: () => void): void;
  end(): void;
} {
  const { connection } = navigator as WithConnection;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const changed = (): void => {
    clearTimeout(timer);
    if (navigator.onLine) timer = setTimeout(act, SETTLED_MS);
  };
  window.addEventListener('online', changed);
  connection?.addEventListener('change', changed);
  return {
    watch(peer, giveUp) {
      const there = (): boolean => ['connected', 'completed'].includes(peer.iceConnectionState);
      let found = there();
      let ending: ReturnType<typeof setTimeout> | undefined;
      const look = (event: Event): void => {
        if (there()) {
          found = true;
          clearTimeout(ending);
        }
        if (!found || !['disconnected', 'failed'].includes(peer.iceConnectionState)) return;
        // JsSIP would end the call at once.
        event.stopImmediatePropagation();
        clearTimeout(ending);
        ending = setTimeout(giveUp, KEPT_MS);
        changed();
      };
      // Before those of JsSIP, which are there already.
      peer.addEventListener('iceconnectionstatechange', look, { capture: true });
    },
    end() {
      clearTimeout(timer);
      window.removeEventListener('online', changed);
      connection?.removeEventListener('change', changed);
    },
  };
}
