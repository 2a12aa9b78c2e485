import type { Models } from '../models.js';
import type { MetaWrite, Writes } from '../repositories.js';
import { rolesRepository, userSecurityRepository } from './access.js';
import { deskRepository } from './desk.js';
import { announcementsRepository, flowDraftsRepository, flowTracesRepository, flowsRepository } from './flows.js';
import {
  agentSegmentsRepository,
  agentStatesRepository,
  callsRepository,
  recordingsRepository,
  segmentsRepository,
  streamsRepository,
} from './history.js';
import { floorRepository } from './floor.js';
import { callbacksRepository } from './callbacks.js';
import {
  outboundRoutesRepository,
  ringGroupsRepository,
  sipBansRepository,
  sipBindingsRepository,
  sipDialogsRepository,
  sipStationsRepository,
  trunksRepository,
} from './lines.js';
import { outgoingMailRepository } from './mail.js';
import { phonesRepository } from './phones.js';
import { alertsRepository } from './alerts.js';
import { sessionsRepository, usersRepository } from './people.js';
import { routesRepository } from './plans.js';
import { abilitiesRepository, agentsRepository, queueMembersRepository, queuesRepository } from './queues.js';
import {
  auditRepository,
  calendarsRepository,
  dialRightsRepository,
  dutyGroupsRepository,
  numberListsRepository,
} from './routing.js';
import { conferencesRepository } from './conferences.js';
import { voiceRepository } from './voice.js';
import { voicemailRepository } from './voicemail.js';
import { reportsRepository } from './reports.js';
import { contactsRepository } from './contacts.js';
import { surveysRepository } from './surveys.js';
import { recordingArchiveRepository, recordingRulesRepository, retentionRulesRepository } from './recordings.js';
import { Table, type Scope } from './table.js';

export type { Publish, Scope } from './table.js';

function metaRepository(models: Models, scope: Scope): MetaWrite {
  const table = new Table<{ key: string; value: string }>(models.meta, scope, { key: 'key' });
  return {
    get: async (key) => (await table.find(key))?.value ?? null,
    async set(key, value) {
      if (!(await table.update(key, { value }))) await table.insert({ key, value });
    },
    remove: (key) => table.remove(key),
  };
}

/** Each repository is made when it is first asked for: a work uses two or three of them. */
class Repositories implements Writes {
  readonly #made = new Map<string, unknown>();

  constructor(
    readonly models: Models,
    readonly scope: Scope,
  ) {}

  #once<R>(name: string, make: (models: Models, scope: Scope) => R): R {
    let repository = this.#made.get(name) as R | undefined;
    if (repository === undefined) {
      repository = make(this.models, this.scope);
      this.#made.set(name, repository);
    }
    return repository;
  }

  get users() {
    return this.#once('users', usersRepository);
  }
  get sessions() {
    return this.#once('sessions', sessionsRepository);
  }
  get roles() {
    return this.#once('roles', rolesRepository);
  }
  get userSecurity() {
    return this.#once('userSecurity', userSecurityRepository);
  }
  get flows() {
    return this.#once('flows', flowsRepository);
  }
  get flowDrafts() {
    return this.#once('flowDrafts', flowDraftsRepository);
  }
  get flowTraces() {
    return this.#once('flowTraces', flowTracesRepository);
  }
  get announcements() {
    return this.#once('announcements', announcementsRepository);
  }
  get routes() {
    return this.#once('routes', routesRepository);
  }
  get queues() {
    return this.#once('queues', queuesRepository);
  }
  get queueMembers() {
    return this.#once('queueMembers', queueMembersRepository);
  }
  get abilities() {
    return this.#once('abilities', abilitiesRepository);
  }
  get agents() {
    return this.#once('agents', agentsRepository);
  }
  get agentStates() {
    return this.#once('agentStates', agentStatesRepository);
  }
  get agentSegments() {
    return this.#once('agentSegments', agentSegmentsRepository);
  }
  get calls() {
    return this.#once('calls', callsRepository);
  }
  get segments() {
    return this.#once('segments', segmentsRepository);
  }
  get recordings() {
    return this.#once('recordings', recordingsRepository);
  }
  get reports() {
    return this.#once('reports', reportsRepository);
  }
  get outgoingMail() {
    return this.#once('outgoingMail', outgoingMailRepository);
  }
  get phones() {
    return this.#once('phones', phonesRepository);
  }
  get alerts() {
    return this.#once('alerts', alertsRepository);
  }
  get voicemail() {
    return this.#once('voicemail', voicemailRepository);
  }
  get callbacks() {
    return this.#once('callbacks', callbacksRepository);
  }
  get surveys() {
    return this.#once('surveys', surveysRepository);
  }
  get floor() {
    return this.#once('floor', floorRepository);
  }
  get contacts() {
    return this.#once('contacts', contactsRepository);
  }
  get conferences() {
    return this.#once('conferences', conferencesRepository);
  }
  get voice() {
    return this.#once('voice', voiceRepository);
  }
  get recordingRules() {
    return this.#once('recordingRules', recordingRulesRepository);
  }
  get retentionRules() {
    return this.#once('retentionRules', retentionRulesRepository);
  }
  get recordingArchive() {
    return this.#once('recordingArchive', recordingArchiveRepository);
  }
  get streams() {
    return this.#once('streams', streamsRepository);
  }
  get sipStations() {
    return this.#once('sipStations', sipStationsRepository);
  }
  get trunks() {
    return this.#once('trunks', trunksRepository);
  }
  get outboundRoutes() {
    return this.#once('outboundRoutes', outboundRoutesRepository);
  }
  get ringGroups() {
    return this.#once('ringGroups', ringGroupsRepository);
  }
  get sipBindings() {
    return this.#once('sipBindings', sipBindingsRepository);
  }
  get sipBans() {
    return this.#once('sipBans', sipBansRepository);
  }
  get sipDialogs() {
    return this.#once('sipDialogs', sipDialogsRepository);
  }
  get calendars() {
    return this.#once('calendars', calendarsRepository);
  }
  get dutyGroups() {
    return this.#once('dutyGroups', dutyGroupsRepository);
  }
  get numberLists() {
    return this.#once('numberLists', numberListsRepository);
  }
  get dialRights() {
    return this.#once('dialRights', dialRightsRepository);
  }
  get desk() {
    return this.#once('desk', deskRepository);
  }
  get audit() {
    return this.#once('audit', auditRepository);
  }
  get meta() {
    return this.#once('meta', metaRepository);
  }
}

export function repositories(models: Models, scope: Scope): Writes {
  return new Repositories(models, scope);
}
