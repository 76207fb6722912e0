import * as z from 'zod';
import { mustBe } from '../../lb/terms/messages.ts';
import { address, nodeName, serviceName } from './schema-values.ts';

const A_NAME = 'a name with a dot, in lower case, like www.example.test';
/** A host name of at least two parts (RFC 1123, 2.1), so that it is no service's and no node's. */
const NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const domainName = z.string().regex(NAME, mustBe(A_NAME));

const notCalled = mustBe(`a service, a node, or ${A_NAME}`);

/** Whom a flow calls: what has no dot is meant for a service or a node. */
export const called = z.union([serviceName, domainName], {
  error: (issue) => {
    const { input } = issue;
    const isWord = typeof input === 'string' && !input.includes('.');
    return (isWord ? serviceName.safeParse(input).error?.issues[0]?.message : undefined) ?? notCalled.error(issue);
  },
});

/** What a DNS server answers about a name. */
export const name = z.strictObject({
  server: nodeName.describe(
    'Node that is the DNS server (Knot DNS): it listens at 53/udp, and callers ask it directly.',
  ),
  records: z
    .array(z.union([serviceName, address], mustBe('a service, or an address')))
    .describe(
      'Services (their VIPs), or addresses of nodes, all of one family; an answer has all of them, and each answer begins with another one. An empty list is a name without an address. Each attempt of a flow asks again.',
    ),
});
