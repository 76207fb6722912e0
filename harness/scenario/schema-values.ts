import { FORM, listenerOf } from '../terms/listener.ts';
import * as z from 'zod';
import type { Range } from '../terms/plan.ts';
import { isUnicast } from '../../lb/terms/address.ts';
import { canonical, host, isAddress, isV6 } from './address.ts';
import { mustBe } from '../../lb/terms/messages.ts';

/** Names with another meaning in Linux, sysctls, JavaScript or `gateway:`; interfaces are named after nodes. */
const RESERVED = /^(lo|br0|all|default|none|constructor|eth\d+)$/;
const ANOTHER_NAME = 'another name: this one is reserved';
export const nodeName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,11}$/,
    mustBe(
      'a node name: lower-case letters, digits and hyphens, at most 12 characters (interfaces are named after it)',
    ),
  )
  .refine((name) => !RESERVED.test(name), mustBe(ANOTHER_NAME));
/** A node, or a node's name for a second link with a peer, `l2-2`. */
export const linkName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,13}$/, mustBe('a node name, or, for a second link with a node, `NODE-2`'))
  .refine((name) => !RESERVED.test(name), mustBe(ANOTHER_NAME));
/** A node or one of its interfaces, named after the peer, on a trunk with the VLAN. */
export const place = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,11}(\.[a-z][a-z0-9-]*(\.[1-9]\d{0,3})?)?$/,
    mustBe('a node, or an interface of one, like l4.sw2'),
  );
export const serviceName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    mustBe('a service name: lower-case letters, digits and hyphens, starting with a letter, at most 32 characters'),
  )
  .refine((name) => !RESERVED.test(name), mustBe(ANOTHER_NAME));
const HOST_ADDRESS = 'a unicast host address';
/** Canonical form, because addresses are compared as strings. */
export const address = z
  .string()
  .refine(isAddress, mustBe('an IP address, like 203.0.113.80'))
  .refine((text) => !isAddress(text) || isUnicast(text), mustBe(HOST_ADDRESS))
  .overwrite((text) => (isAddress(text) ? canonical(text) : text));
export const cidr = z
  .string()
  .refine(isCidr, mustBe('an address with its prefix length, like 203.0.113.11/24'))
  .refine((text) => !isCidr(text) || isUnicast(host(text)), mustBe(HOST_ADDRESS))
  .overwrite((text) => (isCidr(text) ? cidrText(text) : text));
export const mac = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, mustBe('a MAC address, lower case, like 02:00:00:00:00:11'))
  // The lowest bit of the first octet marks group addresses (IEEE 802).
  .refine(
    (text) => !/^(00(:00){5}|[0-9a-f][13579bdf](:[0-9a-f]{2}){5})$/.test(text),
    mustBe('the MAC address of one interface: the first octet is even, and not all are zero'),
  );

const A_VLAN = 'a VLAN ID from 1 to 4094';
export const vlanId = z.int(mustBe(A_VLAN)).min(1, mustBe(A_VLAN)).max(4094, mustBe(A_VLAN));

/** A port that any program may use, and that NAT keeps if possible. */
export const callerPort = z.int().min(1024).max(65535);

const A_PORT = 'a port from 1 to 65535';
const A_LISTENER = 'a listener, like 80/tcp, 127.0.0.1:80/tcp or [::1]:80/tcp';

const listenerText = z.string().refine((text) => {
  if (!FORM.test(text)) return false;
  const { port, address } = listenerOf(text);
  return port >= 1 && port <= 65535 && (address === undefined || isAddress(address));
}, mustBe(A_LISTENER));

/** A listener, and the source of its UDP replies. */
export const listener = z.union(
  [
    listenerText,
    z.strictObject({
      listen: listenerText.describe('Where it listens, such as `53/udp`.'),
      answersFrom: address
        .optional()
        .describe('udp: address of the node from which it replies, regardless of the called address.'),
      answersFromPort: z
        .int(mustBe(A_PORT))
        .min(1, mustBe(A_PORT))
        .max(65535, mustBe(A_PORT))
        .optional()
        .describe('udp: port from which it replies, regardless of the called port.'),
    }),
  ],
  mustBe(`${A_LISTENER}, or a mapping of \`listen\` and \`answersFrom\` or \`answersFromPort\``),
);

/** Canonical form of an address with prefix length. */
export function cidrText(cidr: string): string {
  return `${canonical(host(cidr))}/${Number(cidr.split('/')[1])}`;
}

/** Whether a text is an address with prefix length. */
export function isCidr(text: string): boolean {
  const [host, length, ...rest] = text.split('/') as [string, string?, ...string[]];
  if (length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return false;
  return isAddress(host) && Number(length) <= (isV6(host) ? 128 : 32);
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const A_TIME = 'a duration, like 20ms, 1.5s or 2m';
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

const anyDuration = z
  .string(mustBe(A_TIME))
  .regex(DURATION, mustBe(A_TIME))
  .transform((value) => {
    const [, amount = '0', unit = 'ms'] = DURATION.exec(value) ?? [];
    return Number(amount) * UNITS[unit]!;
  });
const LONGEST_MS = 3_600_000;

/** A duration such as `20ms`, `1.5s` or `2m`; read as ms. */
export const duration = anyDuration.refine((ms) => ms >= 1 && ms <= LONGEST_MS, 'must be from 1ms to 60m');

const DAY_MS = 24 * LONGEST_MS;

/** TTL of a DNS answer, in whole seconds (RFC 2181, 8). */
export const timeToLive = anyDuration.refine(
  (ms) => ms >= 1000 && ms <= DAY_MS && ms % 1000 === 0,
  'must be whole seconds, from 1s to 24h',
);

/** Age of a cached DNS answer. */
export const ageOfAnswer = anyDuration.refine((ms) => ms >= 1 && ms <= DAY_MS, 'must be from 1ms to 24h');

/** A count: a number, or bounds. */
export const count = z
  .union(
    [
      z.int().min(0),
      z.strictObject({
        atLeast: z.int().min(0).exactOptional().describe('Lower bound.'),
        atMost: z.int().min(0).exactOptional().describe('Upper bound.'),
      }),
    ],
    mustBe('a number, or a mapping of `atLeast` and `atMost`'),
  )
  .transform((value): Range => (typeof value === 'number' ? { atLeast: value, atMost: value } : value));

/** One line, for lists and the report. */
export const title = z
  .string()
  .trim()
  .refine((text) => text !== '', 'must not be empty')
  .refine((text) => !/[\r\n]/.test(text), 'must be one line');

/** Steps keep their order, which JavaScript does not do for numeric keys. */
export const stepName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]*$/,
    mustBe('a step name: lower-case letters, digits and hyphens, starting with a letter, like l4a-dies'),
  );

/** Names of flows and variants, usable on command lines and in test names. */
export const wordName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, mustBe('a name of lower-case letters, digits and hyphens'));
