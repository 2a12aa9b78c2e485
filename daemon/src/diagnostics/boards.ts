// What is in the box: boards with their serial numbers, as far as they tell, E1s, and what is known of their other ends.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DiagnosticBoard, DiagnosticInventory, DiagnosticRig } from '../contract/index.js';
import {
  exchangeSpan,
  isBoxSpan,
  isStation,
  phonePort,
  type EngineClient,
  type EngineCommands,
} from '../engine/index.js';

type Boards = EngineCommands['boards.get']['reply'];

const DEVICES = '/sys/bus/dahdi_devices/devices';

/** Places that can be read by whoever runs this box; the first that says something. */
const BOX_SERIALS = ['/sys/class/dmi/id/product_serial', '/sys/class/dmi/id/board_serial', '/etc/machine-id'];

export function boxSerial(): string {
  for (const file of BOX_SERIALS) {
    const text = readLine(file);
    if (text !== '' && !/^(to be filled|default|none|not specified|0+$)/i.test(text)) return text;
  }
  return '';
}

/** null: the driver is not loaded. */
export async function boardsOf(engine: EngineClient): Promise<Boards | null> {
  return engine.command('boards.get', {}).catch(() => null);
}

/** `serials`: those that a technician has read off the boards. */
export async function readInventory(
  engine: EngineClient,
  serials: DiagnosticRig['serials'] = [],
): Promise<DiagnosticInventory> {
  const [snapshot, boards] = await Promise.all([engine.command('engine.snapshot', {}), boardsOf(engine)]);
  const known = new Set(snapshot.spans.map(({ span }) => span));
  const carried = new Map((boards?.spans ?? []).filter(({ span }) => span > 0).map((one) => [one.span, one]));
  const calls = (span: number): number => snapshot.legs.filter((leg) => leg.span === span).length;
  const lines = snapshot.spans
    .filter(({ span }) => isBoxSpan(span))
    .map(({ span, name, signalling, alarms, dchannelUp }) => {
      const virtual = !carried.has(span) && known.has(exchangeSpan(span));
      return {
        ...{ span, name, signalling, alarms: [...alarms], signallingUp: dchannelUp, calls: calls(span) },
        card: virtual ? ('virtual' as const) : ('dahdi' as const),
        far: virtual ? { kind: 'cable' as const, span: exchangeSpan(span) } : { kind: 'none' as const },
      };
    });
  const analogs = new Map(snapshot.analogs.map((one) => [one.analog, one]));
  const pairs = snapshot.analogs
    .filter(({ analog, kind }) => kind === 'fxs' && isStation(analog) && analogs.get(phonePort(analog))?.kind === 'fxo')
    .map(({ analog, name, leg }) => {
      const line = phonePort(analog);
      return { station: analog, line, name, calls: Number(leg !== 0) + Number((analogs.get(line)?.leg ?? 0) !== 0) };
    });
  const found: DiagnosticBoard[] = [];
  for (const one of boards?.spans ?? []) {
    const place = one.location === '' ? one.name : one.location;
    let board = found.find((other) => other.board === place);
    if (board === undefined) {
      const written = serials.find((other) => other.board === place)?.serial;
      board = {
        ...{ board: place, type: one.board, manufacturer: one.manufacturer },
        ...{ serial: written ?? serialAt(place), spans: [] },
      };
      found.push(board);
    }
    if (one.span > 0) board.spans.push(one.span);
  }
  const virtual = lines.filter(({ card }) => card === 'virtual').map(({ span }) => span);
  if (virtual.length > 0 || pairs.length > 0)
    found.unshift({ board: 'virtual', type: 'virtual', manufacturer: 'Cordboard', serial: '-', spans: virtual });
  return { boxSerial: boxSerial(), driver: boards?.driver ?? '', boards: found, lines, pairs };
}

/** The driver tells a hardware id of boards that have one. */
function serialAt(place: string): string {
  if (!existsSync(DEVICES)) return '';
  for (const device of readdirSync(DEVICES)) {
    const folder = join(DEVICES, device);
    if (readLine(join(folder, 'location')) === place || device === place) return readLine(join(folder, 'hardware_id'));
  }
  return '';
}

function readLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').split('\n')[0]?.trim() ?? '';
  } catch {
    return '';
  }
}
