// Whoever has several tabs of the desk open hears one ring and sees one notification: one tab leads.
import { onScopeDispose, ref, watch, type Ref } from 'vue';

const LEASE = 'cordboard.desk.leader';
const LEASE_MS = 3000;
const CHOICES = 'cordboard.desk.alerts';

interface Choices {
  desktop: boolean;
  sound: boolean;
}

/** Whether this tab leads: by a lock of the browser, or, where there is none (http by name), by a lease in its storage. */
export function useLeader(): Ref<boolean> {
  const leads = ref(false);
  const leaving = new AbortController();
  if ('locks' in navigator) {
    navigator.locks
      .request(LEASE, { signal: leaving.signal }, () => {
        leads.value = true;
        return new Promise<void>((resolve) => leaving.signal.addEventListener('abort', () => resolve()));
      })
      // left before it was its turn
      .catch(() => undefined);
  } else {
    const me = Math.random().toString(36).slice(2);
    const renew = (): void => {
      const [owner, until] = (localStorage.getItem(LEASE) ?? '').split(' ');
      leads.value = owner === me || Number(until ?? 0) < Date.now();
      if (leads.value) localStorage.setItem(LEASE, `${me} ${Date.now() + LEASE_MS}`);
    };
    renew();
    const timer = window.setInterval(renew, LEASE_MS / 3);
    leaving.signal.addEventListener('abort', () => {
      window.clearInterval(timer);
      if (leads.value) localStorage.removeItem(LEASE);
    });
  }
  onScopeDispose(() => leaving.abort());
  return leads;
}

/** `text`: what rings, as long as it does; empty: nothing. `heard`: it rings on this page already. */
export function useAlerts(text: Ref<string>, title: () => string, heard: () => boolean) {
  const leads = useLeader();
  const choices = ref<Choices>(read());
  const permission = ref(supported() ? Notification.permission : 'denied');
  let shown: Notification | null = null;
  let flash = 0;
  let tone: { stop(): void } | null = null;
  let plain = '';

  async function choose(change: Partial<Choices>): Promise<void> {
    if (change.desktop && supported()) permission.value = await Notification.requestPermission();
    choices.value = { ...choices.value, ...change };
    localStorage.setItem(CHOICES, JSON.stringify(choices.value));
  }

  function end(): void {
    shown?.close();
    shown = null;
    tone?.stop();
    tone = null;
    if (flash !== 0) {
      window.clearInterval(flash);
      flash = 0;
      document.title = plain;
    }
  }

  watch(
    text,
    (now) => {
      end();
      if (now === '') return;
      plain = document.title;
      let on = false;
      const turn = (): void => {
        on = !on;
        document.title = on ? `☎ ${now}` : plain;
      };
      turn();
      flash = window.setInterval(turn, 1000);
      if (!leads.value) return;
      if (choices.value.sound && !heard()) tone = ring();
      if (choices.value.desktop && permission.value === 'granted' && document.visibilityState !== 'visible') {
        shown = new Notification(title(), { body: now, tag: 'cordboard-call' });
        shown.onclick = () => window.focus();
      }
    },
    { immediate: true },
  );
  onScopeDispose(end);

  return { leads, choices, permission, choose, supported: supported() };
}

const supported = (): boolean => 'Notification' in window && window.isSecureContext;

function read(): Choices {
  try {
    return { desktop: false, sound: false, ...(JSON.parse(localStorage.getItem(CHOICES) ?? '{}') as Partial<Choices>) };
  } catch {
    return { desktop: false, sound: false };
  }
}

/** Two soft notes every two seconds. */
function ring(): { stop(): void } {
  const context = new AudioContext();
  const once = (): void => {
    for (const [offset, hertz] of [
      [0, 660],
      [0.25, 880],
    ] as const) {
      const note = context.createOscillator();
      const volume = context.createGain();
      const at = context.currentTime + offset;
      note.frequency.value = hertz;
      volume.gain.setValueAtTime(0.12, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.22);
      note.connect(volume).connect(context.destination);
      note.start(at);
      note.stop(at + 0.25);
    }
  };
  once();
  const timer = window.setInterval(once, 2000);
  return {
    stop() {
      window.clearInterval(timer);
      void context.close();
    },
  };
}
