import * as z from 'zod';
import { mustBe } from '../../lb/terms/messages.ts';
import { network } from './address.ts';
import { address, ageOfAnswer, cidrText, isCidr, nodeName, serviceName, timeToLive } from './schema-values.ts';

const A_NAME = 'a name with a dot, in lower case, like www.example.test';
/** A host name of at least two parts (RFC 1123, 2.1), so that it differs from services and nodes. */
const NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const domainName = z.string().regex(NAME, mustBe(A_NAME));

const notCalled = mustBe(`a service, a node, or ${A_NAME}`);

/** Destination of a flow: words without a dot are services or nodes. */
export const called = z.union([serviceName, domainName], {
  error: (issue) => {
    const { input } = issue;
    const isWord = typeof input === 'string' && !input.includes('.');
    return (isWord ? serviceName.safeParse(input).error?.issues[0]?.message : undefined) ?? notCalled.error(issue);
  },
});

const word = z.union([serviceName, address], mustBe('a service, or an address'));
const isNetwork = (text: string): boolean => isCidr(text) && network(text) === cidrText(text);
const net = z
  .string()
  .refine(isNetwork, mustBe('a network like 198.51.100.0/24'))
  .overwrite((text) => (isCidr(text) ? cidrText(text) : text));

/** A service or an address, possibly for callers of some networks. */
const record = z
  .union(
    [
      word,
      z.strictObject({
        to: word.describe('A service, or an address.'),
        from: z
          .union([net, z.array(net).min(1)], mustBe('a network like 198.51.100.0/24, or a list of them'))
          .optional()
          .describe(
            'by-source: networks whose callers get only this record; the smallest one that contains the caller counts.',
          ),
      }),
    ],
    mustBe('a service, an address, or a mapping of `to` and `from`'),
  )
  .transform((written) => {
    if (typeof written === 'string') return { to: written };
    const { to, from } = written;
    return from === undefined ? { to } : { to, from: [from].flat() };
  });

/** A name and its DNS records. */
export const name = z.strictObject({
  server: nodeName.describe('Node that runs the DNS server (Knot DNS) on 53/udp. Callers query it directly.'),
  records: z
    .array(record)
    .describe(
      'Services (their VIPs), or addresses of nodes, all of one family. An empty list is a name without an address. Each attempt of a flow sends a new query.',
    ),
  policy: z
    .enum(['round-robin', 'failover', 'by-source'])
    .default('round-robin')
    .describe(
      'Which records an answer contains. `round-robin`: all, in rotating order. `failover`: only the first one with a healthy server. `by-source`: the one for the network of the caller; if there is none, those without `from`.',
    ),
  onlyHealthy: z
    .boolean()
    .optional()
    .describe(
      'Whether answers omit services without a healthy server, as global load balancing (GSLB) does. The load balancers decide which servers are healthy, once when flows begin. Default: false; `failover` always omits them.',
    ),
  ttl: timeToLive.default(30_000).describe('How long callers may cache an answer (TTL). Default: `30s`.'),
});

/** A caller's cached answer for a name. */
export const cachedAnswer = z.strictObject({
  record: word.describe('First record of the answer: a service, or an address.'),
  age: ageOfAnswer.describe(
    'How long ago it was received, such as `60s`. From the TTL on, the caller sends a query again.',
  ),
});
