// What stands on the data partition of a box that is switched off.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';

import { PARTITIONS } from '../../install/image/layout.mjs';

const MIB = 2 ** 20;

function must(name, args, options) {
  const ran = spawnSync(name, args, { maxBuffer: 2 ** 28, ...options });
  if (ran.status !== 0) throw new Error(`${name}: ${ran.stderr || ran.error}`);
  return ran.stdout;
}

/**
 * The data partition of a disk in a file of its own beside it, after its journal has been played and all of it has been looked at; whatever
 * is not whole is an error. Made once; `forgetData` removes it.
 */
export function dataOf(disk) {
  const data = `${disk}.data`;
  if (existsSync(data)) return data;
  const skip = `skip=${PARTITIONS.data.start / MIB}`;
  must('dd', [`if=${disk}`, `of=${data}`, 'bs=1M', 'conv=sparse', skip, 'status=none']);
  const { status, stdout, stderr } = spawnSync('e2fsck', ['-p', '-f', data], { encoding: 'utf8' });
  if (status > 1) {
    rmSync(data);
    throw new Error(`the data partition is damaged: ${stdout}${stderr}`);
  }
  return data;
}

export const forgetData = (disk) => rmSync(`${disk}.data`, { force: true });

/** Gives `read` a way to the files of the data partition: path to contents (empty: there is none), and folder to names. */
export function readDisk(disk, read) {
  const data = dataOf(disk);
  return read(
    (path) => must('debugfs', ['-R', `cat ${path}`, data]),
    (folder) =>
      must('debugfs', ['-R', `ls -p ${folder}`, data], { encoding: 'utf8' })
        .split('\n')
        .map((line) => line.split('/')[5] ?? '')
        .filter((name) => name !== '' && name !== '.' && name !== '..'),
  );
}

/** Copies a folder of the data partition, with all that is in it, into the folder `to`. */
export function takeOut(disk, folder, to) {
  mkdirSync(to, { recursive: true });
  must('debugfs', ['-R', `rdump ${folder} ${to}`, dataOf(disk)]);
}

/** What a box has for itself alone, by name. */
export function secretsOf(disk) {
  forgetData(disk);
  const found = readDisk(disk, (cat, list) => {
    const own = [
      'etc/machine-id',
      ...list('/state/etc/ssh')
        .filter((name) => name.endsWith('_key'))
        .map((name) => `etc/ssh/${name}`),
    ];
    const home = ['home/local-token', 'home/tls/key.pem', 'home/tls/cert.pem'];
    return new Map([...own, ...home].map((name) => [name, cat(`/state/${name}`).toString().trim()]));
  });
  forgetData(disk);
  return found;
}
