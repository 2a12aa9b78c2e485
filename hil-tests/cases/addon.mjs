// The compiled addon on the real driver: opens an engine on two spans of boards, lists them and closes it. The exit code says
// whether all was as it should be.
import { createRequire } from 'node:module';

const { Engine } = createRequire(import.meta.url)('../../native/index.cjs');
const SPANS = [
  { span: 1, device: 1, side: 'user' },
  { span: 2, device: 2, side: 'network' },
];
const COMMANDS = ['boards.get', 'engine.snapshot'];

const waiting = new Map();
const engine = new Engine(
  {
    country: {
      code: 'cn',
      tones: [{ name: 'dial', parts: [{ frequenciesHz: [450], onMs: 0, offMs: 0 }] }],
      ...{ ringCadenceMs: [1000, 4000], flashMinMs: 80, flashMaxMs: 500 },
    },
    spans: SPANS.map((span) => ({ ...span, name: `E1-${span.span}`, card: 'dahdi' })),
    ...{ analogs: [], cables: [] },
  },
  (messages) => {
    for (const { re, ok, error } of messages) waiting.get(re)?.(error ?? ok);
  },
);
const ask = (command, id) =>
  new Promise((resolve) => {
    waiting.set(id, resolve);
    engine.submit(id, command, {});
  });
const [boards, { spans }] = await Promise.all(COMMANDS.map((command, i) => ask(command, i + 1)));
for (const { device, span, description, type, channels } of boards.spans ?? [])
  console.log(`    driver's span ${device} is E1 ${span}: ${description}, ${type}, ${channels.length} channels`);
await engine.close();
const good = boards.spans?.length === SPANS.length && spans.every(({ timeslots }) => timeslots.length === 30);
if (!good) console.log(JSON.stringify(boards));
process.exit(good ? 0 : 1);
