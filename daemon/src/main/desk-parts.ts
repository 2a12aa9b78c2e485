// Agents' desks, joined: the service, the PINs, and what the pages ask of them.
import { PinDesk, type AgentBook, type StationBook } from '../agents/index.js';
import { DeskService, DeskWork, type DeskServiceOptions } from '../desk/index.js';
import type { DeskPort } from '../http/index.js';
import { AppError } from '../platform/index.js';

export interface DeskParts {
  service: DeskService;
  pins: PinDesk;
  port: DeskPort;
}

export interface DeskPartsOptions extends Omit<DeskServiceOptions, 'agents'> {
  agents: AgentBook;
  stations: Pick<StationBook, 'find'>;
}

export function makeDeskParts(options: DeskPartsOptions): DeskParts {
  const { agents, stations, db, clock, live } = options;
  const service = new DeskService(options);
  const pins = new PinDesk(db, clock);
  const port: DeskPort = {
    async signIn(id, station, who) {
      if (stations.find(station) === undefined) throw new AppError('station_not_found', { station });
      await agents.signIn(id, station, who);
      const agent = agents.find(id);
      if (agent === undefined) throw new AppError('agent_not_found', { id });
      return agent;
    },
    setPin: (id, pin) => pins.set(id, pin),
    work: new DeskWork(db, live, clock),
    today: (id) => service.today(id),
    missed: (id) => service.missed(id),
    lastDialled: (id) => service.lastDialled(id),
    shownNumbers: (id) => service.shownNumbers(id),
    showNumber: (id, number) => service.showNumber(id, number),
    speedDials: (id) => service.speedDials(id),
    putSpeedDial: (one) => service.putSpeedDial(one),
    removeSpeedDial: (id, slot) => service.removeSpeedDial(id, slot),
    notes: (query) => service.notes(query),
    notesOf: (callId) => service.notesOf(callId),
    putNote: (callId, agentId, note) => service.putNote(callId, agentId, note),
  };
  return { service, pins, port };
}
