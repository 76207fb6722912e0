import { linkNameOf } from '../../terms/link-name.ts';
import type { Breakage } from '../../terms/breakage.ts';
import type { NodePlan, Plan } from '../../terms/plan.ts';

/** A breakage, and the merge patch (RFC 7396) on the scenario that causes it. */
export interface BreakableSetting {
  breakage: Breakage;
  change: Record<string, unknown>;
}

/** Every single breakage of a plan, node by node. Some changes are not valid scenarios. */
export function breakages(plan: Plan): BreakableSetting[] {
  return plan.nodes.flatMap((node) => [...cutLinks(plan, node), ...(node.bridge ? [] : brokenSettings(node))]);
}

/** Each link once, at its first end. */
function cutLinks({ links }: Plan, { name: node, interfaces }: NodePlan): BreakableSetting[] {
  const down = [...new Set(interfaces.filter(({ up }) => up === false).map((one) => linkNameOf(one.name)))];
  const names = links
    .filter(({ ends: [first] }) => first.node === node)
    .map(({ ends: [first] }) => linkNameOf(first.iface));
  return [...new Set(names)]
    .filter((peer) => !down.includes(peer))
    .map((peer) => ({
      breakage: { code: 'link-cut', params: { node, peer } },
      change: onNode(node, { down: [...down, peer] }),
    }));
}

/** Breakages whose only parameter is a node. */
type OfNode = Exclude<Breakage['code'], 'link-cut' | 'route-removed'>;

function brokenSettings(node: NodePlan): BreakableSetting[] {
  const { name, routes, listeners, balancer, loopback, undoDscp = [], tunnelEnds = [], firewall, nat } = node;
  const when = (applies: boolean, code: OfNode, settings: Record<string, unknown>): BreakableSetting[] =>
    applies ? [{ breakage: { code, params: { node: name } }, change: onNode(name, settings) }] : [];
  const forwards = isOn(node, 'ip_forward');
  const own = routes.filter(({ to, from }) => to !== 'default' || from !== undefined);
  const written = writtenRoutes(node);
  return [
    ...when(own.length < routes.length, 'gateway-removed', { gateway: 'none' }),
    ...own.flatMap((route): BreakableSetting[] => {
      const { to, from, via } = route;
      if (via === null) return [];
      const removed = { node: name, to, via, ...(from === undefined ? {} : { from }) };
      const left = written.filter(({ plan }) => plan !== route).map(({ yaml }) => yaml);
      return [{ breakage: { code: 'route-removed', params: removed }, change: onNode(name, { routes: left }) }];
    }),
    ...when(forwards && balancer === null, 'forwarding-off', { forwarding: false }),
    ...when(listeners.length > 0, 'listeners-stopped', { listeners: [] }),
    ...when(balancer !== null, 'balancer-stopped', { lb: 'off' }),
    ...when(balancer?.config.vipOwner === true, 'vip-disowned', { vipOwner: false }),
    ...when(loopback.length > 0, 'loopback-emptied', { loopback: [] }),
    ...when(loopback.length > 0 && isOn(node, 'conf/all/arp_ignore'), 'answers-arp', { arpIgnore: 0 }),
    ...when(loopback.length > 0 && isOn(node, 'conf/all/arp_announce'), 'announces-vip', { arpAnnounce: 0 }),
    ...when(undoDscp.length > 0, 'dscp-kept', { undoDscp: [] }),
    ...when(tunnelEnds.length > 0, 'tunnel-end-removed', { tunnelEnd: [] }),
    ...when((forwards || tunnelEnds.length > 0) && !isOn(node, 'conf/all/rp_filter'), 'rp-filter-strict', {
      rpFilter: 1,
    }),
    ...when(nat !== undefined, 'nat-off', { nat: 'none' }),
    ...when(forwards && firewall === 'none', 'firewall-on', { firewall: 'stateful' }),
  ];
}

/** Routes of a node besides its gateway, as YAML; sources in lookup order. */
function writtenRoutes({ routes, deadEnds = [], rules = [] }: NodePlan) {
  const reaching = routes.map((plan) => {
    const { to, from, via, others = [] } = plan;
    const hops = via === null ? [] : [via, ...others.map((other) => other.via)];
    const next = hops.length === 0 ? {} : { via: hops.length === 1 ? hops[0] : hops };
    return { plan, yaml: { to, ...(from === undefined ? {} : { from }), ...next } };
  });
  const order = ({ plan: { from } }: { plan: { from?: string } }): number =>
    from === undefined ? -1 : rules.indexOf(from);
  return [...reaching, ...deadEnds.map((plan) => ({ plan, yaml: plan }))]
    .filter(({ plan }) => plan.to !== 'default' || plan.from !== undefined)
    .sort((a, b) => order(a) - order(b));
}

function isOn({ sysctls }: NodePlan, key: string): boolean {
  return (sysctls[`net/ipv4/${key}`] ?? '0') !== '0';
}

function onNode(name: string, settings: Record<string, unknown>): Record<string, unknown> {
  return { nodes: { [name]: settings } };
}
