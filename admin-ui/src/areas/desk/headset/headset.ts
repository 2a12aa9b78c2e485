import type { WebPhonePass } from '@cordboard/daemon/contract';
import type { UA } from 'jssip';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { RefusedError } from '@/api/errors';
import { useProblem } from '@/composables/problem';
import { useSession } from '@/stores/session';
import { deskBox } from '../api';
import { measure } from './meter';
import { whenNetworkChanges } from './network';
import { qualityOf, type Quality } from './quality';
import { makeRinger } from './ringer';

/** elsewhere: another tab is the telephone; refused: the browser gives no microphone */
export type HeadsetState = 'off' | 'starting' | 'ready' | 'lost' | 'elsewhere' | 'refused' | 'failed';

const TAB = 'cordboard.tab';
const INPUT = 'cordboard.headset.input';
const OUTPUT = 'cordboard.headset.output';
const RINGER = 'cordboard.headset.ringer';
/** says back what is said */
const ECHO_TEST = '*43';
/** of this tab, so that a page that is loaded anew is what it was: that it is a telephone, and the dialog of its call */
const ON = 'cordboard.headset.on';
const TALK = 'cordboard.headset.talk';
/** closed by the box for good: another tab, or signed out */
const TAKEN_OVER = 4001;
const SIGNED_OUT = 4002;
/** what is said while the microphone is off, 0 to 1, and for how long, in tenths of a second */
const SPEECH = 0.45;
const SPOKEN = 5;
const QUALITY_MS = 2000;
/** A call that rings so soon after a number was dialled here is that number's. */
const DIALLED_MS = 10_000;

type Session = ReturnType<UA['call']>;

/*
 * A pass of the session ─→ SIP over the port of the pages (JsSIP) ─→ calls of the station ─→ microphone and loudspeaker
 */
export const useHeadset = defineStore('headset', () => {
  const session = useSession();
  const sentenceOf = useProblem();

  const state = ref<HeadsetState>('off');
  const why = ref('');
  const level = ref(0);
  const muted = ref(false);
  /** somebody speaks, and nobody hears it */
  const unheard = ref(false);
  const quality = shallowRef<Quality>();
  const inputs = shallowRef<MediaDeviceInfo[]>([]);
  const outputs = shallowRef<MediaDeviceInfo[]>([]);
  const input = ref(localStorage.getItem(INPUT) ?? '');
  const output = ref(localStorage.getItem(OUTPUT) ?? '');
  /** where it rings, which may be heard by who has put the headset down */
  const ringer = ref(localStorage.getItem(RINGER) ?? '');
  const ringing = shallowRef<Session>();
  const talking = shallowRef<Session>();
  /** that which goes to the echo test, from when it is dialled */
  const testing = shallowRef<Session>();

  const speaker = new Audio();
  speaker.autoplay = true;
  speaker.dataset['headset'] = '';

  const bell = makeRinger();
  watch(ringing, (now) => (now === undefined || dialledHere() ? bell.quiet() : bell.ring()));

  let agent: UA | undefined;
  let stream: MediaStream | undefined;
  let endMeter: (() => void) | undefined;
  let network: ReturnType<typeof whenNetworkChanges> | undefined;
  let qualityTimer: ReturnType<typeof setInterval> | undefined;
  let dialledAt = -Infinity;
  let relays: RTCIceServer[] = [];
  let domain = '';
  let loud = 0;

  const on = computed(() => state.value === 'ready' || state.value === 'lost');

  function tab(): string {
    const known = sessionStorage.getItem(TAB);
    if (known !== null) return known;
    const made = Array.from(crypto.getRandomValues(new Uint8Array(12)), (octet) => octet.toString(16)).join('');
    sessionStorage.setItem(TAB, made);
    return made;
  }

  async function microphone(): Promise<void> {
    const wanted: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    if (input.value !== '') wanted.deviceId = { ideal: input.value };
    const taken = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    const track = taken.getAudioTracks()[0];
    if (track === undefined) return;
    stream?.getTracks().forEach((old) => old.stop());
    stream = taken;
    track.enabled = !muted.value;
    endMeter?.();
    endMeter = measure(track, listen);
    const devices = await navigator.mediaDevices.enumerateDevices();
    inputs.value = devices.filter(({ kind }) => kind === 'audioinput');
    outputs.value = devices.filter(({ kind }) => kind === 'audiooutput');
    // Not every browser lets a page choose.
    if (outputs.value.length === 0) return;
    // What was chosen on another day, as far as it is still plugged in.
    const there = (id: string): string => (outputs.value.some(({ deviceId }) => deviceId === id) ? id : '');
    await speaker.setSinkId(there(output.value));
    await bell.at(there(ringer.value));
  }

  function listen(now: number): void {
    level.value = now;
    loud = muted.value && now > SPEECH ? loud + 1 : 0;
    unheard.value = loud >= SPOKEN || (unheard.value && muted.value && now > SPEECH / 2);
  }

  /** Makes this page the telephone; `takeOver`: whatever page is it now. */
  async function start(takeOver = false): Promise<void> {
    const id = session.user?.agentId;
    if (id === null || id === undefined || state.value === 'starting' || on.value) return;
    why.value = '';
    // One that could not register is still there, and in a talk it keeps it.
    if (agent !== undefined && talking.value !== undefined) {
      state.value = 'lost';
      agent.register();
      return;
    }
    if (agent !== undefined) stop();
    state.value = 'starting';
    try {
      await microphone();
    } catch {
      state.value = 'refused';
      return;
    }
    try {
      await begin(await deskBox.webPhone(id, tab(), takeOver));
    } catch (error) {
      release();
      state.value = error instanceof RefusedError && error.code === 'web_phone_elsewhere' ? 'elsewhere' : 'failed';
      why.value = sentenceOf(error);
    }
  }

  /** After the page was loaded anew. */
  function resume(): void {
    if (state.value === 'off' && sessionStorage.getItem(ON) !== null) void start();
  }

  /** The call that this tab was in goes on here (RFC 3891): to the box another telephone of the station takes it over. */
  function rejoin(station: number): void {
    const replaces = sessionStorage.getItem(TALK);
    sessionStorage.removeItem(TALK);
    if (replaces !== null) call(String(station), [`Replaces: ${replaces}`]);
  }

  function call(user: string, extraHeaders: string[] = []): Session | undefined {
    if (stream === undefined) return undefined;
    const made = agent?.call(`sip:${user}@${domain}`, {
      ...{ mediaStream: stream, pcConfig: { iceServers: relays }, extraHeaders },
      eventHandlers: { peerconnection: hear },
    });
    if (made !== undefined) follow(made);
    return made;
  }

  async function begin({ station, user, password, path, ...pass }: WebPhonePass): Promise<void> {
    const { default: JsSIP } = await import('jssip');
    ({ domain, iceServers: relays } = pass);
    const socket = new JsSIP.WebSocketInterface(new URL(path, location.href.replace(/^http/, 'ws')).href);
    agent = new JsSIP.UA({
      sockets: [socket],
      uri: `sip:${station}@${domain}`,
      authorization_user: user,
      password,
      session_timers: false,
      register_expires: 120,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 10,
    });
    const { transport } = agent as unknown as { transport: { disconnect(): void; connect(): void } };
    network?.end();
    network = whenNetworkChanges(() => {
      if (agent?.isConnected() === true) transport.disconnect();
      transport.connect();
    });
    agent.on('registered', () => {
      const first = state.value === 'starting';
      state.value = 'ready';
      sessionStorage.setItem(ON, '1');
      if (first) rejoin(station);
    });
    agent.on('connected', () => {
      // The network has changed: the way of the sound is looked for anew, and the call goes on.
      if (talking.value !== undefined)
        talking.value.renegotiate({ rtcOfferConstraints: { iceRestart: true } } as never);
    });
    agent.on('disconnected', ({ code }) => {
      if (code === TAKEN_OVER || code === SIGNED_OUT) stop(code === TAKEN_OVER ? 'elsewhere' : 'off');
      else if (state.value === 'ready') state.value = 'lost';
    });
    agent.on('registrationFailed', ({ cause }) => {
      why.value = String(cause);
      state.value = 'failed';
    });
    agent.on('newRTCSession', ({ session: made, originator }: { session: Session; originator: string }) => {
      if (String(originator) === 'remote') comes(made);
    });
    agent.start();
  }

  const dialledHere = (): boolean => performance.now() - dialledAt < DIALLED_MS;

  function comes(made: Session): void {
    if (talking.value !== undefined || testing.value !== undefined) return void made.terminate({ status_code: 486 });
    ringing.value = made;
    made.on('peerconnection', hear);
    follow(made);
    if (dialledHere()) answer();
  }

  function hear({ peerconnection }: { peerconnection: RTCPeerConnection }): void {
    peerconnection.addEventListener('track', ({ track }) => {
      speaker.srcObject = new MediaStream([track]);
    });
  }

  function follow(made: Session): void {
    made.on('confirmed', () => keepDialog(made));
    made.on('accepted', () => {
      ringing.value = undefined;
      talking.value = made;
      network?.watch(made.connection, () => end(made));
      const ask = qualityOf(made.connection);
      qualityTimer = setInterval(() => void ask().then((now) => (quality.value = now)), QUALITY_MS);
    });
    const over = (): void => {
      if (ringing.value === made) ringing.value = undefined;
      if (testing.value === made) testing.value = undefined;
      if (talking.value !== made) return;
      talking.value = undefined;
      quality.value = undefined;
      clearInterval(qualityTimer);
      speaker.srcObject = null;
      sessionStorage.removeItem(TALK);
    };
    made.on('ended', over);
    made.on('failed', over);
  }

  function end(made: Session): void {
    if (!made.isEnded()) made.terminate();
  }

  /** As the box knows it, whose own tag comes first. */
  function keepDialog(made: Session): void {
    const { id } =
      (made as unknown as { _dialog: { id: { call_id: string; local_tag: string; remote_tag: string } } | null })
        ._dialog ?? {};
    if (id !== undefined)
      sessionStorage.setItem(TALK, `${id.call_id};to-tag=${id.remote_tag};from-tag=${id.local_tag}`);
  }

  function answer(): void {
    if (stream !== undefined) ringing.value?.answer({ mediaStream: stream, pcConfig: { iceServers: relays } });
  }

  /** A number has been dialled on this page: the telephone that rings next need not be lifted. */
  function dialled(): void {
    if (on.value) dialledAt = performance.now();
  }

  /** He says something and hears it as others will, until he ends it. */
  function beginTest(): void {
    if (talking.value !== undefined || ringing.value !== undefined) return;
    mute(false);
    testing.value = call(ECHO_TEST);
  }

  function endTest(): void {
    if (testing.value !== undefined) end(testing.value);
  }

  function mute(off: boolean): void {
    muted.value = off;
    unheard.value = false;
    stream?.getAudioTracks().forEach((track) => (track.enabled = !off));
  }

  async function chooseInput(id: string): Promise<void> {
    input.value = id;
    localStorage.setItem(INPUT, id);
    await microphone();
    const track = stream?.getAudioTracks()[0] ?? null;
    await talking.value?.connection.getSenders()[0]?.replaceTrack(track);
  }

  async function chooseOutput(id: string): Promise<void> {
    output.value = id;
    localStorage.setItem(OUTPUT, id);
    await speaker.setSinkId(id);
  }

  async function chooseRinger(id: string): Promise<void> {
    ringer.value = id;
    localStorage.setItem(RINGER, id);
    await bell.at(id);
  }

  function release(): void {
    endMeter?.();
    endMeter = undefined;
    stream?.getTracks().forEach((track) => track.stop());
    stream = undefined;
    level.value = 0;
  }

  function stop(then: HeadsetState = 'off'): void {
    const ending = agent;
    network?.end();
    agent = undefined;
    ending?.stop();
    sessionStorage.removeItem(ON);
    release();
    state.value = then;
  }

  return {
    ...{ state, why, on, level, muted, unheard, quality, inputs, outputs, input, output, ringer },
    ...{ ringing, talking, testing },
    ...{ start, resume, stop, answer, dialled, beginTest, endTest, mute, chooseInput, chooseOutput, chooseRinger },
  };
});
