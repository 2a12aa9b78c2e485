// A box: every part made, joined and started in order; stopped in the opposite one. The daemon runs one, tests and the
// demo run theirs in their own process.
//
//   database (migrated, recovered, seeded) → books (agents, flows, queues) → engine → what listens to it → recordings
//   repaired → pages
//
// long because: all parts are made here, in one order that is read from top to bottom
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Distributor, QueueBook } from '../acd/index.js';
import { AgentBook, ServiceDesk, StationBook } from '../agents/index.js';
import { CallControl } from '../calls/index.js';
import { applyPendingRestore, homeFolder, loadConfig, tlsFiles, type Config, type TlsFiles } from '../config/index.js';
import { ClipName, type Language, type LiveEvents } from '../contract/index.js';
import { openDatabase, type MigrationProgress, type OpenedDb, type Recovery } from '../db/index.js';
import { boxSpans, boxStations, createEngine, engineConfig, type EngineClient } from '../engine/index.js';
import { DiagnosticsService, EngineClaims } from '../diagnostics/index.js';
import { Exchange } from '../exchange/index.js';
import { createHttpServer, hostAllowed, startingPage, type HttpServer } from '../http/index.js';
import { PromptLibrary } from '../ivr/index.js';
import { makeConferences } from './conference-parts.js';
import { makeFlowParts, type FlowParts } from './flow-parts.js';
import { makeMusicParts, type MusicParts } from './music-parts.js';
import { MailService, mailServerOf } from '../mail/index.js';
import { EngineLines, LineSwitch } from '../lines/index.js';
import {
  Lifecycle,
  Metrics,
  TypedEmitter,
  preferCalls,
  silentLog,
  systemClock,
  type Clock,
  type Log,
} from '../platform/index.js';
import { createRealtime, type Realtime } from '../realtime/index.js';
import { RecordingArchive, RecordingService, VoiceStore } from '../recording/index.js';
import { SipService } from '../sip/index.js';
import { TlsService } from '../tls/index.js';
import { LineBook, TrunkBook } from '../trunks/index.js';
import { VoicemailService, type VoicemailOptions } from '../voicemail/index.js';
import { makeAlerts } from './alert-parts.js';
import { BoxParts } from './box-parts.js';
import { makeCallbackParts } from './callback-parts.js';
import { DeskService } from '../desk/index.js';
import { makeDeskParts, type DeskParts } from './desk-parts.js';
import { BUNDLED_PROMPTS, PAGES, version } from './folders.js';
import { Routing } from './routing.js';
import { TrunkTests } from './trunk-tests.js';
import { VoiceParts } from './voice-parts.js';
import { httpPorts, liveSnapshot, stationDto, type Services } from './ports.js';
import { queueSayer } from './queue-words.js';
import { nodePorts } from './node-parts.js';
import { seed } from './seed.js';
import { makePhones } from './phone-parts.js';
import { makeReports } from './report-parts.js';
import { makeSurveys, startSurveys } from './survey-parts.js';

export interface StartBoxOptions {
  /** read already; else it is read from `home` and `env` */
  config?: Config | undefined;
  /** where everything is kept; wins over CORDBOARD_HOME */
  home?: string | undefined;
  /** settings, as variables; default the environment of the process */
  env?: NodeJS.ProcessEnv | undefined;
  log?: Log | undefined;
  /** metrics of the process, too; one box of a process can have them */
  processMetrics?: boolean | undefined;
  /** Stops this box and starts another one in its place; left out: nobody can. */
  restart?: (() => void) | undefined;
  /** While the form of a large database is being changed, in steps: every few seconds. */
  migrating?: ((progress: MigrationProgress) => void) | undefined;
  /** default the prompts that set-up has spoken */
  promptsFolder?: string | undefined;
  /** where the machine's /sys, /etc and /run begin; another folder for tests */
  systemRoot?: string | undefined;
}

export interface Box extends Services {
  readonly config: Config;
  /** to open in a browser */
  readonly url: string;
  readonly port: number;
  /** of HTTPS; undefined: there is none */
  readonly tlsPort: number | undefined;
  /** while there is no administrator */
  readonly setupCode: string | undefined;
  readonly db: OpenedDb;
  readonly log: Log;
  readonly metrics: Metrics;
  /** undefined: it is switched off */
  readonly sip: SipService | undefined;
  /** Releases calls with cause 41, finishes recordings, closes the database; idempotent. Resolves with the parts that failed. */
  stop(): Promise<string[]>;
}

/** Starts a box. Rejects with a LifecycleError that names the part, after what had begun was stopped again. */
export async function startBox(options: StartBoxOptions = {}): Promise<Box> {
  const config = options.config ?? restoredConfig(options.env, options.home);
  // Before any thread begins: they inherit it.
  if (config.settings.engine.realtime) preferCalls(options.log ?? silentLog);
  const box = new RunningBox(config, options);
  await box.lifecycle.start();
  return box.ready();
}

/** The configuration as it is once a restore that waits has taken effect. Throws as loadConfig. */
export function restoredConfig(env: NodeJS.ProcessEnv = process.env, home = homeFolder(env)): Config {
  applyPendingRestore(home);
  return loadConfig({ home, env });
}

/** What there is once the engine runs. */
interface Running extends Services {
  engineLines: EngineLines;
  lines: LineSwitch;
  phones: ServiceDesk;
}

class RunningBox {
  readonly lifecycle: Lifecycle;
  readonly #config: Config;
  readonly #log: Log;
  readonly #clock: Clock = systemClock;
  #webrtc: TlsFiles | undefined;
  readonly #metrics: Metrics;
  readonly #live: TypedEmitter<LiveEvents>;
  readonly #prompts: PromptLibrary;
  readonly #bundledPrompts: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #restart: (() => void) | undefined;
  readonly #migrating: StartBoxOptions['migrating'];
  readonly #systemRoot: string;
  #db: OpenedDb | undefined;
  #recovery: Recovery | undefined;
  #agents: AgentBook | undefined;
  #flows: FlowParts | undefined;
  #music: MusicParts | undefined;
  #routing: Routing | undefined;
  #voice: VoiceParts | undefined;
  #engine: EngineClient | undefined;
  #running: Running | undefined;
  #http: HttpServer | undefined;
  #realtime: Realtime | undefined;
  #address: { host: string; port: number; tlsPort: number | undefined } | undefined;
  readonly #tls: TlsService;

  constructor(config: Config, options: StartBoxOptions) {
    this.#config = config;
    this.#log = options.log ?? silentLog;
    this.#env = options.env ?? process.env;
    this.#restart = options.restart;
    this.#migrating = options.migrating;
    this.#systemRoot = options.systemRoot ?? '/';
    this.#metrics = new Metrics({ defaults: options.processMetrics ?? false });
    this.#live = new TypedEmitter<LiveEvents>(this.#log);
    this.#bundledPrompts = options.promptsFolder ?? BUNDLED_PROMPTS;
    const { externalAddress, domain } = config.settings.sip;
    this.#tls = new TlsService({
      ...{ folder: config.tlsFolder, names: [externalAddress ?? domain, hostname()], clock: this.#clock },
      wanted: () => config.settings.http.allowedHosts,
      httpPort: () => this.#address?.port,
      log: this.#part('tls'),
    });
    this.#prompts = new PromptLibrary([config.promptsFolder, this.#bundledPrompts]);
    this.lifecycle = new Lifecycle(this.#log, this.#clock)
      // A large database may take minutes to get another form; a start that gives up would begin anew each time.
      .add({
        ...{ name: 'database', startTimeoutMs: Infinity },
        ...{ start: () => this.#openDatabase(), stop: () => this.#db?.close() },
      })
      .add({ name: 'books', start: () => this.#startBooks(), stop: () => this.#stopBooks() })
      .add({ name: 'engine', start: () => this.#startEngine(), stop: () => this.#stopEngine() })
      .add({ name: 'recordings', start: () => this.#repairRecordings() })
      .add({ name: 'pages', start: () => this.#startPages(), stop: () => this.#stopPages() });
  }

  ready(): Box {
    const http = made(this.#http);
    const running = made(this.#running);
    return {
      ...running,
      config: this.#config,
      url: this.#url(),
      port: made(this.#address).port,
      tlsPort: made(this.#address).tlsPort,
      get setupCode() {
        return http.setupCode;
      },
      db: made(this.#db),
      log: this.#log,
      metrics: this.#metrics,
      stop: async () => (await this.lifecycle.stop()).map(({ name }) => name),
    };
  }

  async #openDatabase(): Promise<void> {
    const { databaseFile: file, settings } = this.#config;
    const meanwhile = startingPage({ ...settings.http, log: this.#part('http') });
    const progress = (now: MigrationProgress): void => {
      meanwhile.show(now);
      this.#migrating?.(now);
    };
    const log = this.#part('db');
    try {
      this.#db = await openDatabase({ file, log, clock: this.#clock, metrics: this.#metrics, progress });
    } finally {
      await meanwhile.end();
    }
    const db = this.#db;
    this.#recovery = await db.recoverAtStart(this.#clock.wallMs());
    if (this.#recovery.calls > 0)
      this.#log.warn({ calls: this.#recovery.calls }, 'calls were cut off by the last stop; they are marked broken');
    const { stations } = settings.virtual;
    const spans = boxSpans(settings);
    if (await seed(db, { language: settings.language, stations, spans, clock: this.#clock }))
      this.#log.info('a first menu, queues and agents were set up');
  }

  /** What needs no engine. */
  async #startBooks(): Promise<void> {
    const [db, clock, metrics, live] = [made(this.#db), this.#clock, this.#metrics, this.#live];
    const { settings } = this.#config;
    this.#agents = new AgentBook({
      ...{ db, live, clock, log: this.#part('agents'), metrics },
      get stationInUse() {
        return settings.agents.stationInUse;
      },
    });
    this.#flows = makeFlowParts({
      ...{ db, clock, prompts: this.#prompts, config: this.#config, bundledPrompts: this.#bundledPrompts },
      watch: (step) => live.emit('flow.step', step),
      log: this.#part('ivr'),
    });
    this.#music = makeMusicParts({
      ...{ config: this.#config, db, prompts: this.#prompts, clock },
      log: this.#part('music'),
    });
    await this.#music.start();
    const analog = boxStations(this.#config.settings);
    const log = (part: string): Log => this.#part(part);
    this.#routing = new Routing({ config: this.#config, db, live, analogStations: () => analog, clock, log });
    const { transferClasses: allowedClasses } = this.#config.settings.flows;
    Object.assign(
      this.#flows.book.ports,
      nodePorts({ routing: this.#routing, agents: this.#agents, allowedClasses, clock }),
    );
    await this.#routing.start();
    const sip = new Set((await db.sipStations.list()).map(({ number }) => number));
    this.#voice = new VoiceParts({
      ...{ db, clock, config: this.#config, flows: this.#flows, prompts: this.#prompts },
      ...{ routing: this.#routing, agents: this.#agents, live, log: this.#part('voice') },
    });
    await this.#voice.start();
    await this.#agents.start((one) => analog.includes(one) || sip.has(one));
    await this.#flows.start();
  }

  async #stopBooks(): Promise<void> {
    this.#routing?.stop();
    await this.#voice?.stop();
    await this.#flows?.stop();
    await this.#agents?.stop();
  }

  /** The engine, and in the same turn everybody who listens to it: nothing that it says is missed. */
  async #startEngine(): Promise<void> {
    const webrtc = this.#webrtcPapers();
    const whole = createEngine(engineConfig({ ...this.#config, webrtc }), this.#part('engine'));
    this.#engine = whole;
    // Lines that are being measured are nobody else's.
    const claims = new EngineClaims(whole, this.#part('diagnostics'));
    const diagnostics = new DiagnosticsService({
      ...{ engine: whole, claims, clock: this.#clock, log: this.#part('diagnostics'), version: version() },
      folder: join(this.#config.home, 'diagnostics'),
      keyFile: join(this.#config.home, 'keys', 'diagnostics.pem'),
    });
    const running = this.#makeServices(claims.others, diagnostics);
    this.#running = running;
    const { engineLines, trunks, stations, calls, queues, exchange, distributor, phones, live } = running;
    live.on('agent.updated', ({ station }) => (station === null ? undefined : this.#stationChanged(station)));
    // Who keeps books of the lines hears of a leg before those who do something with it.
    if (running.sip !== undefined) live.on('agent.updated', (agent) => running.sip?.agentChanged(agent));
    const booked = trunks.start();
    stations.start();
    calls.start();
    const distributing = distributor.start();
    phones.start();
    const others = [queues.start(), exchange.start(), running.conferences.start(), running.archive.open()];
    await Promise.all([booked, distributing, engineLines.start(), ...others]);
    await diagnostics.start();
    await running.deskPhones.start();
    await running.sip?.start();
  }

  /** What browsers are shown by DTLS: made at the first start and kept, for it is theirs to compare and nobody's to sign. */
  #webrtcPapers(): TlsFiles | undefined {
    const { sip } = this.#config.settings;
    if (!sip.enabled || sip.webrtcPort === undefined) return undefined;
    return (this.#webrtc ??= tlsFiles(
      join(this.#config.home, 'webrtc'),
      ['webrtc.invalid'],
      this.#clock.wallMs(),
      'p256',
    ));
  }

  #makeSip(engine: EngineClient): SipService {
    const { settings, numbering } = this.#config;
    const sip = new SipService({
      ...{
        engine,
        db: made(this.#db),
        settings: settings.sip,
        emergency: numbering.emergency,
        clock: this.#clock,
        log: this.#part('sip'),
      },
      trunkChanged: (health) => this.#live.emit('trunk.updated', health),
      registered: (station) => this.#running?.deskPhones.registered(station),
      tls: () => this.#tls.current(),
      webrtcFingerprint: this.#webrtcPapers()?.fingerprint,
    });
    this.#tls.onChanged((pair) => sip.setTls(pair));
    return sip;
  }

  #makeServices(engine: EngineClient, diagnostics: DiagnosticsService): Running {
    const [db, agents, flowParts] = [made(this.#db), made(this.#agents), made(this.#flows)];
    const voice = made(this.#voice);
    const { book: flows, desk: flowDesk, store: promptStore } = flowParts;
    const { settings, recordingsFolder: folder } = this.#config;
    const [routing, music] = [made(this.#routing), made(this.#music)];
    const { plan } = routing;
    const engineLines = new EngineLines({ engine, trunks: plan, clock: this.#clock, log: this.#part('lines') });
    const sip = settings.sip.enabled ? this.#makeSip(engine) : undefined;
    const providers = sip === undefined ? [engineLines] : [engineLines, sip.lines];
    const lines = new LineSwitch({ providers, log: this.#part('lines') });
    sip?.watch(lines);
    sip?.watchAgents({
      agentAt: (station) => agents.talkerAt(station),
      changed: (agentId, quality) => this.#live.emit('agent.line', { agentId, quality }),
    });
    const common = { engine, lines, plan, db, live: this.#live, clock: this.#clock, metrics: this.#metrics };
    const { encrypt, encryptAfterMs: sealAfterMs, lowMb, giveUpOldest } = settings.recordings;
    const voices: VoiceStore = new VoiceStore(join(this.#config.home, 'voicemail'), () => archive.sealingKeys);
    const archive: RecordingArchive = new RecordingArchive({
      ...common,
      ...{ folder, encrypt, sealAfterMs, giveUpOldest, lowBytes: lowMb * 2 ** 20 },
      keyFile: join(this.#config.home, 'keys', 'recordings.json'),
      alsoSealed: async () => [...(await voices.files()), ...(await voice.sealedFiles())],
      log: this.#part('recording'),
    });
    const recordings = new RecordingService({ ...common, folder, rules: archive, log: this.#part('recording') });
    const mailServer = mailServerOf(() => settings.mail);
    const mail = new MailService({
      ...common,
      get transport() {
        return mailServer();
      },
      get domain() {
        return settings.mail.from.split('@')[1] ?? 'localhost';
      },
      log: this.#part('mail'),
    });
    const voiceMail: VoicemailOptions['mail'] = async (to, language, values, wav) => {
      const audio =
        wav === undefined ? [] : [{ name: 'message.wav', type: 'audio/wav', content: wav.toString('base64') }];
      await mail.send({ to, language, text: 'voicemail', values, attachments: audio });
    };
    const voicemail = new VoicemailService({
      ...common,
      store: voices,
      get mail() {
        return mail.ready ? voiceMail : undefined;
      },
      // undefined: there is no such calendar.
      isOpen: (calendarId, at) => routing.calendars.find(calendarId, at)?.state.open,
      lamp: (station, counts) => {
        sip?.setMessages(station, counts);
        engineLines.lamp(station, counts.fresh > 0);
      },
      newMessage: () => voice.newMessage(),
      log: this.#part('voicemail'),
    });
    const lineBook = new LineBook({
      ...{ ...common, analog: engineLines.analogLines, trunkOfLine: (line) => plan.trunkOfLine(line) },
      log: this.#part('trunks'),
    });
    const trunks = new TrunkBook({ ...common, lineBook, log: this.#part('trunks') });
    const stations = new StationBook({ lines, changed: (station) => this.#stationChanged(station) });
    const surveys = makeSurveys({
      ...{ ...common, flows, prompts: this.#prompts, zone: routing.calendars.zone, log: this.#part('surveys') },
      agentAt: (station) => agents.takerAt(station),
    });
    const dialPlan = voice.plan(
      DeskService.planFor(flowDesk.planWithTests(plan), db, (station) => agents.atStation(station)),
    );
    const calls: CallControl = new CallControl({
      ...common,
      plan: dialPlan,
      refused: (station, number, found) => desk.service.refused(station, number, found),
      trunks,
      flows: voice.programs,
      answering: (station) => voice.answering(station),
      recorder: recordings,
      holdMusic: () => music.hold(),
      agentAt: (station) => agents.takerAt(station),
      afterTalk: surveys.afterTalk(),
      parkedMs: () => settings.parkingMs,
      log: this.#part('calls'),
    });
    voice.join({ calls, stations, voicemail, mail, keys: () => archive.sealingKeys });
    const findPrompt = (name: string, language: Language) => this.#prompts.find(name, language);
    const desk: DeskParts = makeDeskParts({
      ...{ ...common, plan: dialPlan, calls, agents, stations, findPrompt },
      ...{ language: settings.language, log: this.#part('desk') },
    });
    const queues = new QueueBook({ ...common, calls, agents, log: this.#part('acd') });
    const distributor = new Distributor({
      ...common,
      calls,
      agents,
      stations,
      queues,
      music: (queue) => music.queue(queue.music),
      say: queueSayer(this.#prompts, this.#part('acd')),
      log: this.#part('acd'),
    });
    const phones = new ServiceDesk({
      ...common,
      ...{ agents, findPrompt, pins: desk.pins },
      numberOf: (code, station) => desk.service.numberOf(code, station),
      dial(offered, number) {
        if (offered.origin.kind === 'station') desk.service.dialled(offered.origin.station, number);
        calls.dial(offered, number);
      },
      pickUp: (offered, stations) => calls.pickUp(offered, stations),
      takeParked: (offered, slot) => calls.takeParked(offered, slot),
      get pickUpCode() {
        return settings.pickUpCode;
      },
      language: settings.language,
      log: this.#part('agents'),
    });
    const exchange = new Exchange({
      ...common,
      calls,
      findClip: (name) => this.#findClip(name),
      log: this.#part('exchange'),
    });
    const trunkTests = new TrunkTests({
      ...{ db, calls, talk: voice.talk, clock: this.#clock },
      ask: async (trunk) => (await sip?.ask(trunk)) ?? [],
    });
    const books = { engineLines, sip, trunks, stations, agents, queues, flows, flowDesk, promptStore, recordings };
    const callbacks = makeCallbackParts({
      ...{ ...common, calls, agents, routing, flows, places: distributor, prompts: this.#prompts },
      log: this.#part('callback'),
    });
    const conferences = makeConferences({
      ...{ ...common, config: this.#config, calls, recorder: recordings, agents, routing, flows: flowParts },
      ...{ prompts: this.#prompts, music: () => music.hold(), log: this.#part('conference') },
    });
    const deskPhones = makePhones({
      ...{ ...common, config: this.#config, plan: dialPlan, sip, log: this.#part('phones') },
      stations: () => stations.list(),
      address: () => this.#address,
    });
    const reports = makeReports({ ...common, mail, zone: routing.calendars.zone, log: this.#part('reports') });
    const stores = {
      archive,
      mail,
      voicemail,
      callbacks,
      surveys,
      reports,
      conferences,
      voice,
      trunkTests,
      deskPhones,
      music: music.store,
      diagnostics,
    };
    const box = new BoxParts({
      ...{ config: this.#config, env: this.#env, restart: this.#restart, clock: this.#clock, db, live: this.#live },
      ...{ services: { engine, calls, recordings, mail }, log: this.#part('box') },
      lampsRefused: () => engineLines.lampsRefused,
      systemRoot: this.#systemRoot,
      tls: this.#tls,
      tlsPorts: () => ({ https: this.#address?.tlsPort, sip: sip?.ports?.tlsPort }),
    });
    const alerts = makeAlerts({ ...common, config: this.#config, mail, archive, box, log: this.#part('alerts') });
    return { ...common, ...books, ...stores, alerts, routing, calls, exchange, distributor, desk, phones, box };
  }

  /** Calls first, while there is an engine to release them and a distributor to free their agents. */
  async #stopEngine(): Promise<void> {
    const running = this.#running;
    await running?.alerts.stop();
    await running?.box.stop();
    await running?.diagnostics.stop();
    running?.exchange.stop();
    running?.phones.stop();
    running?.deskPhones.stop();
    this.#voice?.stopCalling();
    await running?.calls.stop();
    await running?.sip?.stop();
    running?.callbacks.stop();
    running?.distributor.stop();
    running?.queues.stop();
    running?.conferences.stop();
    running?.trunks.stop();
    running?.stations.stop();
    running?.engineLines.stop();
    running?.lines.stop();
    await this.#engine?.close();
    await running?.recordings.stop();
    running?.voicemail.stop();
    running?.surveys.stop();
    await running?.reports.stop();
    await running?.archive.stop();
    await running?.mail.stop();
  }

  async #repairRecordings(): Promise<void> {
    const { recordings, archive } = made(this.#running);
    await recordings.repair(made(this.#recovery).recordings);
    archive.start();
    made(this.#running).mail.start();
    await made(this.#running).voicemail.start();
    await made(this.#running).callbacks.start();
    await startSurveys(made(this.#running).surveys, made(this.#running).calls, this.#config.settings.language);
    await made(this.#running).reports.start();
    await made(this.#voice).startCalling();
    await made(this.#running).box.start();
    await made(this.#running).alerts.start();
  }

  async #startPages(): Promise<void> {
    const { settings, numbering, recordingsFolder, setupCodeFile, localTokenFile } = this.#config;
    const { host, port, tlsPort, allowedHosts, sessionMs } = settings.http;
    const { language, sip } = settings;
    const [db, running, metrics, log, clock] = [
      made(this.#db),
      made(this.#running),
      this.#metrics,
      this.#log,
      this.#clock,
    ];
    const http = createHttpServer({
      ...{
        host,
        port,
        tlsPort,
        tls: this.#tls,
        allowedHosts,
        sessionMs,
        language,
        sip,
        numbering,
        recordingsFolder,
        setupCodeFile,
        localTokenFile,
      },
      ...{ db, metrics, log, clock },
      version: version(),
      pagesFolder: PAGES,
      ports: httpPorts(running),
    });
    this.#http = http;
    this.#realtime = createRealtime({
      ...{ allowedHosts, language, metrics, log, clock },
      server: http.server,
      authenticate: (token, address) => http.sessions.authenticateSocket(token, address),
      hostAllowed: (header) => hostAllowed(header, http.hostRule),
      live: this.#live,
      snapshot: () => liveSnapshot(running, clock),
      dbEvents: db.events,
      exchange: running.exchange,
    });
    this.#realtime.start();
    this.#address = await http.start();
    this.#tls.start();
    // For the command line on this machine: the port may be any free one.
    writeFileSync(this.#addressFile(), `${this.#url()}\n`, { mode: 0o600 });
  }

  async #stopPages(): Promise<void> {
    rmSync(this.#addressFile(), { force: true });
    await this.#realtime?.stop();
    await this.#tls.stop();
    await this.#http?.stop();
  }

  #addressFile(): string {
    return join(this.#config.home, 'address');
  }

  #url(): string {
    const { host, port } = made(this.#address);
    const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    return `http://${shown}:${port}/`;
  }

  #stationChanged(number: number): void {
    const station = this.#running?.stations.find(number);
    if (station === undefined || this.#agents === undefined) return;
    this.#live.emit('station.updated', stationDto(station, this.#agents));
  }

  /** A sound for the simulator: one that was put into <home>/exchange, else a prompt. */
  async #findClip(name: string): Promise<string | undefined> {
    if (!ClipName.safeParse(name).success) return undefined;
    const own = join(this.#config.home, 'exchange', `${name}.wav`);
    return existsSync(own) ? own : this.#prompts.find(name, this.#config.settings.language);
  }

  #part(part: string): Log {
    return this.#log.child({ part });
  }
}

/** What an earlier part has made. */
function made<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the parts were not started in their order');
  return thing;
}
