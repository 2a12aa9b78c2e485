import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface Write {
  at: number;
  data: Buffer;
}
interface Lost {
  unflushed: number;
  lostBytes: number;
}
type Random = () => number;
interface History {
  steps: unknown[];
  mark(text: string): number;
  find(text: string): number;
  firstWrite(start: number, end: number): number;
  diskAt(base: string, file: string, count: number, random: Random): Lost;
  close(): void;
}
interface Disk {
  serve(): Promise<void>;
  read(at: number, bytes: number): Buffer;
  write(at: number, data: Buffer, kept: boolean): void;
  flush(): void;
  lose(random: Random): Lost;
  keepHistory(file: string): History;
  close(): Promise<void>;
}
const part = (name: string): string => new URL(`../appliance/${name}.mjs`, import.meta.url).href;
const { copyDisk, survivors } = (await import(part('disk-history'))) as {
  copyDisk(from: string, to: string): void;
  survivors(writes: Write[], random: Random): Write[];
};
const { PowerDisk } = (await import(part('power-disk'))) as {
  PowerDisk: new (options: { file: string; socket: string }) => Disk;
};

const BYTES = 1 << 20;
const SECTOR = 512;
let folder: string;
let disk: Disk;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'power-disk-'));
  const file = join(folder, 'disk');
  writeFileSync(file, '');
  truncateSync(file, BYTES);
  disk = new PowerDisk({ file, socket: join(folder, 'socket') });
});

afterEach(async () => {
  await disk.close();
  rmSync(folder, { recursive: true });
});

const filled = (octet: number, sectors = 1) => Buffer.alloc(sectors * SECTOR, octet);
const allLost = () => 0;

describe('a disk whose power goes', () => {
  it('keeps what was flushed and loses what was not', () => {
    disk.write(0, filled(1), false);
    disk.flush();
    disk.write(0, filled(2), false);
    disk.write(SECTOR, filled(3), false);
    expect(disk.read(0, 2 * SECTOR)).toEqual(Buffer.concat([filled(2), filled(3)]));
    expect(disk.lose(allLost)).toEqual({ unflushed: 2, lostBytes: 2 * SECTOR });
    expect(disk.read(0, 2 * SECTOR)).toEqual(Buffer.concat([filled(1), filled(0)]));
  });

  it('keeps a write that asked for it, also over one that is lost', () => {
    disk.write(0, filled(1, 2), false);
    disk.write(SECTOR, filled(2), true);
    disk.lose(allLost);
    expect(disk.read(0, 2 * SECTOR)).toEqual(Buffer.concat([filled(0), filled(2)]));
  });

  it('loses any part, in whole sectors', () => {
    let state = 1;
    const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
    const kept = new Set<number>();
    for (let turn = 0; turn < 300; turn += 1) {
      const left = survivors(
        [
          { at: 0, data: filled(1, 4) },
          { at: 4 * SECTOR, data: filled(2, 4) },
        ],
        random,
      );
      for (const { data } of left) expect(data.length % SECTOR).toBe(0);
      kept.add(left.reduce((sum, { data }) => sum + data.length / SECTOR, 0));
    }
    expect([...kept].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('the history of a disk', () => {
  it('gives the disk as a cut at any step leaves it', () => {
    const base = join(folder, 'base');
    copyDisk(join(folder, 'disk'), base);
    const history = disk.keepHistory(join(folder, 'history'));
    disk.write(0, filled(1), false);
    disk.flush();
    const switched = history.mark('switched');
    disk.write(0, filled(2), false);
    disk.write(BYTES - SECTOR, filled(3), false);
    disk.flush();
    const at = (count: number) => {
      const file = join(folder, 'cut');
      const lost = history.diskAt(base, file, count, allLost);
      const bytes = readFileSync(file);
      return { ...lost, first: bytes[0], last: bytes.at(-1) };
    };
    expect(history.firstWrite(BYTES - 1, BYTES)).toBe(4);
    expect(history.find('switched')).toBe(switched);
    expect(at(1)).toEqual({ unflushed: 1, lostBytes: SECTOR, first: 0, last: 0 });
    expect(at(switched + 3)).toEqual({ unflushed: 2, lostBytes: 2 * SECTOR, first: 1, last: 0 });
    expect(at(history.steps.length)).toEqual({ unflushed: 0, lostBytes: 0, first: 2, last: 3 });
    history.close();
  });
});

describe('its protocol', () => {
  it('names its size, takes writes and gives them back', async () => {
    await disk.serve();
    const socket = connect(join(folder, 'socket'));
    let heard: Buffer = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => (heard = Buffer.concat([heard, data])));
    const take = async (bytes: number) => {
      while (heard.length < bytes) await new Promise((resolve) => socket.once('data', resolve));
      const taken = heard.subarray(0, bytes);
      heard = heard.subarray(bytes);
      return taken;
    };
    expect((await take(18)).toString('latin1', 0, 16)).toBe('NBDMAGICIHAVEOPT');
    const option = Buffer.alloc(4 + 16 + 6);
    option.write('IHAVEOPT', 4, 'latin1');
    option.writeUInt32BE(7, 12);
    option.writeUInt32BE(6, 16);
    socket.write(option);
    const info = await take(20 + 12 + 20);
    expect(info.readBigUInt64BE(22)).toBe(BigInt(BYTES));
    const request = (command: number, at: number, bytes: number) => {
      const head = Buffer.alloc(28);
      head.writeUInt32BE(0x25609513);
      head.writeUInt16BE(command, 6);
      head.writeBigUInt64BE(9n, 8);
      head.writeBigUInt64BE(BigInt(at), 16);
      head.writeUInt32BE(bytes, 24);
      return head;
    };
    socket.write(Buffer.concat([request(1, SECTOR, SECTOR), filled(7), request(3, 0, 0)]));
    socket.write(request(0, SECTOR, SECTOR));
    const replies = await take(16 + 16 + 16 + SECTOR);
    expect([0, 16, 32].map((at) => replies.readUInt32BE(at + 4))).toEqual([0, 0, 0]);
    expect(replies.subarray(48)).toEqual(filled(7));
    // Behind its end there is nothing.
    socket.write(request(0, BYTES, SECTOR));
    expect((await take(16)).readUInt32BE(4)).toBe(22);
    expect(disk.lose(allLost)).toEqual({ unflushed: 0, lostBytes: 0 });
    socket.destroy();
  });
});
