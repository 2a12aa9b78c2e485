// The program of the figure: `node sip-called-child.mjs '{"server": 5060, "accounts": […], "rate": 20, "calls": 400}'`. Its last line is
// one JSON object.
import { callStations, type CalledStationsOptions } from './sip-called-stations.js';

const options = JSON.parse(process.argv[2] ?? '{}') as CalledStationsOptions;
process.stdout.write(`${JSON.stringify(await callStations(options))}\n`);
