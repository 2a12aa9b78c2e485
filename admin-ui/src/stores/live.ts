import type {
  Agent,
  Call,
  Colleague,
  LineQuality,
  LiveEvents,
  LiveSnapshot,
  Queue,
  QueueStatus,
  Segment,
  Span,
  Station,
} from '@cordboard/daemon/contract';
import { LiveSequence } from '@cordboard/daemon/contract';
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive } from 'vue';
import { box } from '@/api/box';
import { openLiveSocket, type LiveSocket } from '@/api/live-socket';
import { boxTime, holdTime, setBoxTime } from '@/composables/now';
import { useSession } from './session';

/*
 * snapshot ─→ replaces everything ┐
 * events   ─→ replace one thing   ├─→ maps by id ─→ pages
 * A new connection asks for a snapshot: what was missed in between is never pieced together.
 */

type Listener<T> = (value: T) => void;

/** events that have listeners of their own here */
const shown = new Set<string>([
  ...['call.updated', 'call.removed', 'call.segment', 'agent.updated'],
  ...['queue.updated', 'span.updated', 'station.updated', 'colleagues.changed', 'agent.line'],
]);

export const useLive = defineStore('live', () => {
  const session = useSession();

  const calls = shallowReactive(new Map<string, Call>());
  const agents = shallowReactive(new Map<string, Agent>());
  /** of agents who do not hear of each other */
  const colleagues = shallowReactive(new Map<string, Colleague>());
  /** how the lines of agents sound who talk over IP, by agent */
  const lineQualities = shallowReactive(new Map<string, LineQuality>());
  const queues = shallowReactive(new Map<string, QueueStatus>());
  const spans = shallowReactive(new Map<number, Span>());
  const stations = shallowReactive(new Map<number, Station>());
  /** thresholds and names; only supervisors and administrators may read them */
  const queueSettings = shallowReactive(new Map<string, Queue>());

  /** what is on the page is how the box is now */
  const connected = ref(false);
  /** box time since when nothing is heard; null while connected or before the first connection */
  const lostAt = ref<number | null>(null);
  const everConnected = ref(false);
  const failing = ref(false);
  const unreachable = computed(() => failing.value && !connected.value);

  const segmentListeners = new Set<Listener<Segment>>();
  const removalListeners = new Set<Listener<string>>();
  /** of pages that show what is kept in no map here */
  const eventListeners = new Map<string, Set<Listener<unknown>>>();

  let socket: LiveSocket | null = null;
  const sequence = new LiveSequence();

  /** Does it for what comes in its turn, and asks for the whole when something was missed. */
  const inTurn =
    <T>(work: Listener<T>) =>
    (value: T, seq: number): void => {
      const { apply, sync } = sequence.event(seq);
      if (sync) socket?.emit('sync');
      if (apply) work(value);
    };

  function start(): void {
    if (socket) return;
    socket = openLiveSocket(() => session.token);

    socket.on('connect', () => {
      sequence.reset();
      // the box sends a snapshot to whoever connects; asking again after a loss makes sure of a whole picture
      if (everConnected.value) socket?.emit('sync');
    });
    socket.on('connect_error', (error) => {
      failing.value = true;
      // refused rather than unreachable: find out whether we are still known, then try again by hand
      if (!socket?.active) void refused(error);
    });
    socket.on('disconnect', (reason) => {
      lose();
      if (reason === 'io server disconnect') retrySoon();
    });
    socket.on('session.ended', ({ reason }) => {
      // stopping: the box comes back and knows the token still
      if (reason === 'changed') void session.refresh();
      else if (reason !== 'stopping') session.forget(reason === 'expired');
    });

    socket.on('snapshot', (snapshot, seq) => {
      const { apply, sync } = sequence.snapshot(seq);
      if (sync) socket?.emit('sync');
      if (apply) repaint(snapshot);
    });
    // What is not shown here is counted all the same: its numbers are no gaps.
    socket.onAny((event: string, data: unknown, seq: unknown) => {
      if (shown.has(event) || event === 'snapshot' || typeof seq !== 'number') return;
      const { apply, sync } = sequence.event(seq);
      if (sync) socket?.emit('sync');
      if (apply) for (const listener of eventListeners.get(event) ?? []) listener(data);
    });
    socket.on(
      'call.updated',
      inTurn((call) => {
        if (call.state === 'live') calls.set(call.id, call);
        else calls.delete(call.id);
        if (call.state !== 'live') tell(removalListeners, call.id);
      }),
    );
    socket.on(
      'call.removed',
      inTurn(({ id }) => {
        calls.delete(id);
        tell(removalListeners, id);
      }),
    );
    socket.on(
      'call.segment',
      inTurn((segment) => tell(segmentListeners, segment)),
    );
    socket.on(
      'agent.updated',
      inTurn((agent) => agents.set(agent.id, agent)),
    );
    socket.on(
      'agent.line',
      inTurn(({ agentId, quality }) => {
        if (quality === null) lineQualities.delete(agentId);
        else lineQualities.set(agentId, quality);
      }),
    );
    socket.on(
      'colleagues.changed',
      inTurn(({ colleagues: changed }) => changed.forEach((one) => colleagues.set(one.id, one))),
    );
    socket.on(
      'queue.updated',
      inTurn((queue) => queues.set(queue.id, queue)),
    );
    socket.on(
      'span.updated',
      inTurn((span) => spans.set(span.span, span)),
    );
    socket.on(
      'station.updated',
      inTurn((station) => stations.set(station.station, station)),
    );

    socket.connect();
  }

  function stop(): void {
    socket?.disconnect();
    socket?.removeAllListeners();
    socket = null;
    connected.value = false;
    everConnected.value = false;
    failing.value = false;
    lostAt.value = null;
    for (const map of [calls, agents, colleagues, lineQualities, queues, spans, stations, queueSettings]) map.clear();
  }

  function repaint(snapshot: LiveSnapshot): void {
    setBoxTime(snapshot.at);
    replace(calls, snapshot.calls, (call) => call.id);
    replace(agents, snapshot.agents, (agent) => agent.id);
    replace(colleagues, snapshot.colleagues, (one) => one.id);
    replace(lineQualities, snapshot.lineQualities, (one) => one.agentId);
    replace(queues, snapshot.queues, (queue) => queue.id);
    replace(spans, snapshot.spans, (span) => span.span);
    replace(stations, snapshot.stations, (station) => station.station);
    connected.value = true;
    everConnected.value = true;
    failing.value = false;
    lostAt.value = null;
    if (session.may('queues.view')) void readQueueSettings();
  }

  async function readQueueSettings(): Promise<void> {
    try {
      replace(queueSettings, await box.queues(), (queue) => queue.id);
    } catch {
      // the floor does without its warning colours until the next snapshot
    }
  }

  function lose(): void {
    if (connected.value) {
      lostAt.value = boxTime();
      holdTime();
    }
    connected.value = false;
    failing.value = true;
  }

  async function refused(error: Error): Promise<void> {
    await session.refresh();
    if (session.token) retrySoon();
    else console.info(`live events refused: ${error.message}`);
  }

  function retrySoon(): void {
    window.setTimeout(() => socket?.connect(), 2000);
  }

  function onSegment(listener: Listener<Segment>): () => void {
    segmentListeners.add(listener);
    return () => segmentListeners.delete(listener);
  }

  /** A call that was live is so no longer; its row in the list of calls is final. */
  function onCallEnded(listener: Listener<string>): () => void {
    removalListeners.add(listener);
    return () => removalListeners.delete(listener);
  }

  /** Of what is shown on one page alone; what was missed while the connection was lost is asked for by the page. */
  function onEvent<E extends keyof LiveEvents>(event: E, listener: Listener<LiveEvents[E]>): () => void {
    const listeners = eventListeners.get(event) ?? new Set();
    eventListeners.set(event, listeners);
    listeners.add(listener as Listener<unknown>);
    return () => listeners.delete(listener as Listener<unknown>);
  }

  return {
    calls,
    agents,
    colleagues,
    lineQualities,
    queues,
    spans,
    stations,
    queueSettings,
    connected,
    everConnected,
    unreachable,
    lostAt,
    start,
    stop,
    onSegment,
    onCallEnded,
    onEvent,
  };
});

function replace<K, T>(map: Map<K, T>, values: readonly T[], key: (value: T) => K): void {
  const fresh = new Map(values.map((value) => [key(value), value]));
  for (const old of map.keys()) if (!fresh.has(old)) map.delete(old);
  for (const [id, value] of fresh) map.set(id, value);
}

function tell<T>(listeners: ReadonlySet<Listener<T>>, value: T): void {
  for (const listener of listeners) listener(value);
}
