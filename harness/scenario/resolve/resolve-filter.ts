import type { FilterRule } from '../../terms/filter.ts';
import { host, hostRoute, isAddress } from '../address.ts';
import { actionOf, type FilterRuleAsWritten } from '../filter-schema.ts';
import { isCidr } from '../schema-values.ts';

/** @param addressesOf addresses (CIDR) of a node or service in a rule */
export function resolveFilter(
  rules: FilterRuleAsWritten[],
  addressesOf: (named: string) => readonly string[],
): FilterRule[] {
  const networks = (place: string): string[] =>
    isCidr(place)
      ? [place]
      : isAddress(place)
        ? [hostRoute(place)]
        : addressesOf(place).map((own) => hostRoute(host(own)));
  return rules.map((written) => {
    const { action, match } = actionOf(written);
    const { protocol, port, type, from, to } = match;
    const words = [
      action,
      protocol,
      type,
      port === undefined ? undefined : `port ${port}`,
      from === undefined ? undefined : `from ${from}`,
      to === undefined ? undefined : `to ${to}`,
    ];
    return {
      action,
      ...(protocol === undefined ? {} : { protocol }),
      ...(port === undefined ? {} : { port }),
      ...(type === undefined ? {} : { type }),
      ...(from === undefined ? {} : { from: networks(from) }),
      ...(to === undefined ? {} : { to: networks(to) }),
      text: words.filter((word) => word !== undefined).join(' '),
    };
  });
}
