import type { LineTarget } from '@cordboard/daemon/contract';
import { onScopeDispose, ref, type Ref } from 'vue';
import { lineContext, wakeSound } from './contexts';
import { listenTo, type OpenLine } from './line-socket';
import { NoMicrophoneError, openMicrophone, openSound, type Mouth, type NoMicrophone, type OpenMouth } from './mouths';

export interface LineSound {
  /** whether this page hears the line */
  on: Ref<boolean>;
  joining: Ref<boolean>;
  /** why it does not */
  problem: Ref<unknown>;
  noMicrophone: Ref<NoMicrophone | null>;
  /** 0 to 1 */
  heardLevel: Ref<number>;
  saidLevel: Ref<number>;
  mouth: Ref<Mouth>;
  join: (target: LineTarget) => Promise<void>;
  leave: () => void;
  /** `sound`: of a file or a test voice */
  speak: (mouth: Mouth, sound?: () => Promise<ArrayBuffer>) => Promise<void>;
}

/** The sound of one telephone in this page; it ends with the component. */
export function useLine(): LineSound {
  const on = ref(false);
  const joining = ref(false);
  const problem = ref<unknown>(null);
  const noMicrophone = ref<NoMicrophone | null>(null);
  const heardLevel = ref(0);
  const saidLevel = ref(0);
  const mouth = ref<Mouth>('silence');

  let line: OpenLine | undefined;
  let ear: AudioWorkletNode | undefined;
  let open: OpenMouth | undefined;
  /** grows with each wish: what an older one brings is thrown away */
  let joins = 0;
  let speaks = 0;

  async function join(target: LineTarget): Promise<void> {
    wakeSound();
    leave();
    const mine = ++joins;
    joining.value = true;
    problem.value = null;
    try {
      const context = await lineContext();
      const node = new AudioWorkletNode(context, 'line-ear', { numberOfInputs: 0, outputChannelCount: [1] });
      node.port.onmessage = ({ data }: MessageEvent<{ level: number }>) => (heardLevel.value = data.level);
      const made = await listenTo(
        target,
        (octets) => node.port.postMessage(octets),
        () => mine === joins && leave(),
      );
      if (mine !== joins) {
        made.leave();
        return;
      }
      node.connect(context.destination);
      [line, ear] = [made, node];
      on.value = true;
    } catch (error) {
      if (mine === joins) problem.value = error;
    } finally {
      if (mine === joins) joining.value = false;
    }
  }

  function leave(): void {
    joins += 1;
    joining.value = false;
    on.value = false;
    heardLevel.value = 0;
    line?.leave();
    ear?.disconnect();
    line = ear = undefined;
  }

  async function speak(wanted: Mouth, sound?: () => Promise<ArrayBuffer>): Promise<void> {
    wakeSound();
    const mine = ++speaks;
    hush();
    mouth.value = wanted;
    noMicrophone.value = null;
    problem.value = null;
    if (wanted === 'silence' || (wanted !== 'microphone' && !sound)) return;
    try {
      const made = sound && wanted !== 'microphone' ? await openSound(await sound()) : await openMicrophone();
      if (mine !== speaks) {
        made.close();
        return;
      }
      made.node.port.onmessage = ({ data }: MessageEvent<{ octets?: Uint8Array; level?: number }>) => {
        if (data.octets) line?.say(data.octets);
        if (data.level !== undefined) saidLevel.value = data.level;
      };
      open = made;
    } catch (error) {
      if (mine !== speaks) return;
      mouth.value = 'silence';
      if (error instanceof NoMicrophoneError) noMicrophone.value = error.why;
      else problem.value = error;
    }
  }

  function hush(): void {
    open?.close();
    open = undefined;
    saidLevel.value = 0;
  }

  onScopeDispose(() => {
    leave();
    speaks += 1;
    hush();
  });

  return { on, joining, problem, noMicrophone, heardLevel, saidLevel, mouth, join, leave, speak };
}
