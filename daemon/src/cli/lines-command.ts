// `cordboard station | trunk | route | group | ban …`: lays down telephones and ways out, on the box that runs on this machine.
import { runBanCommand } from './ban-command.js';
import { runGroupCommand } from './group-command.js';
import type { LinesCommand } from './lines-usage.js';
import { runRecordingCommand } from './recording-command.js';
import { runRouteCommand } from './route-command.js';
import { runStationCommand } from './station-command.js';
import { runTrunkCommand } from './trunk-command.js';

const commands: Record<LinesCommand, (args: readonly string[]) => Promise<number>> = {
  station: runStationCommand,
  trunk: runTrunkCommand,
  route: runRouteCommand,
  group: runGroupCommand,
  ban: runBanCommand,
  recording: runRecordingCommand,
};

export function runLinesCommand(command: LinesCommand, args: readonly string[]): Promise<number> {
  return commands[command](args);
}
