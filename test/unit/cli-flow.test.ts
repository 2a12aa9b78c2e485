// `cordboard flow …`, as it is typed, against the API.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FlowDefinitionInput } from '../../daemon/src/contract/index.js';
import { validateFlow } from '../../daemon/src/ivr/validate-flow.js';
import { httpBox, type HttpBox } from '../support/http-box.js';
import { typed } from '../support/typed.js';

async function terminal(): Promise<{ box: HttpBox; run: (line: string) => Promise<[number, string]> }> {
  const box = await httpBox();
  return { box, run: typed(box, 'flow') };
}

const bye = (cause: number): FlowDefinitionInput => ({ start: 'bye', nodes: { bye: { type: 'hangup', cause } } });

test('a flow is kept as a draft, checked, let live, changed, and brought back', async () => {
  const { box, run } = await terminal();
  box.ports.flows.validate = (definition, language) => Promise.resolve(validateFlow(definition, {}, language));
  const file = (name: string, definition: unknown): string => {
    const path = join(box.home, name);
    writeFileSync(path, JSON.stringify(definition));
    return path;
  };
  const [first, second] = [file('a.json', bye(17)), file('b.json', { definition: bye(18) })];
  const broken = file('c.json', { start: 'nowhere', nodes: {} });

  expect(await run(`validate ${first}`)).toEqual([0, 'It can go live.']);
  const [code, why] = await run(`validate ${broken}`);
  expect([code, why]).toEqual([1, expect.stringContaining('nowhere')]);
  expect(await run(`put night ${first} --name Night`)).toEqual([
    0,
    'The draft of night is kept; let it live with: cordboard flow live night',
  ]);
  expect((await run('list'))[1]).toMatch(/^night +- +\S+ \S+ +draft +Night$/);
  expect(await run('live night --note first')).toEqual([0, 'Flow night is live as version 1.']);
  // The name is kept where none is given.
  await run(`put night ${second}`);
  expect(await run('live night')).toEqual([0, 'Flow night is live as version 2.']);
  expect(JSON.parse((await run('show night'))[1])).toMatchObject(bye(18));
  expect(JSON.parse((await run('show night --version 1'))[1])).toMatchObject(bye(17));
  expect(await run('rollback night 1')).toEqual([0, 'Flow night is live as version 3.']);
  expect(await box.db.flows.find('night')).toMatchObject({ name: 'Night', version: 3, definition: bye(17) });
  expect((await run('versions night'))[1].split('\n').map((line) => line.split(/ +/)[0])).toEqual(['3', '2', '1']);
  await run(`put night ${broken}`);
  expect((await run('live night'))[0]).toBe(1);
  expect((await box.db.flows.find('night'))?.version).toBe(3);

  expect((await run('rollback night 9'))[0]).toBe(1);
  expect((await run('rollback night soon'))[0]).toBe(2);
  expect((await run('show night --draft --version 1'))[0]).toBe(2);
  expect((await run(`put night ${join(box.home, 'none.json')}`))[0]).toBe(2);
  expect((await run('burn night'))[0]).toBe(2);
});

test('who is in a flow is told, and a flow is tried out', async () => {
  const { box, run } = await terminal();
  const callId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  await box.db.write((tx) => tx.flows.put({ id: 'night', name: 'Night', definition: bye(17) as never, updatedAt: 1 }));
  expect((await run('callers night'))[1]).toBe('There are none.');
  box.ports.flows.callers = () => ({
    nodes: { menu: 1 },
    callers: [{ callId, version: 1, node: 'menu', type: 'menu', since: 0, enteredAt: 0 }],
  });
  expect((await run('callers night'))[1]).toMatch(new RegExp(`^menu +menu +${callId} +- +1970-01-01 00:00$`));
  expect((await run('callers nobody'))[0]).toBe(1);

  const asked: unknown[] = [];
  box.ports.flows.dryRun = (request) => {
    asked.push(request);
    return Promise.resolve({ steps: [], heard: ['welcome', 'menu'], ended: 'released', cause: 17 });
  };
  expect((await run('test night --live --keys 1,,22'))[1]).toBe('Heard: welcome, menu. Ended: released, cause 17.');
  expect(asked).toMatchObject([{ definition: bye(17), keys: ['1', '', '22'], language: 'en' }]);
  expect((await run('test night --keys 1 --digits 2'))[0]).toBe(2);
});
