// Agents and their telephones with a scripted engine, a real database and a clock that the test moves.
import { AgentBook, PinDesk, ServiceDesk, StationBook } from '../../daemon/src/agents/index.js';
import type { LiveEvents } from '../../daemon/src/contract/index.js';
import type { Db } from '../../daemon/src/db/index.js';
import { EngineLines, LineSwitch, type LegOffered } from '../../daemon/src/lines/index.js';
import { Metrics, TypedEmitter, silentLog } from '../../daemon/src/platform/index.js';
import { ONE_TRUNK } from './call-desk.js';
import { testDatabase } from './test-database.js';
import { T0, agentRow } from './db-rows.js';
import { FakeClock } from './clock-fake.js';
import { ScriptedEngine } from './scripted-engine.js';
import { ScriptedLines } from './scripted-lines.js';
import { ScriptedPlan } from './scripted-plan.js';

export interface AgentDesk {
  engine: ScriptedEngine;
  clock: FakeClock;
  db: Db;
  live: TypedEmitter<LiveEvents>;
  agents: AgentBook;
  stations: StationBook;
  desk: ServiceDesk;
  lines: LineSwitch;
  sip: ScriptedLines;
  plan: ScriptedPlan;
  /** what was handed to call control */
  dialled: { leg: number; number: string }[];
  /** who wanted a call that rings at which telephones */
  pickedUp: { leg: number; stations: readonly number[] }[];
  /** telephones where something rings */
  ringing: Set<number>;
  pins: PinDesk;
  /** numbers that codes stand for */
  known: { redial: string | undefined; slots: Record<string, string> };
  /** prompts that were looked for, as language/name */
  prompts: string[];
}

/** Agents 2001, 2002 and 2003; `before` fills the database first. */
export async function agentDesk(before: (db: Db) => Promise<void> = () => Promise.resolve()): Promise<AgentDesk> {
  const engine = new ScriptedEngine();
  const clock = new FakeClock(T0);
  const db = await testDatabase();
  await db.write(async (tx) => {
    for (const id of ['2001', '2002', '2003'])
      await tx.agents.insert(agentRow({ id, name: `Agent ${id}`, language: 'en' }));
  });
  await before(db);
  return { ...(await startAgents({ engine, clock, db })), engine, clock, db };
}

/** A daemon's agents on a database that is there: a second start is one of a daemon that was ended. */
export async function startAgents(on: Pick<AgentDesk, 'engine' | 'clock' | 'db'>) {
  const { engine, clock, db } = on;
  const live = new TypedEmitter<LiveEvents>();
  const agents = new AgentBook({ db, live, clock, log: silentLog, metrics: new Metrics() });
  const engineLines = new EngineLines({ engine: engine.client, trunks: ONE_TRUNK, clock, log: silentLog });
  const sip = new ScriptedLines();
  const lines = new LineSwitch({ providers: [engineLines, sip], log: silentLog });
  const plan = new ScriptedPlan();
  const stations = new StationBook({ lines, changed: () => undefined });
  const prompts: string[] = [];
  const dialled: AgentDesk['dialled'] = [];
  const pickedUp: AgentDesk['pickedUp'] = [];
  const ringing: AgentDesk['ringing'] = new Set();
  const pins = new PinDesk(db, clock);
  const known: AgentDesk['known'] = { redial: undefined, slots: {} };
  const desk = new ServiceDesk({
    engine: engine.client,
    lines,
    agents,
    plan,
    dial: ({ leg }: LegOffered, number) => void dialled.push({ leg, number }),
    pickUp: ({ leg }, stations) => {
      pickedUp.push({ leg, stations });
      return stations.some((station) => ringing.has(station));
    },
    takeParked: (_, slot) => slot === 1,
    pins,
    numberOf: (code) => Promise.resolve(code.verb === 'redial' ? known.redial : known.slots[code.slot]),
    pickUpCode: '*8',
    findPrompt: (name, language) => {
      prompts.push(`${language}/${name}`);
      return Promise.resolve(`/prompts/${name}.wav`);
    },
    language: 'en',
    clock,
    log: silentLog,
  });
  await agents.start((station) => station <= 4);
  stations.start();
  desk.start();
  await engineLines.start();
  return { pins, known, live, agents, stations, desk, lines, sip, plan, dialled, pickedUp, ringing, prompts };
}
