// A disk that forgets what it was not told to keep. It is served to the emulator by NBD (the Network Block Device protocol, fixed newstyle
// negotiation) over a socket of this machine: what the guest writes is read back at once, but only a flush, or a write that asks for it
// (FUA), makes it stay. When the power goes, of what was written since the last flush any part may be on the disk or not, sector by sector.
//
// With a history, every write and flush is also kept in order, so that the disk can be had as a power cut at any moment of the run would
// have left it, without running it again.
import { closeSync, fstatSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';

import { DiskHistory, readAt, survivors, writeAt } from './disk-history.mjs';

const SECTOR = 512;
const MAGIC = Buffer.from('NBDMAGICIHAVEOPT', 'latin1');
const OPTION_REPLY = 0x3e889045565a9n;
const REQUEST = 0x25609513;
const REPLY = 0x67446698;
const OPTION = { exportName: 1, abort: 2, info: 6, go: 7 };
const ANSWER = { ack: 1, info: 3, unsupported: 0x80000001 };
const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3 };
/** Flags are given, flush and FUA are understood. */
const EXPORT_FLAGS = 1 | 4 | 8;
const FUA = 1;
const EINVAL = 22;
const MOST_OPTION_BYTES = 4096;
const MOST_REQUEST_BYTES = 64 << 20;

export class PowerDisk {
  /** Written since the last flush: where, what stood there, what stands there now. */
  #unflushed = [];
  #server;
  #sockets = new Set();
  #history;
  #handle;

  /** @param {{ file: string, socket: string }} options `file`: raw, of whole sectors */
  constructor({ file, socket }) {
    this.file = file;
    this.socket = socket;
    this.#handle = openSync(file, 'r+');
    this.bytes = fstatSync(this.#handle).size;
    if (this.bytes % SECTOR !== 0) throw new Error(`${file} is not of whole sectors`);
  }

  /** From now on every write is kept, in `file`; what the disk is now has to be kept beside it. */
  keepHistory(file) {
    this.#history = new DiskHistory(file);
    return this.#history;
  }

  async serve() {
    rmSync(this.socket, { force: true });
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
      const client = new Client(this, socket);
      socket.on('data', (data) => client.take(data));
    });
    await new Promise((resolve, reject) => this.#server.on('error', reject).listen(this.socket, resolve));
  }

  read(at, bytes) {
    return readAt(this.#handle, at, bytes);
  }

  write(at, data, kept) {
    this.#unflushed.push({ at, data, kept, before: this.read(at, data.length) });
    writeAt(this.#handle, at, data);
    this.#history?.write(at, data, kept);
  }

  flush() {
    this.#unflushed = [];
    this.#history?.flush();
  }

  /** The power goes: how many writes no flush had followed, and how many octets of them are lost. */
  lose(random) {
    const writes = this.#unflushed;
    this.#unflushed = [];
    for (const { at, before } of [...writes].reverse()) writeAt(this.#handle, at, before);
    const left = survivors(writes, random);
    for (const { at, data } of left) writeAt(this.#handle, at, data);
    const octets = (list) => list.reduce((sum, { data }) => sum + data.length, 0);
    return { unflushed: writes.length, lostBytes: octets(writes) - octets(left) };
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => (this.#server === undefined ? resolve() : this.#server.close(resolve)));
    closeSync(this.#handle);
  }
}

/** One connection: negotiation, then requests, each carried out whole before the next is looked at. */
class Client {
  #disk;
  #socket;
  #pieces = [];
  #length = 0;
  #wanted = 4;
  #step = this.#flags;

  constructor(disk, socket) {
    this.#disk = disk;
    this.#socket = socket;
    const flags = Buffer.alloc(2);
    flags.writeUInt16BE(3); // Fixed newstyle, no zeros behind the answer.
    socket.write(Buffer.concat([MAGIC, flags]));
  }

  take(data) {
    this.#pieces.push(data);
    this.#length += data.length;
    while (this.#length >= this.#wanted && !this.#socket.destroyed) {
      const all = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
      const head = all.subarray(0, this.#wanted);
      this.#pieces = [all.subarray(this.#wanted)];
      this.#length -= this.#wanted;
      this.#step(head);
    }
  }

  #then(wanted, step) {
    this.#wanted = wanted;
    this.#step = step;
  }

  #flags() {
    this.#then(16, this.#option);
  }

  #option(head) {
    const [option, length] = [head.readUInt32BE(8), head.readUInt32BE(12)];
    if (head.toString('latin1', 0, 8) !== 'IHAVEOPT' || length > MOST_OPTION_BYTES) return this.#socket.destroy();
    if (length === 0) return this.#answer(option);
    this.#then(length, () => this.#answer(option));
  }

  #answer(option) {
    this.#then(16, this.#option);
    const reply = (type, data = Buffer.alloc(0)) => {
      const head = Buffer.alloc(20);
      head.writeBigUInt64BE(OPTION_REPLY);
      head.writeUInt32BE(option, 8);
      head.writeUInt32BE(type, 12);
      head.writeUInt32BE(data.length, 16);
      this.#socket.write(Buffer.concat([head, data]));
    };
    if (option === OPTION.abort) {
      reply(ANSWER.ack);
      return this.#socket.end();
    }
    if (option !== OPTION.go && option !== OPTION.info) return reply(ANSWER.unsupported);
    const about = Buffer.alloc(12);
    about.writeBigUInt64BE(BigInt(this.#disk.bytes), 2);
    about.writeUInt16BE(EXPORT_FLAGS, 10);
    reply(ANSWER.info, about);
    reply(ANSWER.ack);
    if (option === OPTION.go) this.#then(28, this.#request);
  }

  #request(head) {
    const [flags, command] = [head.readUInt16BE(4), head.readUInt16BE(6)];
    const handle = Buffer.from(head.subarray(8, 16));
    const [at, bytes] = [Number(head.readBigUInt64BE(16)), head.readUInt32BE(24)];
    if (head.readUInt32BE(0) !== REQUEST || bytes > MOST_REQUEST_BYTES) return this.#socket.destroy();
    this.#then(28, this.#request);
    const reply = (error, data) => {
      const answer = Buffer.alloc(16);
      answer.writeUInt32BE(REPLY);
      answer.writeUInt32BE(error, 4);
      handle.copy(answer, 8);
      this.#socket.write(answer);
      if (data !== undefined) this.#socket.write(data);
    };
    const fits = at + bytes <= this.#disk.bytes;
    if (command === COMMAND.disconnect) return this.#socket.end();
    if (command === COMMAND.read) return fits ? reply(0, this.#disk.read(at, bytes)) : reply(EINVAL);
    if (command === COMMAND.flush) {
      this.#disk.flush();
      return reply(0);
    }
    if (command !== COMMAND.write) return reply(EINVAL);
    const write = (data) => {
      this.#then(28, this.#request);
      if (!fits) return reply(EINVAL);
      this.#disk.write(at, Buffer.from(data), (flags & FUA) !== 0);
      reply(0);
    };
    if (bytes === 0) return write(Buffer.alloc(0));
    this.#then(bytes, write);
  }
}
