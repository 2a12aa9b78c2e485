// The routes of the box that a desk uses.
import type {
  CallAction,
  CallNotePut,
  ContactCreate,
  ContactPatch,
  DeskPhone,
  Language,
  RecordingAction,
  VoiceMessageState,
} from '@cordboard/daemon/contract';
import { api, patientApi, told } from '@/api/client';

const withId = (id: string) => ({ params: { path: { id } } });

/** A customer who is to be called back, by this agent where he is free. */
export interface LaterCall {
  queueId: string;
  number: string;
  /** ms; null: as soon as may be */
  at: number | null;
  note: string;
  language: Language;
  originalCallId: string | null;
  entry: { preferredAgent: { agentId: string; waitMs: number } };
}

export const deskBox = {
  targets: (signal?: AbortSignal) => told(api.GET('/api/v1/desk-targets', { signal })),
  reasons: (signal?: AbortSignal) => told(api.GET('/api/v1/agent-reasons', { signal })),
  dispositions: (signal?: AbortSignal) => told(api.GET('/api/v1/dispositions', { signal })),
  phone: (id: string, signal?: AbortSignal): Promise<DeskPhone> =>
    told(api.GET('/api/v1/agents/{id}/phone', { ...withId(id), signal })),
  movePhone: (id: string, action: 'lift' | 'hangUp'): Promise<DeskPhone> =>
    told(api.POST('/api/v1/agents/{id}/phone', { ...withId(id), body: { action } })),

  webPhone: (id: string, tab: string, takeOver: boolean) =>
    told(api.POST('/api/v1/agents/{id}/web-phone', { ...withId(id), body: { tab, takeOver } })),
  signIn: (id: string, station: number) =>
    told(api.POST('/api/v1/agents/{id}/sign-in', { ...withId(id), body: { station } })),
  setState: (id: string, state: 'ready' | 'notReady' | 'signedOut', reason?: string) =>
    told(
      api.POST('/api/v1/agents/{id}/state', {
        ...withId(id),
        body: reason === undefined ? { state } : { state, reason },
      }),
    ),
  extendWrapUp: (id: string, byMs: number) =>
    told(api.POST('/api/v1/agents/{id}/wrap-up', { ...withId(id), body: { byMs } })),
  pauseQueue: (id: string, queueId: string, active: boolean) =>
    told(api.PUT('/api/v1/agents/{id}/queues/{queueId}', { params: { path: { id, queueId } }, body: { active } })),
  today: (id: string, signal?: AbortSignal) => told(api.GET('/api/v1/agents/{id}/today', { ...withId(id), signal })),
  missed: (id: string, signal?: AbortSignal) => told(api.GET('/api/v1/agents/{id}/missed', { ...withId(id), signal })),
  setMissedDone: (id: string, callId: string, done: boolean) =>
    told(api.PATCH('/api/v1/agents/{id}/missed/{callId}', { params: { path: { id, callId } }, body: { done } })),
  unread: (id: string, signal?: AbortSignal) =>
    told(api.GET('/api/v1/agents/{id}/messages', { params: { path: { id }, query: { unread: 'true' } }, signal })),
  setRead: (id: string, message: string, read: boolean) =>
    told(api.PATCH('/api/v1/agents/{id}/messages/{message}', { params: { path: { id, message } }, body: { read } })),
  dialled: (id: string, signal?: AbortSignal) =>
    told(api.GET('/api/v1/agents/{id}/dialled', { ...withId(id), signal })),
  speedDials: async (id: string, signal?: AbortSignal) => {
    const [own, all] = await Promise.all([
      told(api.GET('/api/v1/agents/{id}/speed-dials', { ...withId(id), signal })),
      told(api.GET('/api/v1/speed-dials', { signal })),
    ]);
    return [...own, ...all];
  },
  shownNumbers: (id: string, signal?: AbortSignal) =>
    told(api.GET('/api/v1/agents/{id}/shown-numbers', { ...withId(id), signal })),
  showNumber: (id: string, number: string | null) =>
    told(api.PUT('/api/v1/agents/{id}/shown-numbers', { ...withId(id), body: { number } })),

  call: (to: string) => told(api.POST('/api/v1/calls', { body: { to } })),
  act: (id: string, body: CallAction) => told(api.POST('/api/v1/calls/{id}/actions', { ...withId(id), body })),
  take: (id: string) => told(api.POST('/api/v1/calls/{id}/take', { ...withId(id), body: {} })),
  pickUp: (from: number) => told(api.POST('/api/v1/calls/pick-up', { body: { from } })),
  record: (id: string, action: RecordingAction) =>
    told(api.POST('/api/v1/calls/{id}/recording', { ...withId(id), body: { action } })),
  survey: (id: string) => told(api.POST('/api/v1/calls/{id}/survey', { ...withId(id), body: {} })),
  putNote: (id: string, agentId: string, body: CallNotePut) =>
    told(api.PUT('/api/v1/calls/{id}/notes/{agentId}', { params: { path: { id, agentId } }, body })),

  contacts: (query: { number?: string; text?: string; limit?: number }, signal?: AbortSignal) =>
    told(api.GET('/api/v1/contacts', { params: { query }, signal })),
  addContact: (body: ContactCreate) => told(api.POST('/api/v1/contacts', { body })),
  changeContact: (id: string, body: ContactPatch) => told(api.PATCH('/api/v1/contacts/{id}', { ...withId(id), body })),
  history: (number: string, before?: string, signal?: AbortSignal) =>
    told(
      api.GET('/api/v1/contact-calls', {
        params: { query: before === undefined ? { number } : { number, before } },
        signal,
      }),
    ),

  /** `from`: the day has begun, ms */
  callsOf: (agentId: string, from: number, limit: number, signal?: AbortSignal) =>
    told(api.GET('/api/v1/calls', { params: { query: { agentId, from, limit } }, signal })),
  notesOf: (agentId: string, from: number, signal?: AbortSignal) =>
    told(api.GET('/api/v1/call-notes', { params: { query: { agentId, from, limit: 100 } }, signal })),

  callbacks: (signal?: AbortSignal) =>
    told(api.GET('/api/v1/callbacks', { params: { query: { open: 'true', limit: 50 } }, signal })),
  addCallback: (body: LaterCall) => told(api.POST('/api/v1/callbacks', { body })),
  cancelCallback: (id: string) => told(api.DELETE('/api/v1/callbacks/{id}', withId(id))),
  boxes: (signal?: AbortSignal) => told(api.GET('/api/v1/voicemail/boxes', { signal })),
  messages: (id: string, signal?: AbortSignal) =>
    told(api.GET('/api/v1/voicemail/boxes/{id}/messages', { ...withId(id), signal })),
  messageAudio: (id: string): Promise<Blob> =>
    told(patientApi.GET('/api/v1/voicemail/messages/{id}/audio', { ...withId(id), parseAs: 'blob' })),
  setMessage: (id: string, state: VoiceMessageState) =>
    told(api.PATCH('/api/v1/voicemail/messages/{id}', { ...withId(id), body: { state } })),
};
