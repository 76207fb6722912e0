import type { DeadEndPlan, InterfacePlan, NextHop, NodePlan, RoutePlan } from '../../terms/plan.ts';
import { contains, host, isV6, network } from '../address.ts';
import { nextHops, routesOf, type RouteSettings } from '../lab-queries.ts';
import type { Lab, NodeSettings, ScenarioFile } from '../schema.ts';

const EVERYTHING = ['0.0.0.0/0', '::/0'];

/** Routing tables of a node, and the rules that select them. */
export function resolveRoutes(
  lab: Lab,
  node: { name: string; settings: NodeSettings; interfaces: InterfacePlan[] },
  services: ScenarioFile['services'],
): Pick<NodePlan, 'routes' | 'deadEnds' | 'rules'> {
  const own = node.interfaces.flatMap(({ addresses }) => addresses);
  const settings = routesOf(node.settings, services);
  const deadEnds = settings.flatMap((route) => deadEndsOf(route, own));
  const rules = [...new Set(settings.flatMap(({ from }) => from ?? []))];
  return {
    routes: settings.flatMap((route) => (route.type === undefined ? routesFor(lab, node, route) : [])),
    ...(deadEnds.length === 0 ? {} : { deadEnds }),
    ...(rules.length === 0 ? {} : { rules }),
  };
}

/** `default` becomes one route per family of the node. */
function deadEndsOf({ to, from, type }: RouteSettings, own: string[]): DeadEndPlan[] {
  if (type === undefined) return [];
  const all = to === 'default' ? EVERYTHING.filter((net) => own.some((cidr) => isV6(cidr) === isV6(net))) : [to];
  return all
    .filter((net) => from === undefined || isV6(net) === isV6(from))
    .map((net) => ({ to: net, ...fromOf(from), type }));
}

function routesFor(
  lab: Lab,
  { name, settings, interfaces }: { name: string; settings: NodeSettings; interfaces: InterfacePlan[] },
  { to, from, vias }: RouteSettings,
): RoutePlan[] {
  const behind = (address: string): InterfacePlan | undefined =>
    interfaces.find((i) => i.addresses.some((cidr) => contains(network(cidr), address)));
  if (vias.length === 0) {
    const dev = behind(host(to));
    return dev === undefined ? [] : [{ to, ...fromOf(from), via: null, dev: dev.name }];
  }
  const hops = vias.flatMap((via) =>
    nextHops(lab, name, { to, from, via }, settings.address).flatMap((hop): NextHop[] => {
      const dev = behind(hop);
      return dev ? [{ via: hop, dev: dev.name }] : [];
    }),
  );
  return [false, true].flatMap((v6) => {
    const [first, ...others] = hops.filter(({ via }) => isV6(via) === v6);
    return first === undefined ? [] : [{ to, ...fromOf(from), ...first, ...(others.length === 0 ? {} : { others }) }];
  });
}

function fromOf(from: string | undefined): Pick<RoutePlan, 'from'> {
  return from === undefined ? {} : { from };
}
