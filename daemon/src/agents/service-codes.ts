// What is dialled on a lifted telephone, by an agent:
//   *11<number>#   sign in        *12#          sign out
//   *13#           ready          *14<reason>#  not ready
//   *11<number>*<pin>#            sign in with the PIN
// and by anybody, with the code of the settings:
//   *8<number>#    takes the call that rings at the number
//   *66#           dials the last number once more      *0<nn>#  dials the number of a speed dial
//   *7<place>#     takes the call that is parked there, whatever the settings say
//   *43            says something, and hears it
//   *97            listens to the voicemail of the telephone, or of who is signed in at it
//   *98<box>#      … of any box, with its PIN
//   *90<code>#     records a prompt, with the code that somebody was given for it
//   *91<number>#   switches an announcement
//   *8#            takes one that rings in a ring group of the telephone's own
// `*` begins a code and is dialled again to begin anew; `#` ends it. Behind *11<number> it begins a PIN: what is shorter than one is
// a code that begins anew.

export type AgentCode =
  | { verb: 'signIn'; agentId: string; pin?: string }
  | { verb: 'signOut' }
  | { verb: 'ready' }
  | { verb: 'notReady'; reason: string };

/** `number` empty: of the telephone's own ring groups */
export interface PickUpCode {
  verb: 'pickUp';
  number: string;
}

/** Takes a parked call. */
export interface TakeCode {
  verb: 'take';
  slot: number;
}

/** Leads into a program as a number does. */
export interface ProgramCode {
  verb: 'program';
  number: string;
}

/** Dials a number that is known: the last one, or one of a list. */
export type DialCode = { verb: 'redial' } | { verb: 'speedDial'; slot: string };

export type ServiceCode = AgentCode | PickUpCode | TakeCode | ProgramCode | DialCode;

/** `open`: more digits may follow, `asIs`: what it is if none do; `unknown`: nothing dialled after this makes it a code. */
export type ServiceCodeReading =
  { kind: 'open'; asIs?: PickUpCode } | { kind: 'unknown' } | { kind: 'code'; code: ServiceCode };

/** longest digits between the code and `#` */
const LONGEST_ARGUMENT = 16;

/** No PIN begins with 11: that is a sign-in that begins anew. */
const SIGN_IN_WITH_PIN = /\*11([0-9]{1,16})\*((?!11)[0-9]{0,16})(#?)$/;
const SHORTEST_PIN = 4;

interface Rule<Code extends ServiceCode = ServiceCode> {
  prefix: string;
  /** never: it is complete without # */
  argument: 'never' | 'none' | 'required' | 'optional';
  make: (argument: string) => Code;
}

const rules: readonly Rule[] = [
  { prefix: '*11', argument: 'required', make: (agentId) => ({ verb: 'signIn', agentId }) },
  { prefix: '*12', argument: 'none', make: () => ({ verb: 'signOut' }) },
  { prefix: '*13', argument: 'none', make: () => ({ verb: 'ready' }) },
  { prefix: '*7', argument: 'required', make: (slot) => ({ verb: 'take', slot: Number(slot) }) },
  ...['*97', '*43'].map((prefix): Rule => ({
    ...{ prefix, argument: 'never' },
    make: () => ({ verb: 'program', number: prefix }),
  })),
  ...['*98', '*90', '*91'].map((prefix): Rule => ({
    ...{ prefix, argument: 'required' },
    make: (argument) => ({ verb: 'program', number: prefix + argument }),
  })),
  { prefix: '*66', argument: 'none', make: () => ({ verb: 'redial' }) },
  { prefix: '*0', argument: 'required', make: (slot) => ({ verb: 'speedDial', slot }) },
  { prefix: '*14', argument: 'optional', make: (reason) => ({ verb: 'notReady', reason }) },
];

/** Reads what was dialled so far, `dialled` being all digits since the telephone was lifted; `pickUpCode` empty: there is none. */
export function readServiceCode(dialled: string, pickUpCode: string): ServiceCodeReading {
  const signIn = SIGN_IN_WITH_PIN.exec(dialled);
  if (signIn !== null) {
    const [, agentId = '', pin = '', end = ''] = signIn;
    if (end !== '' && pin.length >= SHORTEST_PIN) return { kind: 'code', code: { verb: 'signIn', agentId, pin } };
    if (end === '' && pin !== '') return { kind: 'open' };
  }
  const begin = dialled.lastIndexOf('*');
  const text = begin > 0 ? dialled.slice(begin) : dialled;
  const pickUp: Rule<PickUpCode> = {
    ...{ prefix: pickUpCode, argument: 'optional' },
    make: (number) => ({ verb: 'pickUp', number }),
  };
  if (pickUpCode !== '' && text.startsWith(pickUpCode)) {
    const argument = text.slice(pickUpCode.length);
    const reading = readArgument(pickUp, argument);
    return reading.kind === 'open' ? { kind: 'open', asIs: pickUp.make(argument) } : reading;
  }
  for (const rule of pickUpCode === '' ? rules : [...rules, pickUp]) {
    if (text.length < rule.prefix.length) {
      if (rule.prefix.startsWith(text)) return { kind: 'open' };
      continue;
    }
    if (!text.startsWith(rule.prefix)) continue;
    return readArgument(rule, text.slice(rule.prefix.length));
  }
  return { kind: 'unknown' };
}

function readArgument(rule: Rule, rest: string): ServiceCodeReading {
  if (rule.argument === 'never') return { kind: 'code', code: rule.make('') };
  const end = rest.indexOf('#');
  const argument = end < 0 ? rest : rest.slice(0, end);
  if (!/^[0-9]*$/.test(argument) || argument.length > LONGEST_ARGUMENT) return { kind: 'unknown' };
  if (rule.argument === 'none' && argument !== '') return { kind: 'unknown' };
  if (end < 0) return { kind: 'open' };
  if (rule.argument === 'required' && argument === '') return { kind: 'unknown' };
  if (rule.prefix === '*0' && !/^[0-9]{2}$/.test(argument)) return { kind: 'unknown' };
  return { kind: 'code', code: rule.make(argument) };
}
