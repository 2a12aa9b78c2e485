// A call centre in a process of its own that takes call after call until it is told to stop, or nobody is there any more.
// Says { busy } when the first call talks, and { connected } with their number at the end.
import { withBox } from '../box.mjs';
import { callsInLanes, readyAgents } from '../calls.mjs';

const LANES = 10;
let stopped = false;
for (const event of ['message', 'disconnect']) process.on(event, () => (stopped = true));

await withBox({ stations: LANES }, async (box) => {
  await readyAgents(box, LANES);
  let connected = 0;
  box.calls.events.on('call.connected', () => {
    connected += 1;
    if (connected === 1) process.send({ busy: true });
  });
  await callsInLanes(box, LANES, () => !stopped);
  if (process.connected) process.send({ connected });
});
if (process.connected) process.disconnect();
