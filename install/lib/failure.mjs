// Failures that a user is told of in one sentence, and how the sentence is found in what apt and npm print.

const TAIL_LINES = 40;

/** A failure with a sentence for the user and, where it helps, what a child printed last. */
export class Failure extends Error {
  constructor(sentence, output = '') {
    super(sentence);
    this.name = 'Failure';
    this.output = output;
    /** The file that has the whole output. */
    this.log = undefined;
  }

  /** Tells the user: the end of the output, where all of it is, and the sentence last. */
  print() {
    if (this.output !== '') {
      const lines = this.output.trimEnd().split('\n').slice(-TAIL_LINES);
      console.error(`${lines.map((line) => `    ${line}`).join('\n')}\n`);
      if (this.log !== undefined) console.error(`The whole output is in ${this.log}.`);
    }
    console.error(this.message);
  }
}

const NO_NETWORK =
  /temporary failure resolving|could not resolve|could not connect to|network is unreachable|connection timed out|no route to host|\bENOTFOUND\b|\bEAI_AGAIN\b|\bENETUNREACH\b|\bEHOSTUNREACH\b|\bECONNREFUSED\b|\bECONNRESET\b|\bETIMEDOUT\b|\bENOTCACHED\b|network request to .* failed/i;
const DISK_FULL = /no space left on device|you don't have enough free space|\bENOSPC\b/i;

/** What apt's or npm's output says about causes outside the project, as a sentence; undefined when it says none. */
export function outsideCause(output, wanted) {
  if (DISK_FULL.test(output)) return `The disk is full: make room, then run the command again (${wanted}).`;
  if (NO_NETWORK.test(output)) {
    return `There is no way to the network from here, and it is needed ${wanted}: check the connection (or the proxy) and run the command again.`;
  }
  return undefined;
}
