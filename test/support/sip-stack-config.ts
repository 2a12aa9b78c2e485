// What a stack of the tests is started with: 127.0.0.1, any free port, nobody and nothing there yet.
import type { StackConfig } from '../../daemon/src/sip/stack/index.js';

export function stackConfig(domain: string, over: Partial<StackConfig> = {}): StackConfig {
  return {
    ...{ host: '127.0.0.1', port: 0, tlsPort: undefined, tls: undefined, domain },
    ...{ externalAddress: undefined, trusted: [], emergency: [], callsPerHour: 1000, decoyKey: '5c'.repeat(32) },
    ...{ stations: [], trunks: [], bindings: [], dialogs: [] },
    ...over,
  };
}
