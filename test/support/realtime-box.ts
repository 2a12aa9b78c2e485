// The live pages' socket on top of the HTTP server of http-box.ts, and pages that listen to it.
import { io, type Socket } from 'socket.io-client';
import { onTestFinished } from 'vitest';
import type { ClientToServerEvents, LiveSnapshot, ServerToClientEvents } from '../../daemon/src/contract/index.js';
import { hostAllowed } from '../../daemon/src/http/index.js';
import { createRealtime, type Realtime } from '../../daemon/src/realtime/index.js';
import { httpBox, type HttpBox } from './http-box.js';
import { T0 } from './db-rows.js';

export type Page = Socket<ServerToClientEvents, ClientToServerEvents>;

export interface RealtimeBox extends HttpBox {
  realtime: Realtime;
  /** Opens a page; it is connected or refused when the promise settles. */
  page(token: string | undefined, headers?: Record<string, string>): Promise<HeardPage>;
}

export interface HeardPage {
  socket: Page;
  /** [event, data] in the order in which they came */
  heard: [string, unknown][];
  snapshots(): LiveSnapshot[];
  /** the events that came, without snapshots */
  names(): string[];
}

export async function realtimeBox(): Promise<RealtimeBox> {
  const box = await httpBox();
  const { world } = box.ports;
  const realtime = createRealtime({
    server: box.http.server,
    authenticate: (token, address) => box.http.sessions.authenticate(token, address),
    hostAllowed: (host) => hostAllowed(host, box.http.hostRule),
    allowedHosts: [],
    live: box.ports.live,
    snapshot: () => ({ at: T0, colleagues: [], lineQualities: [], ...structuredClone(world) }),
    dbEvents: box.db.events,
    language: 'zh-CN',
    clock: box.clock,
    metrics: box.metrics,
  });
  realtime.start();
  onTestFinished(() => realtime.stop());
  return { ...box, realtime, page: (token, headers) => openPage(box.base, token, headers) };
}

async function openPage(base: string, token: string | undefined, headers?: Record<string, string>): Promise<HeardPage> {
  const socket: Page = io(base, {
    auth: token === undefined ? {} : { token },
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    extraHeaders: { 'Accept-Language': 'en', ...headers },
  });
  onTestFinished(() => void socket.disconnect());
  const heard: [string, unknown][] = [];
  socket.onAny((event: string, data: unknown) => heard.push([event, data]));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return {
    socket,
    heard,
    snapshots: () => heard.filter(([event]) => event === 'snapshot').map(([, data]) => data as LiveSnapshot),
    names: () => heard.map(([event]) => event).filter((event) => event !== 'snapshot'),
  };
}
