import type {
  ErrorBody,
  ExchangeCall,
  ExchangePhone,
  LineClientEvents,
  LineServerEvents,
  LineTarget,
} from '@cordboard/daemon/contract';
import { io, type Socket } from 'socket.io-client';
import { RefusedError, UnreachableError } from '@/api/errors';
import { useSession } from '@/stores/session';

/*
 * page ── listen, say ──→ the box
 *      ←── heard, phone, call ──
 * One socket for all telephones of the page, open as long as somebody uses it. After a break every ear listens anew.
 */

interface Ear {
  target: LineTarget;
  heard: (octets: Uint8Array) => void;
  gone: () => void;
}

interface Listener {
  phone?: (phone: ExchangePhone) => void;
  call?: (call: ExchangeCall) => void;
  /** the box is heard, perhaps after a break: what has happened before was not told */
  heardAgain?: () => void;
}

/** A browser that has much to do takes its time. */
const CONNECT_MS = 15_000;

const ears = new Map<number, Ear>();
const listeners = new Set<Listener>();
let socket: Socket<LineServerEvents, LineClientEvents> | undefined;
let lastEar = 0;

function opened(): Socket<LineServerEvents, LineClientEvents> {
  if (socket) return socket;
  const session = useSession();
  const made: Socket<LineServerEvents, LineClientEvents> = io('/line', {
    path: '/socket.io',
    transports: ['websocket'],
    forceNew: true,
    auth: (give) => give({ token: session.token }),
    reconnectionDelay: 500,
    reconnectionDelayMax: 3000,
  });
  made.on('connect', () => {
    for (const [ear, { target }] of ears) made.emit('listen', ear, target, (refused) => refused && drop(ear));
    listeners.forEach((listener) => listener.heardAgain?.());
  });
  made.on('heard', (ear, octets) => ears.get(ear)?.heard(new Uint8Array(octets)));
  made.on('gone', drop);
  made.on('phone', (phone) => listeners.forEach((listener) => listener.phone?.(phone)));
  made.on('call', (call) => listeners.forEach((listener) => listener.call?.(call)));
  socket = made;
  return made;
}

function drop(ear: number): void {
  const gone = ears.get(ear);
  ears.delete(ear);
  gone?.gone();
  closeIfUnused();
}

function closeIfUnused(): void {
  if (ears.size > 0 || listeners.size > 0) return;
  socket?.disconnect();
  socket = undefined;
}

/** What telephones and calls of the simulator do, at once; gives the way to stop it. */
export function watchLines(listener: Listener): () => void {
  listeners.add(listener);
  opened();
  return () => {
    listeners.delete(listener);
    closeIfUnused();
  };
}

export interface OpenLine {
  say(octets: Uint8Array): void;
  leave(): void;
}

/** Listens. Rejects with what the box has against it, or when it cannot be reached. */
export async function listenTo(target: LineTarget, heard: Ear['heard'], gone: Ear['gone']): Promise<OpenLine> {
  const ear = (lastEar += 1);
  const line = opened();
  // one that is not connected yet says it to the box when it is
  if (line.connected) await ask(ear, target);
  else await connected(line).then(() => ask(ear, target));
  ears.set(ear, { target, heard, gone });
  return {
    say: (octets) => {
      if (line.connected) line.emit('say', ear, octets);
    },
    leave() {
      if (!ears.delete(ear)) return;
      line.emit('leave', ear);
      closeIfUnused();
    },
  };
}

function connected(line: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(() => reject(new UnreachableError()), CONNECT_MS);
    line.once('connect', () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}

async function ask(ear: number, target: LineTarget): Promise<void> {
  const refused = await new Promise<ErrorBody | null>((resolve) => opened().emit('listen', ear, target, resolve));
  if (refused) throw new RefusedError(503, refused.error.code, refused.error.message, refused.error.details);
}
