import { api, told } from '@/api/client';
import { lineContext, microphoneContext } from './contexts';

/** Where what is said into a telephone comes from. */
export type Mouth = 'silence' | 'microphone' | 'voice' | 'file';

/** Why there is no microphone; a key of words. */
export type NoMicrophone = 'insecure' | 'denied' | 'missing' | 'failed';

export class NoMicrophoneError extends Error {
  constructor(readonly why: NoMicrophone) {
    super(why);
  }
}

export interface OpenMouth {
  /** the node that speaks */
  node: AudioWorkletNode;
  close(): void;
}

/** Browsers show their microphones to pages of this machine and of https alone. */
export const microphoneThere = (): boolean =>
  window.isSecureContext && typeof navigator.mediaDevices?.getUserMedia === 'function';

/** NoMicrophoneError */
export async function openMicrophone(): Promise<OpenMouth> {
  if (!microphoneThere()) throw new NoMicrophoneError('insecure');
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      // a telephone line does without what makes speech pleasant for a meeting, and the box levels it itself
      audio: { echoCancellation: true, noiseSuppression: false, autoGainControl: false },
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : '';
    throw new NoMicrophoneError(
      name === 'NotAllowedError' ? 'denied' : name === 'NotFoundError' ? 'missing' : 'failed',
    );
  }
  const context = await microphoneContext();
  const source = context.createMediaStreamSource(stream);
  const node = mouthNode(context);
  // what the line cannot carry would be heard as something else
  let last: AudioNode = source;
  for (let i = 0; i < 2; i += 1) {
    const filter = new BiquadFilterNode(context, { type: 'lowpass', frequency: 3500, Q: 0.7 });
    last.connect(filter);
    last = filter;
  }
  last.connect(node);
  return {
    node,
    close() {
      for (const track of stream.getTracks()) track.stop();
      void context.close();
    },
  };
}

/** Says a sound again and again. Rejects when the browser cannot read it. */
export async function openSound(sound: ArrayBuffer): Promise<OpenMouth> {
  const context = await lineContext();
  const buffer = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(sound);
  const source = new AudioBufferSourceNode(context, { buffer, loop: true });
  const node = mouthNode(context);
  source.connect(node);
  source.start();
  return {
    node,
    close() {
      source.stop();
      source.disconnect();
      node.disconnect();
    },
  };
}

/** A voice that the box brings along: what a caller or an agent says. */
export async function testVoice(language: 'zh-CN' | 'en', who: 'caller' | 'agent'): Promise<ArrayBuffer> {
  const path = { language, name: `demo-${who}` };
  const answer = api.GET('/api/v1/prompts/{language}/{name}/audio', { params: { path }, parseAs: 'blob' });
  return ((await told(answer)) as unknown as Blob).arrayBuffer();
}

function mouthNode(context: AudioContext): AudioWorkletNode {
  return new AudioWorkletNode(context, 'line-mouth', { numberOfInputs: 1, numberOfOutputs: 0, channelCount: 1 });
}
