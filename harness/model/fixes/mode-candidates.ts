import { bothPatches } from '../../scenario/merge-patch.ts';
import { hostRoute } from '../../scenario/address.ts';
import { balancedBy, nodeOf, serviceOf } from '../../scenario/lookup.ts';
import { modeNeeds } from '../../scenario/mode-needs.ts';
import { QUIET_ARP } from '../../scenario/profiles/profile.ts';
import { PROFILES } from '../../scenario/profiles/profiles.ts';
import { MODES } from '../../terms/mode.ts';
import { endsAt } from '../../terms/tunnel.ts';
import type { ProfileName } from '../../terms/profile-name.ts';
import type { Mode, NodePlan, ServicePlan } from '../../terms/plan.ts';
import { calledBy, onNodes, settingOf } from './candidate.ts';
import { plainCheck } from './check-candidates.ts';
import type { Candidate, Failure, Patch } from './candidate.ts';

/** Another mode for the service, adding what the mode needs and removing what only the previous one supports. */
export function otherModes(failure: Failure): Candidate[] {
  const service = serviceOf(failure.plan, failure.flow);
  if (service === undefined) return [];
  // A product only supports the modes of its profiles.
  if (service.like !== undefined) return siblings(service, service.like);
  const params = { service: service.name };
  const proxy: Candidate = {
    fixes: [{ code: 'use-proxy', params }],
    change: toMode(failure, service, 'proxy'),
  };
  const dsr: Candidate = {
    fixes: [{ code: 'use-dsr', params }],
    change: both(toMode(failure, service, 'dsr', { proxyIp: null, ownCalls: null }), {
      nodes: withVip(failure, service),
    }),
  };
  const [selfless] = callersLoopback(failure);
  const [own] = ownCalls(failure);
  const throughProxy = [
    proxy,
    ...(selfless === undefined ? [] : [merged(selfless, proxy)]),
    ...(own === undefined ? [] : [merged(proxy, own)]),
  ];
  const { hidesSource, handsOver } = MODES[service.mode];
  return [...(hidesSource ? [] : throughProxy), ...(handsOver === 'mac' ? [] : [dsr])];
}

/** Other profiles of the same product. */
function siblings({ name }: ServicePlan, like: ProfileName): Candidate[] {
  return (PROFILES[like].siblings ?? []).map((profile) => ({
    fixes: [{ code: 'use-profile', params: { service: name, profile } }],
    change: { services: { [name]: { like: profile } } },
  }));
}

/** Balances calls of an L4 to its own service; impossible in direct modes. */
export function ownCalls({ plan, flow }: Failure): Candidate[] {
  const service = serviceOf(plan, flow);
  if (!balancedBy(service, flow.from) || flow.protocol === 'icmp') return [];
  const { name } = service!;
  return [
    { fixes: [{ code: 'own-calls', params: { service: name } }], change: { services: { [name]: { ownCalls: true } } } },
  ];
}

/**
 * What servers need in direct modes: the VIP on their loopback, and in ipip the tunnel's end; if all have it, only
 * their ARP settings may be wrong.
 */
export function vipOnLoopback(failure: Failure): Candidate[] {
  const service = serviceOf(failure.plan, failure.flow);
  if (service === undefined) return [];
  const { handsOver } = MODES[service.mode];
  const tag = handsOver === 'dscp';
  const holdsVip = (node: NodePlan): boolean =>
    node.loopback.includes(hostRoute(service.vip)) &&
    (!tag || node.undoDscp?.some(({ vip }) => vip === service.vip) === true);
  const servers = calledBy(failure).map((name) => nodeOf(failure.plan, name));
  const params = { service: service.name };
  const vip: Candidate = {
    fixes: [{ code: 'vip-on-loopback', params }],
    change: { nodes: both(withVip(failure, service), tag ? naming('undoDscp', failure, service) : {}) },
  };
  const end: Candidate = {
    fixes: [{ code: 'tunnel-end', params }],
    change: { nodes: naming('tunnelEnd', failure, service) },
  };
  const endsTunnel = (server: NodePlan): boolean =>
    service.pool.some(
      ({ node, address }) => node === server.name && endsAt(server, { outer: address, carried: service.vip }),
    );
  const [noVip, noEnd] = [!servers.every(holdsVip), handsOver === 'tunnel' && !servers.every(endsTunnel)];
  if (noVip && noEnd) return [merged(end, vip)];
  return [...(noVip ? [vip] : []), ...(noEnd ? [end] : [])];
}

/** A caller that has the VIP itself calls itself. */
export function callersLoopback(failure: Failure): Candidate[] {
  const { plan, scenario, flow } = failure;
  const service = serviceOf(plan, flow);
  const caller = nodeOf(plan, flow.from);
  if (service === undefined || !caller.loopback.includes(hostRoute(flow.address))) return [];
  const others = (settingOf(failure, flow.from, 'loopback') ?? []).filter(
    (entry) => (scenario.services[entry]?.vip ?? entry) !== flow.address,
  );
  const params = { node: flow.from, vip: flow.address };
  return [onNodes([{ code: 'vip-off-loopback', params }], [flow.from], () => ({ loopback: others }))];
}

function toMode(failure: Failure, { name }: ServicePlan, mode: Mode, settings: Patch = {}): Patch {
  const services = {
    [name]: {
      mode,
      outer: null,
      sourceMac: null,
      dscp: null,
      proxyPorts: null,
      ...plainCheck(failure, name),
      ...modeNeeds(mode, [name]).service,
      ...settings,
    },
  };
  return { services, ...withoutNaming(failure, name) };
}

/** Adds the VIP to the loopback addresses of the pool's servers. */
function withVip(failure: Failure, service: ServicePlan): Patch {
  return Object.fromEntries(
    calledBy(failure).map((node) => {
      const existing = settingOf(failure, node, 'loopback') ?? [];
      return [node, { loopback: [...new Set([...existing, service.name])], ...QUIET_ARP }];
    }),
  );
}

/** Server settings that refer to a service by name. */
type Naming = 'undoDscp' | 'tunnelEnd';

function naming(field: Naming, failure: Failure, { name }: ServicePlan): Patch {
  return Object.fromEntries(
    calledBy(failure).map((node) => [
      node,
      { [field]: [...new Set([...(settingOf(failure, node, field) ?? []), name])] },
    ]),
  );
}

/** Removes the service from servers' `undoDscp` and `tunnelEnd`. */
function withoutNaming({ scenario, lab }: Failure, service: string): Patch {
  const less = (settings: Partial<Record<Naming, string[] | undefined>> = {}): Patch =>
    Object.fromEntries(
      (['undoDscp', 'tunnelEnd'] as const).flatMap((field) => {
        const names = settings[field];
        if (!names?.includes(service)) return [];
        const others = names.filter((name) => name !== service);
        return [[field, others.length === 0 ? null : others]];
      }),
    );
  const nodes = Object.keys(lab.nodes).map((name) => [name, less(scenario.nodes[name])] as const);
  const changed = nodes.filter(([, change]) => Object.keys(change).length > 0);
  return { servers: less(scenario.servers), nodes: Object.fromEntries(changed) };
}

/** Two changes that only help together. */
function merged(one: Candidate, other: Candidate): Candidate {
  return { fixes: [...one.fixes, ...other.fixes], change: both(one.change, other.change) };
}

function both(one: Patch, other: Patch): Patch {
  return bothPatches(one, other) as Patch;
}
