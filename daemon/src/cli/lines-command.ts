// `cordboard station | trunk | route | group | queue | ban …`: lays down telephones, ways out and queues, on the box that runs on this machine.
import { runBackupCommand, runTlsCommand } from './backup-command.js';
import { runBanCommand } from './ban-command.js';
import { runConferenceCommand } from './conference-command.js';
import { runFlowCommand } from './flow-command.js';
import { runAgentCommand, runDispositionCommand, runReasonCommand } from './desk-command.js';
import { runGroupCommand } from './group-command.js';
import { runCallbackCommand } from './callback-command.js';
import { runCalendarCommand } from './calendar-command.js';
import { runListCommand, runNumberCommand } from './list-command.js';
import type { LinesCommand } from './lines-usage.js';
import { runMusicCommand } from './music-command.js';
import { runAlertCommand, runPhoneCommand } from './phone-command.js';
import { runQueueCommand } from './queue-command.js';
import { runRecordingCommand } from './recording-command.js';
import { runRouteCommand } from './route-command.js';
import { runStationCommand } from './station-command.js';
import { runSurveyCommand } from './survey-command.js';
import { runTrunkCommand } from './trunk-command.js';
import { runVoicemailCommand } from './voicemail-command.js';

const commands: Record<LinesCommand, (args: readonly string[]) => Promise<number>> = {
  station: runStationCommand,
  trunk: runTrunkCommand,
  route: runRouteCommand,
  group: runGroupCommand,
  queue: runQueueCommand,
  flow: runFlowCommand,
  ban: runBanCommand,
  backup: runBackupCommand,
  tls: runTlsCommand,
  calendar: runCalendarCommand,
  list: runListCommand,
  number: runNumberCommand,
  recording: runRecordingCommand,
  music: runMusicCommand,
  callback: runCallbackCommand,
  survey: runSurveyCommand,
  conference: runConferenceCommand,
  voicemail: runVoicemailCommand,
  phone: runPhoneCommand,
  alert: runAlertCommand,
  reason: runReasonCommand,
  disposition: runDispositionCommand,
  agent: runAgentCommand,
};

export function runLinesCommand(command: LinesCommand, args: readonly string[]): Promise<number> {
  return commands[command](args);
}
