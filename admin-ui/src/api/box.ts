import type {
  Call,
  CallDetail,
  CallList,
  CallState,
  ExchangeCall,
  ExchangeCallCreate,
  ExchangePhone,
  Health,
  PhoneBehaviour,
  Queue,
  Route,
  Session,
  SetupRequest,
  SignedIn,
  SignIn,
  SpanAlarmRequest,
  SpanDchannelRequest,
  Trunk,
} from '@cordboard/daemon/contract';
import { request, requestBlob } from './client';

/** The routes of the box that the pages use, named by what they are for. */
export const box = {
  health: () => request<Health>('GET', '/health', { timeoutMs: 5000 }),

  setUp: (body: SetupRequest) => request<SignedIn>('POST', '/setup', { body }),
  signIn: (body: SignIn) => request<SignedIn>('POST', '/session', { body }),
  session: () => request<Session>('GET', '/session', { timeoutMs: 5000 }),
  signOut: () => request<void>('DELETE', '/session', { timeoutMs: 5000 }),

  queues: () => request<Queue[]>('GET', '/queues'),
  routes: () => request<Route[]>('GET', '/routes'),
  trunks: () => request<Trunk[]>('GET', '/trunks'),

  calls: (query: { state?: CallState; limit: number; before?: string }, signal?: AbortSignal) =>
    request<CallList>('GET', '/calls', { query, signal }),
  call: (id: Call['id'], signal?: AbortSignal) => request<CallDetail>('GET', `/calls/${id}`, { signal }),
  recordingAudio: (id: string, signal?: AbortSignal) => requestBlob(`/recordings/${id}/audio`, signal),

  exchange: {
    calls: (signal?: AbortSignal) => request<ExchangeCall[]>('GET', '/exchange/calls', { signal }),
    place: (body: ExchangeCallCreate) => request<ExchangeCall>('POST', '/exchange/calls', { body }),
    hangUp: (id: string) => request<void>('DELETE', `/exchange/calls/${id}`),
    press: (id: string, digits: string) => request<void>('POST', `/exchange/calls/${id}/digits`, { body: { digits } }),
    phones: (signal?: AbortSignal) => request<ExchangePhone[]>('GET', '/exchange/phones', { signal }),
    lift: (station: number) => phone(station, 'lift'),
    putDown: (station: number) => phone(station, 'hangUp'),
    dial: (station: number, digits: string) => phone(station, 'dial', { digits }),
    behave: (station: number, body: PhoneBehaviour) =>
      request<unknown>('PUT', `/exchange/phones/${station}/behaviour`, { body }),
    alarm: (span: number, body: SpanAlarmRequest) =>
      request<unknown>('POST', `/exchange/spans/${span}/alarm`, { body }),
    dchannel: (span: number, body: SpanDchannelRequest) =>
      request<unknown>('POST', `/exchange/spans/${span}/dchannel`, { body }),
  },
};

function phone(station: number, action: string, body?: object): Promise<unknown> {
  return request('POST', `/exchange/phones/${station}/${action}`, { body });
}
