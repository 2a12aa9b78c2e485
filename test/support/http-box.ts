// The HTTP server with a database of its own and services that are made up.
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { SettingsSchema, readCountry } from '../../daemon/src/config/index.js';
import type { SignedIn, User } from '../../daemon/src/contract/index.js';
import { type Db } from '../../daemon/src/db/index.js';
import { ConferenceService } from '../../daemon/src/conference/index.js';
import { createHttpServer, type HttpOptions, type HttpServer } from '../../daemon/src/http/index.js';
import { MusicStore } from '../../daemon/src/ivr/index.js';
import { Metrics, TypedEmitter, silentLog } from '../../daemon/src/platform/index.js';
import { makeDeskParts } from '../../daemon/src/main/desk-parts.js';
import { RecordingArchive, VoiceStore } from '../../daemon/src/recording/index.js';
import { conferencesPort } from '../../daemon/src/main/conference-parts.js';
import { VoicemailService } from '../../daemon/src/voicemail/index.js';
import { T0, agentRow, userRow } from './db-rows.js';
import { FakeClock } from './clock-fake.js';
import { surveyDesk } from './survey-desk.js';
import { ScriptedPlan } from './scripted-plan.js';
import { fakePorts, type FakePorts } from './http-ports.js';
import { temporaryFolder } from './temporary-folder.js';
import { testDatabase } from './test-database.js';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** the body; undefined when it is not JSON */
  json: unknown;
}

export interface Asking {
  token?: string | undefined;
  /** sent as JSON; a string is sent as it is */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface HttpBox {
  db: Db;
  http: HttpServer;
  ports: FakePorts;
  archive: RecordingArchive;
  voicemail: VoicemailService;
  /** as they were lit */
  lamps: string[];
  mails: { to: string; values: Record<string, string>; bytes: number | undefined }[];
  metrics: Metrics;
  clock: FakeClock;
  home: string;
  port: number;
  base: string;
  ask(method: string, path: string, asking?: Asking): Promise<Answer>;
  /** Makes a user of this role and signs in; agents are agent 2001. */
  signIn(role: string): Promise<{ token: string; user: User }>;
}

const COUNTRIES = fileURLToPath(new URL('../../firmware-config/countries', import.meta.url));

export const PASSWORD = 'correct horse';

export async function httpBox(over: Partial<HttpOptions> = {}): Promise<HttpBox> {
  const home = temporaryFolder();
  const db = await testDatabase(home);
  const ports = fakePorts();
  const metrics = new Metrics();
  const clock = new FakeClock();
  const voices: VoiceStore = new VoiceStore(join(home, 'voicemail'), () => archive.sealingKeys);
  const archive: RecordingArchive = new RecordingArchive({
    ...{ db, metrics, clock, log: silentLog, live: ports.live, folder: join(home, 'recordings') },
    ...{
      keyFile: join(home, 'keys/recordings.json'),
      alsoSealed: () => voices.files(),
      encrypt: true,
      sealAfterMs: 0,
      lowBytes: 0,
      giveUpOldest: false,
    },
  });
  await archive.open();
  onTestFinished(() => archive.stop());
  ports.recordings = archive;
  const lamps: string[] = [];
  const mails: HttpBox['mails'] = [];
  const voicemail = new VoicemailService({
    ...{ db, clock, log: silentLog, live: ports.live, store: voices },
    isOpen: (calendarId, at) => (calendarId === 'office' ? at < T0 + 1000 : undefined),
    mail(to, _language, values, wav) {
      mails.push({ to, values, bytes: wav?.length });
      return Promise.resolve();
    },
    lamp: (station, { fresh, old }) => void lamps.push(`${station} ${fresh}/${old}`),
  });
  ports.voicemail = voicemail;
  ports.music = new MusicStore({
    ...{ folder: join(home, 'music'), bundled: [], standard: 'house', clock, log: silentLog },
    usedBy: async (id) => (await db.queues.list()).find((queue) => queue.music === id)?.id,
  });
  ports.surveys = (await surveyDesk({ db, clock, live: ports.live })).port;
  // Rooms, in which nobody ever is: there are no calls here.
  const nobody = { events: new TypedEmitter(silentLog) } as never;
  const conferences = new ConferenceService({
    ...{ db, clock, log: silentLog, live: ports.live, engine: nobody, lines: nobody, calls: nobody, recorder: nobody },
    ...{ cacheFolder: join(home, 'cache'), music: undefined, isOpen: () => undefined, agentAt: () => null },
    prompts: { findAll: () => Promise.resolve({ files: [], missing: [] }), number: () => Promise.resolve([]) },
  });
  await conferences.start();
  onTestFinished(() => conferences.stop());
  ports.conferences = conferencesPort(conferences);
  const plan = new ScriptedPlan();
  const calls = { find: ports.calls.find, originate: () => Promise.reject(new Error('no calls here')) };
  ports.desk = makeDeskParts({
    ...{ db, clock, plan, calls, live: ports.live, language: 'en', log: silentLog },
    agents: Object.assign(ports.agents, { atStation: () => undefined, settle: () => undefined }) as never,
    stations: { find: () => undefined },
    findPrompt: () => Promise.resolve(undefined),
  }).port;
  const http = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    sessionMs: 3_600_000,
    language: 'zh-CN',
    sip: SettingsSchema.parse({}).sip,
    numbering: readCountry('cn', COUNTRIES).numbering,
    version: '0.1.0-test',
    recordingsFolder: join(home, 'recordings'),
    setupCodeFile: join(home, 'setup-code'),
    localTokenFile: join(home, 'local-token'),
    db,
    ports,
    metrics,
    clock,
    // No time is spent on hashing; http-passwords.test.ts has the real one.
    passwords: {
      hash: (password) => Promise.resolve(`plain ${password}`),
      verify: (stored, password) => Promise.resolve(stored === `plain ${password}`),
    },
    ...over,
  });
  const { port } = await http.start();
  onTestFinished(() => http.stop());

  const ask: HttpBox['ask'] = (method, path, asking = {}) => send(port, method, path, asking);
  return {
    db,
    http,
    ports,
    archive,
    voicemail,
    lamps,
    mails,
    metrics,
    clock,
    home,
    port,
    base: `http://127.0.0.1:${port}`,
    ask,
    async signIn(role) {
      const row = userRow({ role, passwordHash: `plain ${PASSWORD}`, agentId: role === 'agent' ? '2001' : null });
      await db.write(async (tx) => {
        if (role === 'agent' && (await tx.agents.find('2001')) === null) await tx.agents.insert(agentRow());
        await tx.users.insert(row);
      });
      const answer = await ask('POST', '/api/v1/session', { body: { username: row.username, password: PASSWORD } });
      return answer.json as SignedIn;
    },
  };
}

/** Not fetch: that one lets nobody set Host or send half a request. */
function send(port: number, method: string, path: string, { token, body, headers }: Asking): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: {
          'Accept-Language': 'en',
          ...(text === undefined
            ? {}
            : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: whole, json: parsed(whole) });
        });
      },
    );
    request.on('error', reject);
    request.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The code of an error body. */
export function codeOf(answer: Answer): string | undefined {
  return (answer.json as { error?: { code?: string } } | undefined)?.error?.code;
}
