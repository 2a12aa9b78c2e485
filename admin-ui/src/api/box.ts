import type {
  Call,
  CallState,
  ExchangeCallCreate,
  PhoneBehaviour,
  SetupRequest,
  SignIn,
  SpanAlarmRequest,
  SpanDchannelRequest,
} from '@cordboard/daemon/contract';
import { api, patientApi, told } from './client';

const soon = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(5000) });
const ofPhone = (station: number) => ({ params: { path: { station: String(station) } } });
const ofSpan = (span: number) => ({ params: { path: { span: String(span) } } });
const withId = (id: string) => ({ params: { path: { id } } });

/** The routes of the box that more than one page uses, named by what they are for. */
export const box = {
  health: () => told(api.GET('/api/v1/health', soon())),

  setUp: (body: SetupRequest) => told(api.POST('/api/v1/setup', { body })),
  signIn: (body: SignIn) => told(api.POST('/api/v1/session', { body })),
  session: () => told(api.GET('/api/v1/session', soon())),
  signOut: () => told(api.DELETE('/api/v1/session', soon())),

  queues: () => told(api.GET('/api/v1/queues')),
  routes: () => told(api.GET('/api/v1/routes')),
  trunks: () => told(api.GET('/api/v1/trunks')),

  calls: (query: { state?: CallState; limit: number; before?: string }, signal?: AbortSignal) =>
    told(api.GET('/api/v1/calls', { params: { query }, signal })),
  call: (id: Call['id'], signal?: AbortSignal) => told(api.GET('/api/v1/calls/{id}', { ...withId(id), signal })),
  recordingAudio: (id: string, signal?: AbortSignal): Promise<Blob> =>
    told(patientApi.GET('/api/v1/recordings/{id}/audio', { ...withId(id), parseAs: 'blob', signal })),

  exchange: {
    calls: (signal?: AbortSignal) => told(api.GET('/api/v1/exchange/calls', { signal })),
    call: (id: string) => told(api.GET('/api/v1/exchange/calls/{id}', withId(id))),
    place: (body: ExchangeCallCreate) => told(api.POST('/api/v1/exchange/calls', { body })),
    hangUp: (id: string) => told(api.DELETE('/api/v1/exchange/calls/{id}', withId(id))),
    press: (id: string, digits: string) =>
      told(api.POST('/api/v1/exchange/calls/{id}/digits', { ...withId(id), body: { digits } })),
    phones: (signal?: AbortSignal) => told(api.GET('/api/v1/exchange/phones', { signal })),
    lift: (station: number) => told(api.POST('/api/v1/exchange/phones/{station}/lift', ofPhone(station))),
    putDown: (station: number) => told(api.POST('/api/v1/exchange/phones/{station}/hangUp', ofPhone(station))),
    dial: (station: number, digits: string) =>
      told(api.POST('/api/v1/exchange/phones/{station}/dial', { ...ofPhone(station), body: { digits } })),
    behave: (station: number, body: PhoneBehaviour) =>
      told(api.PUT('/api/v1/exchange/phones/{station}/behaviour', { ...ofPhone(station), body })),
    alarm: (span: number, body: SpanAlarmRequest) =>
      told(api.POST('/api/v1/exchange/spans/{span}/alarm', { ...ofSpan(span), body })),
    dchannel: (span: number, body: SpanDchannelRequest) =>
      told(api.POST('/api/v1/exchange/spans/{span}/dchannel', { ...ofSpan(span), body })),
  },
};
