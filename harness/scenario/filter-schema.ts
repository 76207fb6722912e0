import * as z from 'zod';
import { FILTER_ACTIONS, FILTER_PROTOCOLS, type FilterAction, ICMP_TYPES } from '../terms/filter.ts';
import { canonical, isAddress, network } from './address.ts';
import { cidrText, isCidr, serviceName } from './schema-values.ts';
import { mustBe } from '../../lb/terms/messages.ts';

/** Canonical form of an address or network; names are unchanged. */
const place = z
  .string()
  .refine(
    (text) => isAddress(text) || isCidr(text) || serviceName.safeParse(text).success,
    mustBe('an address, a network like 198.51.100.0/24, a node, or a service'),
  )
  .refine((text) => !isCidr(text) || network(text) === cidrText(text), mustBe('a network address (all host bits zero)'))
  .overwrite((text) => (isCidr(text) ? cidrText(text) : isAddress(text) ? canonical(text) : text));

const match = z.strictObject({
  protocol: z
    .enum(FILTER_PROTOCOLS)
    .optional()
    .describe(
      '`tcp`, `udp`, `icmp` of either family, or `ipip`: IP packets in others (protocols 4 and 41). Default: any.',
    ),
  port: z.int().min(1).max(65535).optional().describe('Destination port of `tcp` or `udp`.'),
  type: z.enum(ICMP_TYPES).optional().describe('Message of `icmp`; `unreachable` does not mean `too-big`.'),
  from: place.optional().describe('Source: an address, a network, a node (its addresses), or a service (its VIP).'),
  to: place.optional().describe('Destination, written like `from`.'),
});

/** One rule of a node's packet filter. */
export const filterRule = z
  .strictObject({
    accept: match.optional().describe('Accepts packets, regardless of later rules.'),
    drop: match.optional().describe('Drops packets silently. `{}` matches every packet, for example as the last rule.'),
    reject: match
      .optional()
      .describe('Drops packets and notifies the sender: a reset for `tcp`, ICMP port unreachable for the rest.'),
  })
  .refine(
    (rule) => Object.keys(rule).length === 1,
    `must be one of ${FILTER_ACTIONS.join(', ')}, followed by the packets to match`,
  );

export type FilterRuleAsWritten = z.infer<typeof filterRule>;

/** Action of a rule, and the protocol that it matches. */
export function actionOf(rule: FilterRuleAsWritten): { action: FilterAction; match: z.infer<typeof match> } {
  const action = FILTER_ACTIONS.find((one) => rule[one] !== undefined)!;
  return { action, match: rule[action]! };
}
