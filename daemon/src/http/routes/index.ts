import type { HttpContext } from '../context.js';
import type { Route } from '../route.js';
import { conferenceRoutes } from './conferences.js';
import { accountRoutes } from './account.js';
import { agentBulkRoutes } from './agent-bulk.js';
import { agentRoutes } from './agents.js';
import { auditRoutes } from './audit.js';
import { backupRoutes } from './backups.js';
import { boardRoutes } from './boards.js';
import { boxRoutes } from './box.js';
import { calendarRoutes } from './calendars.js';
import { callbackRoutes } from './callbacks.js';
import { callRoutes } from './calls.js';
import { contactRoutes } from './contacts.js';
import { deskRoutes } from './desk.js';
import { deskWorkRoutes } from './desk-work.js';
import { diagnosticRoutes } from './diagnostics.js';
import { directoryRoutes } from './directory.js';
import { dispositionRoutes } from './dispositions.js';
import { dutyGroupRoutes } from './duty-groups.js';
import { alertRoutes } from './alerts.js';
import { announcementRoutes } from './announcements.js';
import { exchangeRoutes } from './exchange.js';
import { floorRoutes } from './floor.js';
import { flowDraftRoutes } from './flow-drafts.js';
import { flowLiveRoutes } from './flow-live.js';
import { flowTestRoutes } from './flow-tests.js';
import { flowRoutes } from './flows.js';
import { hardwareRoutes } from './hardware.js';
import { importRoutes } from './imports.js';
import { mailRoutes } from './mail.js';
import { musicRoutes } from './music.js';
import { numberListRoutes } from './number-lists.js';
import { numberRoutes } from './numbers.js';
import { outboundRouteRoutes } from './outbound-routes.js';
import { phoneRoutes } from './phones.js';
import { promptRoutes } from './prompts.js';
import { queueRoutes } from './queues.js';
import { recordingRuleRoutes } from './recording-rules.js';
import { recordingRoutes } from './recordings.js';
import { reportRoutes } from './reports.js';
import { ringGroupRoutes } from './ring-groups.js';
import { roleRoutes } from './roles.js';
import { routeRoutes } from './routes.js';
import { sessionRoutes } from './session.js';
import { setupRestoreRoutes } from './setup-restore.js';
import { tlsRoutes } from './tls.js';
import { signInRoutes } from './sign-in.js';
import { sipStationRoutes } from './sip-stations.js';
import { sipRoutes } from './sip.js';
import { surveyRoutes } from './surveys.js';
import { trunkTestRoutes } from './trunk-tests.js';
import { trunkRoutes } from './trunks.js';
import { machineNetworkRoutes } from './machine-network.js';
import { updateRoutes } from './updates.js';
import { userRoutes } from './users.js';
import { voiceRoutes } from './voice.js';
import { voicemailRoutes } from './voicemail.js';
import { webPhoneRoutes } from './web-phone.js';

/** Every route under /api/v1 but that of the document made from this table. */
export function allRoutes(http: HttpContext): Route[] {
  return [
    ...sessionRoutes(http),
    ...webPhoneRoutes(http),
    ...setupRestoreRoutes(http),
    ...tlsRoutes(http),
    ...accountRoutes(http),
    ...userRoutes(http),
    ...roleRoutes(http),
    ...signInRoutes(http),
    ...hardwareRoutes(http),
    ...boardRoutes(http),
    ...flowRoutes(http),
    ...flowDraftRoutes(http),
    ...flowTestRoutes(http),
    ...flowLiveRoutes(http),
    ...promptRoutes(http),
    ...musicRoutes(http),
    ...announcementRoutes(http),
    ...routeRoutes(http),
    ...calendarRoutes(http),
    ...dutyGroupRoutes(http),
    ...numberListRoutes(http),
    ...numberRoutes(http),
    ...auditRoutes(http),
    ...sipStationRoutes(http),
    ...phoneRoutes(http),
    ...trunkRoutes(http),
    ...trunkTestRoutes(http),
    ...diagnosticRoutes(http),
    ...outboundRouteRoutes(http),
    ...ringGroupRoutes(http),
    ...sipRoutes(http),
    ...queueRoutes(http),
    ...floorRoutes(http),
    ...agentBulkRoutes(http),
    ...agentRoutes(http),
    ...deskRoutes(http),
    ...deskWorkRoutes(http),
    ...directoryRoutes(http),
    ...contactRoutes(http),
    ...dispositionRoutes(http),
    ...callRoutes(http),
    ...recordingRoutes(http),
    ...recordingRuleRoutes(http),
    ...mailRoutes(http),
    ...alertRoutes(http),
    ...voicemailRoutes(http),
    ...callbackRoutes(http),
    ...surveyRoutes(http),
    ...reportRoutes(http),
    ...conferenceRoutes(http),
    ...voiceRoutes(http),
    ...importRoutes(http),
    ...exchangeRoutes(http),
    ...boxRoutes(http),
    ...backupRoutes(http),
    ...updateRoutes(http),
    ...machineNetworkRoutes(http),
  ];
}
