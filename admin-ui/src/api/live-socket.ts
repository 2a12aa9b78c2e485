import type { ClientToServerEvents, ServerToClientEvents } from '@cordboard/daemon/contract';
import { io, type Socket } from 'socket.io-client';

export type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** The socket on which the box tells what happens. It connects, and connects again, by itself. */
export function openLiveSocket(token: () => string | null): LiveSocket {
  return io({
    path: '/socket.io',
    transports: ['websocket', 'polling'],
    auth: (give) => give({ token: token() }),
    reconnectionDelay: 500,
    reconnectionDelayMax: 3000,
    timeout: 5000,
    autoConnect: false,
  });
}
