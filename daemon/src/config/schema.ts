// The settings, with every default. What a person may write stands in <home>/settings.json; the environment wins over it
// (environment.ts). Folders that are not absolute are counted from <home>.
import { z } from 'zod';
import { BoardsSetting, IpAddress, Language, MailAddress, Network, NumberClass, formats } from '../contract/index.js';
import { LOG_LEVELS } from '../platform/index.js';
import { AnalogSetting } from './analog.js';
import { E1Setting } from './r2.js';
import { LinkSetSetting, ss7Problems } from './ss7.js';

export const SETTINGS_VERSION = 3;

const Port = z.int().min(0).max(65_535);
const HostName = z.string().regex(/^[A-Za-z0-9.:_[\]-]{1,253}$/, formats.hostName);

/** Ports of RTP and, one above each, RTCP (RFC 3550 11). */
const RtpPorts = z
  .strictObject(
    {
      first: z.int().min(1024).max(65_534).multipleOf(2).default(20_000),
      last: z.int().min(1025).max(65_535).default(29_999),
    },
    { error: formats.portRange },
  )
  .refine(({ first, last }) => first < last, formats.portRange);

const DataSource = z.discriminatedUnion('kind', [
  /** a file that is not absolute is counted from <home> */
  z.strictObject({ kind: z.literal('sqlite'), file: z.string().min(1).max(500) }),
  z.strictObject({
    kind: z.literal('postgres'),
    host: HostName,
    port: z.int().min(1).max(65_535).default(5432),
    database: z.string().min(1).max(63),
    username: z.string().min(1).max(63),
    password: z.string().max(200).default(''),
    tls: z.boolean().default(false),
  }),
]);
function isTimeZone(text: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

const AsWritten = z.strictObject({
  /** of this file's form; grows with migrations */
  version: z.literal(SETTINGS_VERSION).default(SETTINGS_VERSION),
  http: z
    .strictObject({
      /** address to listen on; anything but loopback must be named here by a person */
      host: HostName.default('127.0.0.1'),
      /** 0: any free one, for tests */
      port: Port.default(8080),
      /** of HTTPS; 0: any free one; left out: none */
      tlsPort: Port.optional(),
      /** names the pages may be reached under, besides the address itself and localhost */
      allowedHosts: z.array(HostName).max(50).default([]),
      /** how long a session lives after signing in */
      sessionMs: z.int().min(60_000).max(31_536_000_000).default(43_200_000),
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default('info') }).prefault({}),
  /** of what the box says where nobody chose */
  language: Language.default('zh-CN'),
  organisation: z
    .strictObject({
      /** whose call centre it is; shown in pages and mails */
      name: z.string().trim().max(80).default(''),
    })
    .prefault({}),
  /** file of firmware-config/countries */
  country: z
    .string()
    .regex(/^[a-z]{2}$/, formats.countryCode)
    .default('cn'),
  /** of calendars; left out: that of the machine */
  timeZone: z
    .string()
    .refine(isTimeZone, formats.timeZone)
    .default(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
  /** dialled, with a number behind it, to take the call that rings there; empty: there is none. Codes with *1 are the agents' */
  pickUpCode: z
    .string()
    .regex(/^(?:\*[02-9][0-9]{0,2})?$/, formats.pickUpCode)
    .default('*8'),
  /** after so long a parked call goes back to the telephone that parked it */
  parkingMs: z.int().min(1000).max(3_600_000).default(120_000),
  agents: z
    .strictObject({
      /** who signs in at a telephone where another one is: he takes it over, or is refused */
      stationInUse: z.enum(['takeOver', 'refuse']).default('takeOver'),
    })
    .prefault({}),
  virtual: z
    .strictObject({
      spans: z.int().min(0).max(16).default(1),
      stations: z.int().min(0).max(512).default(8),
      /** analog lines of the exchange simulator, numbered behind the stations */
      lines: z.int().min(0).max(64).default(0),
    })
    .prefault({}),
  /** boards behind the DAHDI driver */
  boards: BoardsSetting,
  /** E1s whose calls are signalled otherwise than by ISDN primary rate */
  e1: z
    .array(E1Setting)
    .max(64)
    .refine((all) => new Set(all.map(({ span }) => span)).size === all.length, formats.once)
    .default([]),
  /** analog ports that are to be otherwise than the country has them */
  analogs: z
    .array(AnalogSetting)
    .max(512)
    .refine((all) => new Set(all.map(({ analog }) => analog)).size === all.length, formats.once)
    .default([]),
  /** signalling links of E1s with signalling ss7 */
  linkSets: z.array(LinkSetSetting).max(50).default([]),
  recordings: z
    .strictObject({
      folder: z.string().min(1).default('recordings'),
      /** made safe on disk so often; a power cut loses at most this and 0.6 s more */
      syncMs: z.int().min(100).max(1400).default(1000),
      /** recording stops when the disk has no more than this left: it is the database's */
      reserveMb: z.int().min(0).max(1_048_576).default(512),
      /** what calls in progress may keep in the journal before it is cut into their files */
      journalMb: z.int().min(2).max(65_536).default(1024),
      /** AES-256-GCM at rest, with the keys of keys/recordings.json */
      encrypt: z.boolean().default(true),
      /** how long after its end a recording is encrypted: audio is not read again while it may still be written */
      encryptAfterMs: z.int().min(0).max(86_400_000).default(60_000),
      /** below this an alarm is raised; 0: never */
      lowMb: z.int().min(0).max(1_048_576).default(2048),
      /** below it, the oldest recordings that are not held are given up for newer ones */
      giveUpOldest: z.boolean().default(false),
    })
    .prefault({}),
  mail: z
    .strictObject({
      /** of the mail server; empty: there is none, and mails wait */
      host: z.union([z.literal(''), HostName]).default(''),
      port: Port.default(587),
      /** starttls: a server that offers no TLS is refused; none: for a server on this machine */
      tls: z.enum(['starttls', 'tls', 'none']).default('starttls'),
      username: z.string().max(200).default(''),
      password: z.string().max(200).default(''),
      /** address that the box writes from */
      from: z.union([z.literal(''), MailAddress]).default(''),
      /** who is told of alarms; empty: nobody */
      alarmsTo: z.union([z.literal(''), MailAddress]).default(''),
      /** certificate of the authority that the server's is from, where it is no public one */
      caFile: z.string().min(1).optional(),
    })
    .prefault({})
    .refine(({ host, from }) => host === '' || from !== '', { path: ['from'], message: formats.mailAddress }),
  music: z
    .strictObject({
      /** playlist of those who are on hold, and of queues that name none */
      standard: z
        .string()
        .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, formats.slug)
        .default('opsound'),
    })
    .prefault({}),
  prompts: z.strictObject({ folder: z.string().min(1).default('prompts') }).prefault({}),
  database: z.strictObject({ file: z.string().min(1).default('cordboard.sqlite') }).prefault({}),
  flows: z
    .strictObject({
      /** addresses and networks that are not public, or the box's own, and may be asked by flows all the same */
      allowedNetworks: z.array(Network).max(100).default([]),
      /** kinds of numbers outside that flows may put their callers through to; whoever calls in may be the one who keys the number in */
      transferClasses: z.array(NumberClass).default(['local', 'national', 'mobile']),
      /** how long what callers say to record nodes is kept; 0: for ever */
      keepRecordingsDays: z.int().min(0).max(36_500).default(90),
      /** databases that flows may ask, by name; they are opened for reading alone */
      dataSources: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, formats.slug), DataSource).default({}),
    })
    .prefault({}),
  sip: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** address to listen on; left out: that of http */
      host: HostName.optional(),
      /** of UDP and TCP; 0: any free one */
      port: Port.default(5060),
      /** of TLS; 0: any free one */
      tlsPort: Port.default(5061),
      /** of SIP over WebSocket (RFC 7118), plain; 0: any free one; left out: none */
      wsPort: Port.optional(),
      /** the same over TLS */
      wssPort: Port.optional(),
      /** UDP, of the audio of browsers (WebRTC); 0: any free one; left out: browsers are no telephones */
      webrtcPort: Port.optional(),
      /** TURN servers that browsers are told of, such as turn:turn.example.com:3478?transport=udp */
      turnUrls: z
        .array(z.string().regex(/^turns?:[A-Za-z0-9.[\]:-]{1,255}(?:\?transport=(?:udp|tcp))?$/))
        .max(8)
        .default([]),
      /** what the TURN server makes and we make passwords of (static-auth-secret of coturn) */
      turnSecret: z.string().max(256).default(''),
      /** domain and realm of the telephones: a new one makes every secret invalid (RFC 7616 3.4.2) */
      domain: z
        .string()
        .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/, formats.realm)
        .default('cordboard'),
      /** under which those outside reach us, when a router stands between; left out: the address they reach us at */
      externalAddress: IpAddress.optional(),
      rtpPorts: RtpPorts.prefault({}),
      /** of the packets that carry audio; 46: expedited forwarding (RFC 3246) */
      dscp: z.int().min(0).max(63).default(46),
      /** calls over IP at a time, counted by their legs */
      maxStreams: z.int().min(0).max(4096).default(512),
      /** threads that receive and send audio packets */
      threads: z.int().min(1).max(16).default(1),
      /** calls that a telephone may begin within an hour: a stolen password costs no more; emergency calls do not count */
      callsPerHour: z.int().min(1).max(1_000_000).default(120),
      /** never banned, whatever comes from there */
      trusted: z.array(Network).max(100).default([]),
    })
    .prefault({}),
  firewall: z
    .strictObject({
      /** bans: who is banned by SIP does not reach its ports; closed: besides, only what the box serves is reached; off: no rules */
      mode: z.enum(['off', 'bans', 'closed']).default('bans'),
      /** from where the pages are reached when it is closed; none: from everywhere */
      webFrom: z.array(Network).max(100).default([]),
      /** the same of SSH */
      sshFrom: z.array(Network).max(100).default([]),
    })
    .prefault({}),
  phones: z
    .strictObject({
      /** desk telephones fetch their settings from the box */
      enabled: z.boolean().default(true),
      /** under which they reach it, such as https://pbx.example.com; empty: by its address and the port of the pages */
      url: z
        .string()
        .regex(/^(?:https?:\/\/[\w.:[\]-]{1,253}(?:\/[\w./~-]*)?)?$/, formats.httpUrl)
        .default(''),
      /** one that is known by its address alone, at the URL for all, is given its account, too */
      byMac: z.boolean().default(true),
      /** how long a telephone is given its account after somebody has said so */
      windowMinutes: z.int().min(1).max(10_080).default(60),
      /** asked of every telephone that fetches (RFC 7617); empty: nobody is asked */
      username: z
        .string()
        .max(64)
        .regex(/^[A-Za-z0-9._-]*$/, formats.username)
        .default(''),
      password: z
        .string()
        .max(64)
        .regex(/^[A-Za-z0-9._-]*$/, formats.secret)
        .default(''),
      /** where they get the time */
      ntpServer: HostName.default('cn.pool.ntp.org'),
      /** dialled by their key for messages */
      messagesNumber: z
        .string()
        .regex(/^[0-9*#]{0,16}$/, formats.dialDigits)
        .default('*97'),
    })
    .prefault({}),
  engine: z
    .strictObject({
      /** ask for SCHED_FIFO and locked memory; without the right to it the engine says so and runs on */
      realtime: z.boolean().default(true),
      /** conferences that can have announcements at once */
      announcers: z.int().min(0).max(1000).default(64),
      /** threads that share the media tick; 0: one for each 4,096 ports */
      mediaThreads: z.int().min(0).max(16).default(0),
      /** decoded prompts kept in memory */
      clipCacheMb: z.int().min(1).max(4096).default(64),
    })
    .prefault({}),
});

export const SettingsSchema = AsWritten.refine(
  ({ virtual, boards }) => boards.spans.every(({ span }) => span > virtual.spans),
  { path: ['boards', 'spans'], message: formats.boardSpan },
)
  .refine(({ virtual, boards }) => boards.ports.every(({ analog }) => analog > virtual.stations + virtual.lines), {
    ...{ path: ['boards', 'ports'], message: formats.boardPort },
  })
  .superRefine(({ linkSets, e1 }, context) => {
    for (const problem of ss7Problems(linkSets, e1)) context.addIssue({ code: 'custom', ...problem });
  })
  .transform((settings) => ({
    ...settings,
    sip: { ...settings.sip, host: settings.sip.host ?? settings.http.host },
  }));

/** With every default filled in. */
export type Settings = z.output<typeof SettingsSchema>;
/** As it stands in the file. */
export type SettingsInput = z.input<typeof SettingsSchema>;
