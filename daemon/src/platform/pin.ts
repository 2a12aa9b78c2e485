// PINs of voicemail boxes and of agents. A PIN has few digits, so what protects it is the limit of tries; the hash keeps it from being read in a back-up at a glance.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const KEY_BYTES = 32;
const SALT_BYTES = 16;

const derive = (pin: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(pin, salt, KEY_BYTES, (error, key) => (error === null ? resolve(key) : reject(error))),
  );

export async function hashPin(pin: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return `${salt.toString('hex')}:${(await derive(pin, salt)).toString('hex')}`;
}

export async function pinFits(stored: string, pin: string): Promise<boolean> {
  const [salt = '', key = ''] = stored.split(':');
  const expected = Buffer.from(key, 'hex');
  const found = await derive(pin, Buffer.from(salt, 'hex'));
  return expected.length === found.length && timingSafeEqual(expected, found);
}
