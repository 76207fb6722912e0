import * as z from 'zod';
import { CAUSES } from '../terms/cause.ts';
import { FINDINGS } from '../terms/finding.ts';
import type { Range } from '../terms/expectation.ts';
import type { Expectation, SingleExpectation } from '../terms/plan.ts';
import { cachedAnswer, called } from './name-schema.ts';
import { address, callerPort, count, nodeName, place, title, wordName } from './schema-values.ts';
import { mustBe } from '../../lb/terms/messages.ts';
import { didYouMean } from '../did-you-mean.ts';

/**
 * Whether two types of expectations are the same. Plans and results have types of their own, so that they need no zod;
 * `true satisfies IsSame<…>` fails to compile if these have a field more or less than the schema.
 */
type IsSame<A, B> = [Shape<A>, Shape<B>] extends [Shape<B>, Shape<A>] ? true : false;

/** All fields are required, so that none may be missing; the cause that cannot be expected is left out. */
type Shape<T> = T extends 'unexplained'
  ? never
  : T extends object
    ? { [K in keyof T]-?: object extends Pick<T, K> ? { optional: Shape<T[K]> } : Shape<T[K]> }
    : T;

/** Words for a source address of the flow. */
export const SOURCES = ['client', 'proxy-ip', 'l4'] as const;

/** Linux's default TTL (IPDEFTTL, IPV6_DEFAULT_HOPLIMIT). */
const FIRST_TTL = 64;
const A_TTL = `a TTL from 1 to ${FIRST_TTL} (packets start with ${FIRST_TTL})`;

const path = z.strictObject({
  crosses: z
    .array(place)
    .exactOptional()
    .describe('Nodes that the packets must cross, or interfaces that they must enter or leave by: `l4.sw2`.'),
  avoids: z.array(place).exactOptional().describe('Nodes or interfaces (`l4.sw2`) that the packets must not touch.'),
  ttlAt: z
    .record(nodeName, z.int(mustBe(A_TTL)).min(1, mustBe(A_TTL)).max(FIRST_TTL, mustBe(A_TTL)))
    .exactOptional()
    .describe(
      'TTL (IPv4) or hop limit (IPv6) of the packet when it first reaches a node, like `{ s1: 62 }`: 64 minus one for each node that forwarded it. At least one attempt must reach the node.',
    ),
});

const notServers = mustBe(
  'a node, or one of `one: NODE`, `eachOf`, `only`, `sameOf: [NODES]`, `counts: { NODE: TIMES }`, `shares: { NODE: { atLeast: PERCENT } }`',
);

/** zod's error for a union with an empty list would only say that nothing matches. */
function emptyList(value: unknown): string | undefined {
  const names = typeof value === 'object' && value !== null && 'only' in value ? value.only : undefined;
  return Array.isArray(names) && names.length === 0 ? '`only` must not be empty' : undefined;
}

const percent = z.int().min(0).max(100).exactOptional();

/** Expected servers: one; all of these; only these; the same one of these; counts; shares. */
const servedBy = z.union(
  [
    nodeName.transform((one) => ({ one })),
    z.strictObject({ one: nodeName.describe('The node that answers every attempt.') }),
    z.strictObject({ eachOf: z.array(nodeName).min(1).describe('All of these answer, and no others.') }),
    z.strictObject({ only: z.array(nodeName).min(1).describe('Only these answer; not necessarily all.') }),
    z
      .strictObject({ noneBut: z.array(nodeName).min(1).describe('The former name of `only`.') })
      .transform(({ noneBut }) => ({ only: noneBut })),
    z.strictObject({ sameOf: z.array(nodeName).min(1).describe('One of these answers, the same one each time.') }),
    z.strictObject({
      counts: z.record(nodeName, z.int().min(1)).describe('Exact number of attempts per node.'),
    }),
    z.strictObject({
      shares: z
        .record(
          nodeName,
          z.strictObject({
            atLeast: percent.describe('Minimum, percent.'),
            atMost: percent.describe('Maximum, percent.'),
          }),
        )
        .describe('Percentage of the attempts per node; no other node answers.'),
    }),
  ],
  { error: (issue) => emptyList(issue.input) ?? notServers.error(issue) },
);

export const works = z.strictObject({
  outcome: z.literal('works').describe('Whether the caller gets a reply; leave it out with `oneOf` and `eachOf`.'),
  servedBy: servedBy
    .exactOptional()
    .describe(
      'A node (`one`), all of `eachOf`, some of `only`, the same of `sameOf` each time, `counts` of attempts, or `shares` of them in percent; `self` is the caller.',
    ),
  sourceSeen: z
    .union([z.enum(SOURCES), address, nodeName], mustBe('client, proxy-ip, l4, a node, or an address'))
    .exactOptional()
    .describe(
      'Source address that the server saw: that of the caller, the proxy IP, that of the L4 or of a node, or an address.',
    ),
  request: path.exactOptional().describe('Path of the request.'),
  reply: path.exactOptional().describe('Path of the reply.'),
  findings: z
    .array(z.enum(FINDINGS))
    .exactOptional()
    .describe(
      'Expected findings. `answered-by-itself` and `l4-bypassed` fail the flow unless listed. In a step it is enough if any call has the finding; for `two-owners`, also calls of other streams.',
    ),
});

/** `unexplained` cannot be expected. */
const EXPECTABLE = CAUSES.filter((code) => code !== 'unexplained');

/** The error option for causes, which are too many to list. */
export function mustBeCause(what: string): { error: (issue: { input?: unknown }) => string } {
  const { error } = mustBe(what);
  const isStranger = (name: unknown) => typeof name === 'string' && !EXPECTABLE.some((code) => code === name);
  return {
    error: (issue) => {
      const stranger = [issue.input].flat().find(isStranger);
      const hint = typeof stranger === 'string' ? didYouMean(stranger, EXPECTABLE) : '';
      return `${error(issue)}${hint}; \`npx l4lab causes\` explains each`;
    },
  };
}

export const expectableCause = z.enum(EXPECTABLE, mustBeCause('a cause')).meta({ title: 'cause' });

export const fails = z.strictObject({
  outcome: z.literal('fails'),
  cause: expectableCause.describe('Why it fails; `npx l4lab causes` explains each.'),
  at: place
    .exactOptional()
    .describe('Node where it fails, or one of its interfaces: `l4.sw2` is the interface of l4 toward sw2.'),
  request: path.exactOptional().describe('Path of the request.'),
  reply: path.exactOptional().describe('Path of the reply.'),
});

/** Full expectation of one attempt. */
export const singleExpectation = z
  .discriminatedUnion('outcome', [works, fails], {
    error: orMissing('must be `works`, or a mapping with `outcome: works` or `outcome: fails`'),
  })
  .meta({ id: 'outcome' });
true satisfies IsSame<z.infer<typeof singleExpectation>, SingleExpectation>;

const alternatives = z
  .array(z.preprocess(inFull, singleExpectation))
  .min(2, { error: 'needs at least two outcomes; write a single one as the expectation itself' });

/** `varies` without its `outcome`. */
export const varies = z
  .strictObject({
    outcome: z.literal('varies'),
    oneOf: alternatives
      .exactOptional()
      .describe('List of allowed outcomes, each written like an expectation; every attempt must match one.'),
    eachOf: alternatives.exactOptional().describe('The same, and each outcome must occur at least once.'),
    lost: count
      .exactOptional()
      .describe(
        'Next to `oneOf` or `eachOf`: number of attempts without an answer, like the lost packets of ping; a number, or `atLeast` and `atMost`.',
      ),
  })
  .transform(({ outcome, oneOf, eachOf, lost }, context) => {
    const counted: { lost?: Range } = lost === undefined ? {} : { lost };
    if (oneOf !== undefined && eachOf === undefined) return { outcome, oneOf, ...counted };
    if (eachOf !== undefined && oneOf === undefined) return { outcome, eachOf, ...counted };
    context.addIssue('needs either `oneOf` or `eachOf`');
    return z.NEVER;
  });

/** A full expectation. */
export const fullExpectation = z.discriminatedUnion('outcome', [works, fails, varies], {
  error: orMissing('must be `works`, or a mapping with `outcome: works`, `outcome: fails`, `oneOf` or `eachOf`'),
});
true satisfies IsSame<z.infer<typeof fullExpectation>, Expectation>;

/** The same, or just `works`, or just alternatives. */
const expectation = z.preprocess(inFull, fullExpectation);

/** Expands a one-word outcome, or one given by its lists, to a mapping. */
export function inFull(value: unknown): unknown {
  if (value === 'works') return { outcome: 'works' };
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  const lists = isMapping && !('outcome' in value) && ('oneOf' in value || 'eachOf' in value);
  return lists ? { outcome: 'varies', ...value } : value;
}

function orMissing(message: string): (issue: { input?: unknown }) => string | undefined {
  return ({ input }) => (input === undefined ? undefined : message);
}

const payload = z.int().min(0).max(1_000_000);

/** One exchange started by a node. */
export const flow = z.strictObject({
  title: title.optional().describe('One line for the report. Default: the name.'),
  from: nodeName.describe('Node that calls.'),
  to: called.describe('A service, a node, or a name of `names`, which the caller resolves before each call.'),
  cachedAnswer: cachedAnswer
    .optional()
    .describe(
      'Only for a name: an earlier answer in the cache of the caller. Until its TTL expires, the caller uses that address and sends no query.',
    ),
  protocol: z
    .enum(['http', 'tcp', 'udp', 'icmp'])
    .default('http')
    .describe('Protocol of a call; `icmp` is an echo request.'),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('Destination port. Only for a node, or a name whose records are addresses; a service has its own.'),
  repeat: z.int().min(1).max(1000).default(1).describe('Attempts, each from its own source port.'),
  sourcePort: callerPort
    .optional()
    .describe('Source port (http, tcp, udp) of a flow with one attempt. Default: a new one per attempt.'),
  bytes: payload
    .default(0)
    .describe(
      'Extra payload in each direction, bytes; udp: at most 65,000. icmp: the whole payload, like `ping -s`, from 56 to 65,507; default 56.',
    ),
  requestBytes: payload
    .optional()
    .describe('Extra payload of requests instead of `bytes`, like an upload; udp: at most 65,000. Not for icmp.'),
  replyBytes: payload
    .optional()
    .describe('Extra payload of replies instead of `bytes`, like a download; udp: at most 65,000. Not for icmp.'),
  exchanges: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('Number of requests on the same connection (tcp), or of datagrams (udp).'),
  dontFragment: z
    .boolean()
    .default(false)
    .describe(
      'icmp: set DF, so that the request must not be fragmented, like `ping -M do`. By default the sender fragments it once it knows the path MTU.',
    ),
  outOfWindow: z
    .enum(['client', 'server'])
    .optional()
    .describe(
      'http, tcp: this side first sends its data with a sequence number beyond the window of the other side, so conntrack marks the segment INVALID. TCP sends the correct segment after 200 ms.',
    ),
  after: wordName
    .optional()
    .describe(
      'Runs directly after this flow and keeps its state: redirects, path MTUs, neighbours, MACs, connections. By default each flow starts from a clean state.',
    ),
  expect: expectation.describe('What must happen: `works`, or a mapping.'),
});
