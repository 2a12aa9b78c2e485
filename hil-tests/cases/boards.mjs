// The set-up of boards on the real driver: what /sys shows is read, dahdi_cfg takes what is written and does it, and a set-up that the
// driver does otherwise than it was meant is taken back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import {
  applyBoards,
  differences,
  findHardware,
  machinePorts,
  planBoards,
  readProfiles,
  undoBoards,
} from '../../daemon/dist/boards/index.js';
import { BoardsSetting } from '../../daemon/dist/contract/index.js';

const CONF = '/etc/dahdi/system.conf';
const profiles = readProfiles();
const wantedOf = (signalling, more = {}) => ({
  boards: BoardsSetting.parse({
    spans: [
      { span: 2, device: 1 },
      { span: 3, device: 2, side: 'network', ...more },
    ],
  }),
  country: 'cn',
  signalling: new Map([[3, signalling]]),
});
const uses = (device) => findHardware().spans[device - 1].channels.map(({ use }) => use);
const counted = (all) =>
  Object.fromEntries([...new Set(all)].map((use) => [use, all.filter((one) => one === use).length]));

async function test(name, work) {
  const begun = Date.now();
  try {
    await work();
    console.log(`[ OK ] Boards.${name} (${Date.now() - begun} ms)`);
  } catch (error) {
    console.log(`[ FAILED ] Boards.${name}\n${error.stack}`);
    process.exitCode = 1;
  }
}

await test('AreFoundAsTheDriverHasThem', () => {
  const { driver, spans } = findHardware();
  console.log(
    `driver ${driver}; ${spans.map(({ device, type, name, location }) => `${device} ${type} ${name} ${location}`).join('; ')}`,
  );
  assert.equal(spans.length, 2);
  for (const { type, channels, line } of spans) {
    assert.equal(type, 'E1');
    assert.equal(channels.length, 31);
    assert.deepEqual(line, []);
  }
  assert.equal(spans[1].channels[0].channel, 32);
  assert.deepEqual(counted(uses(1)), { none: 31 });
});

await test('AreSetUpAsTheSettingsHaveThem', async () => {
  const wanted = wantedOf('r2');
  const result = await applyBoards({ wanted, profiles, ports: machinePorts() });
  assert.deepEqual([result.state, result.output], ['done', '']);
  assert.deepEqual(counted(uses(1)), { speech: 30, frames: 1 });
  assert.equal(uses(1)[15], 'frames');
  assert.deepEqual(counted(uses(2)), { cas: 30, none: 1 });
  assert.deepEqual(findHardware().spans[0].line.toSorted(), ['CCS', 'CRC4', 'HDB3']);
  assert.deepEqual(differences(planBoards(wanted, findHardware(), profiles)), []);
});

await test('ChangeToAnotherSignallingAndBack', async () => {
  const result = await applyBoards({ wanted: wantedOf('pri', { crc4: false }), profiles, ports: machinePorts() });
  assert.deepEqual([result.state, result.output], ['done', '']);
  assert.equal(uses(2)[15], 'frames');
  assert.ok(!findHardware().spans[1].line.includes('CRC4'));
  assert.equal((await undoBoards(machinePorts())).state, 'done');
  assert.deepEqual(counted(uses(2)).cas, 30);
});

await test('ArePutBackWhenTheDriverDoesOtherwise', async () => {
  const before = readFileSync(CONF, 'utf8');
  const ports = machinePorts();
  // a driver that has lost the channel of frames
  let times = 0;
  const run = (command, args) => {
    if (command !== 'dahdi_cfg' || args[0] !== '-c' || times++ > 0) return ports.run(command, args);
    ports.run('dahdi_cfg', args);
    return ports.run('sh', ['-c', 'printf "clear=47\\n" | dahdi_cfg -c -']);
  };
  const result = await applyBoards({ wanted: wantedOf('pri'), profiles, ports: { ...ports, run } });
  assert.deepEqual([result.state, result.step], ['rolledBack', 'check']);
  assert.match(result.output, /timeslots 16 are not configured/);
  assert.equal(readFileSync(CONF, 'utf8'), before);
  assert.equal(counted(uses(2)).cas, 30);
});

await test('RefusedByTheDriverLeaveItAsItWas', async () => {
  const before = readFileSync(CONF, 'utf8');
  const ports = machinePorts();
  let times = 0;
  const run = (command, args) => {
    if (command !== 'dahdi_cfg' || args[0] !== '-c' || times++ > 0) return ports.run(command, args);
    return ports.run('sh', ['-c', 'printf "bchan=900\\n" | dahdi_cfg -c -']);
  };
  const result = await applyBoards({ wanted: wantedOf('pri'), profiles, ports: { ...ports, run } });
  assert.deepEqual([result.state, result.step], ['rolledBack', 'configure']);
  assert.match(result.output, /900/);
  assert.equal(readFileSync(CONF, 'utf8'), before);
});
