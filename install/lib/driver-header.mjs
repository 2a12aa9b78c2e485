// The interface of the DAHDI driver, dahdi/user.h: Debian has it in the driver's source package alone, which would compile the
// driver for the running kernel when it is installed. So it is unpacked, and only the header is kept.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Failure } from './failure.mjs';
import { inRoot } from './paths.mjs';
import { unpackPackages } from './packages.mjs';

const HEADERS = ['user.h', 'dahdi_config.h'];
const SYSTEM = '/usr/include';
const KEPT = 'build/dahdi/include/dahdi';

export async function fetchDriverHeader(keep) {
  mkdirSync(inRoot(KEPT), { recursive: true });
  const own = join(SYSTEM, 'dahdi');
  if (HEADERS.every((header) => existsSync(join(own, header)))) {
    copyHeaders(own);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-dahdi-'));
  try {
    await unpackPackages(['dahdi-dkms'], folder, { keep });
    copyHeaders(join(driverSource(folder), 'include/dahdi'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Folder of the driver's source within the unpacked package dahdi-dkms. */
export function driverSource(folder) {
  const sources = join(folder, 'usr/src');
  const name = existsSync(sources) ? readdirSync(sources).find((entry) => entry.startsWith('dahdi-')) : undefined;
  if (name === undefined) throw new Failure('The package dahdi-dkms does not hold the source of the driver.');
  return join(sources, name);
}

function copyHeaders(from) {
  for (const header of HEADERS) copyFileSync(join(from, header), inRoot(KEPT, header));
}
