// Ports that are chosen may be taken by other programs before they are used.
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startOnChosenPorts } from '../../daemon/src/sip/stack/listeners.js';
import { TransportError } from '../../daemon/src/sip/transport/index.js';

const config = { host: '127.0.0.1', port: 0, tlsPort: undefined };
const taken = (): TransportError => new TransportError('address_taken', 'another program listens there');

let held: Server[] = [];
afterEach(async () => {
  await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
  held = [];
});

describe('a start on chosen ports', () => {
  it('is tried on others when another program was faster', async () => {
    const tried: number[] = [];
    const got = await startOnChosenPorts(config, async ({ port }) => {
      tried.push(port);
      if (tried.length === 3) return port;
      const server = createServer();
      held.push(server);
      await new Promise<void>((listening) => server.listen(port, config.host, listening));
      throw taken();
    });
    expect(tried).toHaveLength(3);
    expect(new Set(tried).size).toBe(3);
    expect(got).toBe(tried[2]);
  });

  it('fails with a port that was asked for, with any other error, and in the end', async () => {
    let starts = 0;
    const start = (error: Error) => (): Promise<never> => {
      starts += 1;
      return Promise.reject(error);
    };
    await expect(startOnChosenPorts({ ...config, port: 5060 }, start(taken()))).rejects.toThrow('another program');
    expect(starts).toBe(1);
    await expect(startOnChosenPorts(config, start(new Error('no memory')))).rejects.toThrow('no memory');
    expect(starts).toBe(2);
    await expect(startOnChosenPorts(config, start(taken()))).rejects.toThrow('another program');
    expect(starts).toBe(52);
  });
});
