// The forms that texts must have. A schema names its form; the sentence for one who got it wrong is made from the name
// (platform/problems.ts), in his language.
export const formats = {
  ulid: 'format:ulid',
  slug: 'format:slug',
  agentNumber: 'format:agentNumber',
  phoneNumber: 'format:phoneNumber',
  dialDigits: 'format:dialDigits',
  clipName: 'format:clipName',
  displayName: 'format:displayName',
  username: 'format:username',
  nodeName: 'format:nodeName',
  flowDigit: 'format:flowDigit',
  variableName: 'format:variableName',
  agentReason: 'format:agentReason',
  hostName: 'format:hostName',
  countryCode: 'format:countryCode',
  pickUpCode: 'format:pickUpCode',
  once: 'format:once',
  dialPattern: 'format:dialPattern',
  stripTooLong: 'format:stripTooLong',
  prepend: 'format:prepend',
  outsideNumber: 'format:outsideNumber',
  network: 'format:network',
  ipAddress: 'format:ipAddress',
  sipUser: 'format:sipUser',
  digestUser: 'format:digestUser',
  secret: 'format:secret',
  certificateFingerprint: 'format:certificateFingerprint',
  realm: 'format:realm',
  portRange: 'format:portRange',
} as const;

export type Format = (typeof formats)[keyof typeof formats];
