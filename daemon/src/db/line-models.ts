// The tables of telephones, trunks and routes, as Sequelize knows them. Nothing is read through instances: repositories take
// raw rows, so that a model needs no fields of its own.
import { DataTypes, Model, type Sequelize } from 'sequelize';
import { flag, id, integer, json, jsonOrNull, text, time } from './columns.js';
import type {
  OutboundRouteRow,
  RingGroupRow,
  SipBanRow,
  SipBindingRow,
  SipDialogRow,
  SipStationRow,
  TrunkRow,
} from './rows.js';

const number = () => ({ type: DataTypes.INTEGER, primaryKey: true }) as const;

export function defineLineModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const sipStations = class extends Model<SipStationRow> {};
  sipStations.init(
    {
      number: number(),
      name: text(),
      language: text(),
      realm: text(),
      ha1Md5: text(),
      ha1Sha256: text(),
      security: text(),
      srtp: text(),
      codecs: json(),
      dtmf: text(),
      digest: json(),
      maxContacts: integer(),
      maxCalls: integer(),
      callingNumber: text(),
      allowedClasses: json(),
      enabled: flag(),
      createdAt: time(),
    },
    options('sipStations'),
  );
  const trunks = class extends Model<TrunkRow> {};
  trunks.init(
    {
      id: id(),
      name: text(),
      kind: text(),
      spans: json(),
      lines: json(),
      hunt: text(),
      dialPrefix: text(),
      lineNumber: text(),
      mode: text(),
      hosts: json(),
      username: text(),
      secret: text(),
      fromUser: text(),
      fromDomain: text(),
      expiresS: integer(),
      codecs: json(),
      dtmf: text(),
      srtp: text(),
      tlsFingerprint: text(),
      sources: json(),
      maxCalls: integer(),
      optionsIntervalS: integer(),
      numberRulesIn: json(),
      numberRulesOut: json(),
      callerRulesIn: json(),
      numberFormat: text(),
      callerId: text(),
      fixedNumber: text(),
      callerIdHeader: text(),
      diversionHeader: text(),
      refer: flag(),
      enabled: flag(),
    },
    options('trunks'),
  );
  const outboundRoutes = class extends Model<OutboundRouteRow> {};
  outboundRoutes.init(
    {
      id: id(),
      name: text(),
      pattern: text(),
      priority: integer(),
      trunks: json(),
      strip: integer(),
      prepend: text(),
      cost: integer(),
      calendar: jsonOrNull(),
      callingNumber: text(),
      emergency: flag(),
      enabled: flag(),
    },
    options('outboundRoutes'),
  );
  const ringGroups = class extends Model<RingGroupRow> {};
  ringGroups.init(
    { number: number(), name: text(), stations: json(), strategy: text(), ringTimeoutMs: integer() },
    options('ringGroups'),
  );
  const sipBindings = class extends Model<SipBindingRow> {};
  sipBindings.init(
    {
      stationNumber: number(),
      position: number(),
      contact: text(),
      path: json(),
      instance: text(),
      regId: integer(),
      receivedHost: text(),
      receivedPort: integer(),
      transport: text(),
      callId: text(),
      cseq: time(),
      expiresAt: time(),
      q: integer(),
      userAgent: text(),
    },
    options('sipBindings'),
  );
  const sipBans = class extends Model<SipBanRow> {};
  sipBans.init(
    {
      address: { type: DataTypes.STRING(60), primaryKey: true },
      reason: text(),
      since: time(),
      until: time(),
      count: integer(),
    },
    options('sipBans'),
  );

  const sipDialogs = class extends Model<SipDialogRow> {};
  sipDialogs.init(
    { id: { type: DataTypes.TEXT, primaryKey: true }, since: time(), state: json() },
    options('sipDialogs'),
  );

  return { sipStations, trunks, outboundRoutes, ringGroups, sipBindings, sipBans, sipDialogs };
}
