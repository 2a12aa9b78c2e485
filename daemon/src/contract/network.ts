// Addresses and names of machines.
import { z } from 'zod';
import { formats } from './formats.js';

const isAddress = (text: string): boolean => z.ipv4().safeParse(text).success || z.ipv6().safeParse(text).success;
const isNetwork = (text: string): boolean =>
  isAddress(text) || z.cidrv4().safeParse(text).success || z.cidrv6().safeParse(text).success;
/** RFC 1123 2.1, and the underscore that SRV names have */
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}(?:\.(?=[A-Za-z0-9_])|$))+$/;

const isHost = (text: string): boolean => isAddress(text) || HOST_NAME.test(text);

/** A machine's name or address, IPv6 without brackets. */
export const HostAddress = z.string().max(253).refine(isHost, formats.hostName).meta({
  id: 'HostAddress',
  description: 'Name or address of a machine; IPv6 without brackets',
  example: 'sip.example.com',
});

export const HostAddressOrNone = z
  .string()
  .max(253)
  .refine((text) => text === '' || isHost(text), formats.hostName);

export const IpAddress = z
  .string()
  .max(45)
  .refine(isAddress, formats.ipAddress)
  .meta({ id: 'IpAddress', description: 'IPv4 or IPv6 address', example: '203.0.113.7' });

/** An address, or a network in the notation of CIDR (RFC 4632 3.1, RFC 4291 2.3). */
export const Network = z
  .string()
  .max(49)
  .refine(isNetwork, formats.network)
  .meta({ id: 'Network', description: 'An address or a network', example: '203.0.113.0/24' });
