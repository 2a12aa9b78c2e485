// A page as the telephone of a station.
import { z } from 'zod';
import { StationNumber } from './primitives.js';

/** Asks to be the telephone where the agent is signed in. */
export const WebPhoneAsk = z
  .strictObject({
    tab: z
      .string()
      .regex(/^[A-Za-z0-9-]{8,64}$/)
      .meta({ description: 'The same as long as a tab is there, whatever it loads' }),
    takeOver: z.boolean().default(false).meta({ description: 'In the place of another page that is the telephone' }),
  })
  .meta({ id: 'WebPhoneAsk' });

export const WebPhonePass = z
  .strictObject({
    station: StationNumber,
    domain: z.string(),
    user: z.string().meta({ description: 'Of digest; good for this session alone' }),
    password: z.string(),
    path: z.string().meta({ description: 'Of the WebSocket (RFC 7118), at this host' }),
    iceServers: z
      .array(z.strictObject({ urls: z.array(z.string()), username: z.string(), credential: z.string() }))
      .meta({ description: 'TURN servers, with credentials that end by themselves after some hours' }),
    expiresAt: z.int().meta({ description: 'ms since 1970' }),
  })
  .meta({ id: 'WebPhonePass' });
export type WebPhonePass = z.infer<typeof WebPhonePass>;
