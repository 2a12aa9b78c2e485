import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../install/lint-layers.mjs', import.meta.url));
const SPDX = '// SPDX-License-Identifier: GPL-2.0-or-later\n';

let tree: string;

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'lint-layers-'));
});

afterEach(() => {
  rmSync(tree, { recursive: true });
});

/** Writes the files, runs the check on the tree and gives its lines. */
function check(files: Record<string, string>): string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, tree], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const lines = stdout.split('\n').filter((line) => line !== '');
  expect(status).toBe(lines.length > 0 ? 1 : 0);
  return lines;
}

const cpp = (...lines: string[]) => `${SPDX}${lines.join('\n')}\n`;

describe('the engine', () => {
  it('may include what stands below, the C++ library and its own files', () => {
    expect(
      check({
        'native/src/bus/tick.cpp': cpp('#include "bus/tick.hpp"', '#include <vector>', '#include "base/clock.hpp"'),
        'native/src/cards/virtual/span.cpp': cpp('#include "../card.hpp"', '#include "dsp/g711.hpp"'),
        'native/src/cards/card.hpp': cpp('#pragma once'),
        'native/src/media/player.cpp': cpp(
          '#include "bus/port.hpp"',
          '#include "cards/card.hpp"',
          '#include <sndfile.h>',
        ),
        'native/src/binding/addon.cpp': cpp('#include <napi.h>', '#include "engine/engine.hpp"'),
        'native/test/bus_test.cpp': cpp('#include "engine/engine.hpp"'),
      }),
    ).toEqual([]);
  });

  it('never includes what stands above', () => {
    expect(check({ 'native/src/dsp/level.cpp': cpp('', '#include "bus/tick.hpp"') })).toEqual([
      'native/src/dsp/level.cpp:3: native: dsp may not import bus, which stands above it',
    ]);
  });

  it('never includes a neighbour, whichever way it is written', () => {
    expect(
      check({
        'native/src/cards/card.hpp': cpp('#pragma once'),
        'native/src/bus/a.cpp': cpp('#include "cards/card.hpp"'),
        'native/src/bus/b.cpp': cpp('#include "../cards/card.hpp"'),
      }),
    ).toEqual([
      'native/src/bus/a.cpp:2: native: bus and cards stand side by side and may not import one another',
      'native/src/bus/b.cpp:2: native: bus and cards stand side by side and may not import one another',
    ]);
  });

  it('sees Node-API in binding/ alone', () => {
    const rule = 'native: only binding/ includes';
    expect(
      check({
        'native/src/engine/engine.cpp': cpp('#include <napi.h>'),
        'native/test/addon_test.cpp': cpp('#include <node_api.h>'),
      }),
    ).toEqual([`native/src/engine/engine.cpp:2: ${rule} napi.h`, `native/test/addon_test.cpp:2: ${rule} node_api.h`]);
  });

  it('has known layers and the licence in every file', () => {
    expect(
      check({
        'native/src/extra/new.cpp': cpp(''),
        'native/tools/tool.cpp': 'int main() {}\n',
        'native/build-test/generated.cpp': 'int x;\n',
      }),
    ).toEqual([
      'native/src/extra/new.cpp:1: native: extra is no layer of the engine',
      'native/tools/tool.cpp:1: no SPDX-License-Identifier: GPL-2.0-or-later in the first line',
    ]);
  });
});

describe('the daemon', () => {
  it('may import what stands below, and calls may use trunks', () => {
    expect(
      check({
        'daemon/src/main.ts': "import { http } from './http/server.js';\nimport './cli.js';\n",
        'daemon/src/http/server.ts': "import { Ivr } from '../ivr/runner.js';\n",
        'daemon/src/ivr/runner.ts': "import { calls } from '../calls/calls.js';\nimport { z } from 'zod';\n",
        'daemon/src/calls/calls.ts': "import { trunks } from '../trunks/trunks.js';\n",
        'daemon/src/db/models.ts': "import { Model } from 'sequelize';\nimport { log } from '../platform/log.js';\n",
        'daemon/src/engine/engine.ts': "import { Engine } from '@cordboard/native';\n",
        'daemon/src/config/schema.ts': "import type { EngineConfig } from '@cordboard/native';\n",
        'daemon/src/contract/calls.ts': "export type { LegState } from '@cordboard/native';\n",
      }),
    ).toEqual([]);
  });

  it('never imports what stands above, over however many lines', () => {
    expect(
      check({
        'daemon/src/platform/log.ts':
          "\nimport {\n  calls,\n  // the reason\n  type Call,\n} from '../calls/calls.js';\n",
        'daemon/src/calls/calls.ts': "export const ivr = await import('../ivr/runner.js');\n",
        'daemon/src/contract/index.ts': "export * from '../platform/log.js';\n",
        'daemon/src/agents/agents.ts': "import '../calls/calls.js';\n",
      }),
    ).toEqual([
      'daemon/src/agents/agents.ts:1: daemon: agents and calls stand side by side and may not import one another',
      'daemon/src/calls/calls.ts:1: daemon: calls may not import ivr, which stands above it',
      'daemon/src/contract/index.ts:1: daemon: contract may not import platform, which stands above it',
      'daemon/src/platform/log.ts:2: daemon: platform may not import calls, which stands above it',
    ]);
  });

  it('keeps services apart, a type no less than a value', () => {
    expect(check({ 'daemon/src/voicemail/boxes.ts': "import type { Queue } from '../acd/queue.js';\n" })).toEqual([
      'daemon/src/voicemail/boxes.ts:1: daemon: voicemail and acd stand side by side and may not import one another',
    ]);
  });

  it('keeps the database and the addon each behind one part', () => {
    expect(
      check({
        'daemon/src/calls/store.ts': "import { Op } from 'sequelize';\n",
        'daemon/src/config/load.ts': "import { Engine } from '@cordboard/native';\n",
        'daemon/src/ivr/play.ts': "import type { PlayEnd } from '@cordboard/native';\n",
      }),
    ).toEqual([
      'daemon/src/calls/store.ts:1: daemon: only db/ imports Sequelize, sqlite3 and umzug',
      'daemon/src/config/load.ts:1: daemon: only engine/ loads the addon; elsewhere `import type` it',
      "daemon/src/ivr/play.ts:1: daemon: from here the addon's types come through engine/",
    ]);
  });

  it('is not misled by comments and strings', () => {
    expect(
      check({
        'daemon/src/platform/log.ts': [
          "// import { calls } from '../calls/calls.js';",
          "/* import '../calls/calls.js'; */",
          "export const address = 'http://127.0.0.1';",
          "import type { Level } from './levels.js';",
        ].join('\n'),
      }),
    ).toEqual([]);
  });
});

describe('the pages', () => {
  it('import of the daemon the contract alone', () => {
    const rule = 'pages: of the daemon only @cordboard/daemon/contract is imported';
    expect(
      check({
        'admin-ui/src/good.ts':
          "import type { Call } from '@cordboard/daemon/contract';\nimport x from '@/stores/x';\n",
        'admin-ui/src/bad.ts': "import { log } from '@cordboard/daemon/platform';\n",
        'admin-ui/src/pages/bad.vue':
          "<!-- import '@cordboard/native' -->\n<script setup lang=\"ts\">\nimport { calls } from '../../../daemon/src/calls/calls';\n</script>\n",
      }),
    ).toEqual([`admin-ui/src/bad.ts:1: ${rule}`, `admin-ui/src/pages/bad.vue:3: ${rule}`]);
  });
});

describe('length', () => {
  const lines = (count: number) => 'export {};\n'.repeat(count);

  it('over 500 lines wants a reason, over 800 is refused', () => {
    const split = 'split it or say `// long because: …` in its head';
    expect(
      check({
        'daemon/src/ivr/fits.ts': lines(500),
        'daemon/src/ivr/long.ts': lines(501),
        'daemon/src/ivr/reasoned.ts': `// long because: one table\n${lines(700)}`,
        'test/unit/endless.test.ts': `// long because: one table\n${lines(800)}`,
        'native/test/long_test.cpp': `${SPDX}${'int x;\n'.repeat(500)}`,
      }),
    ).toEqual([
      `native/test/long_test.cpp:501: 501 lines: over 500, ${split}`,
      `daemon/src/ivr/long.ts:501: 501 lines: over 500, ${split}`,
      'test/unit/endless.test.ts:801: 801 lines: over 800, split the file',
    ]);
  });
});
