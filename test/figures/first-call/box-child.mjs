// A box in a process of its own, to be killed. Says where it is when it takes calls, and every live event after that.
import { startBox } from '../../../daemon/dist/main.js';

const begun = performance.now();
const box = await startBox({ home: process.argv[2], env: process.env });
const of = (names) => names.reduce((thing, name) => thing[name], box);
const say = (line) => process.send(line);
for (const event of ['call.updated', 'call.segment', 'agent.updated', 'station.updated'])
  box.live.on(event, (data) => say({ event, data }));
const up = () => box.trunks.list().every(({ dchannelUp }) => dchannelUp);
if (!up()) await new Promise((resolve) => box.live.on('span.updated', () => (up() ? resolve() : undefined)));
say({ event: 'ready', data: { url: box.url, startedInMs: performance.now() - begun } });
process.on('message', async ({ id, path, args }) => {
  const names = path.split('.');
  const method = names.pop();
  try {
    say({ re: id, ok: await of(names)[method](...args) });
  } catch (error) {
    say({ re: id, error: String(error) });
  }
});
