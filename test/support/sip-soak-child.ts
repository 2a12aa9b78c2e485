// The callers of `npm run soak -- sip`: `node sip-soak-child.mjs <options as JSON>`. Its last line is one JSON object.
import { soak, type SoakOptions } from './sip-soak.js';

const result = await soak(JSON.parse(process.argv[2] ?? '{}') as SoakOptions);
process.stdout.write(`${JSON.stringify(result)}\n`);
