// A queue with agents at their telephones, call control and the distributor, for tests of who gets which call.
import { Distributor, QueueBook, type Sayer } from '../../daemon/src/acd/index.js';
import { AgentBook, StationBook } from '../../daemon/src/agents/index.js';
import type { FlowSession } from '../../daemon/src/calls/index.js';
import type { QueueRow } from '../../daemon/src/db/index.js';
import { Metrics, silentLog } from '../../daemon/src/platform/index.js';
import { answeredCall, callDesk, flowOf } from './call-desk.js';
import { agentRow, queueRow } from './db-rows.js';
import { until } from './turns.js';

const toSales = flowOf(async (session: FlowSession) => {
  await session.queue('sales');
  session.release(16);
});

/** Agents 2001 and 2002 at stations 1 and 2, ready in this order. */
export async function floor(queue: Partial<QueueRow> = {}) {
  const desk = await callDesk(toSales);
  const { clock, db, live, calls } = desk;
  await db.write(async (tx) => {
    await tx.queues.insert(queueRow({ id: 'sales', wrapUpMs: 10_000, shortAbandonMs: 0, ...queue }));
    for (const id of ['2001', '2002']) await tx.agents.insert(agentRow({ id, queues: ['sales'] }));
  });
  const agents = new AgentBook({ db, live, clock, log: silentLog, metrics: new Metrics() });
  const stations: StationBook = new StationBook({
    lines: desk.lines,
    changed: (station) => live.emit('station.updated', { ...stations.find(station)!, agentId: null, callId: null }),
  });
  const queues = new QueueBook({ db, calls, agents, live, clock, log: silentLog });
  const music = (): Promise<string[]> => Promise.resolve(['/music.wav']);
  const say: Sayer = (what) => Promise.resolve([`/say/${JSON.stringify(what)}`]);
  const distributor = new Distributor({ db, calls, agents, stations, queues, live, music, say, clock, log: silentLog });
  desk.signedIn.at = (station) => agents.takerAt(station);
  await agents.start(() => true);
  await distributor.start();
  stations.start();
  await queues.start();
  const ready = async (id: string): Promise<void> => {
    await agents.signIn(id, Number(id) - 2000);
    await clock.advance(1000);
  };
  return { ...desk, agents, stations, queues, distributor, ready };
}
export type Floor = Awaited<ReturnType<typeof floor>>;

export function rings(desk: Floor, station: number): Promise<void> {
  return until(() => desk.engine.ringing(station) !== undefined, `station ${station} rings`);
}

export async function waitingCall(desk: Floor, timeslot = 1) {
  const call = await answeredCall(desk, { timeslot });
  await until(() => desk.calls.find(call.callId)?.phase !== 'inFlow', 'the call is queued');
  return call;
}
