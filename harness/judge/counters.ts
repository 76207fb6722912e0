import type { CountersByNode } from '../terms/counters.ts';

/**
 * Kernel counters of dropped and rejected packets (Documentation/networking/snmp_counter.rst), and all nft counters.
 */
const TELLING =
  / |Errors$|NoRoutes$|Discards$|Drops?$|Fails$|Overflows$|NoPorts$|ReversePathFilter$|Out(DestUnreachs|TimeExcds|PktTooBigs|Redirects|Rsts)$/;

/** Increases of relevant counters; omits nodes and counters without an increase. */
export function relevantIncreases(before: CountersByNode, after: CountersByNode): CountersByNode {
  const nodes = Object.entries(after).map(([node, values]) => {
    const rose = Object.entries(values)
      .map(([name, value]) => [name, value - (before[node]?.[name] ?? 0)] as const)
      .filter(([name, increase]) => TELLING.test(name) && increase > 0);
    return [node, Object.fromEntries(rose)] as const;
  });
  return Object.fromEntries(nodes.filter(([, rose]) => Object.keys(rose).length > 0));
}
