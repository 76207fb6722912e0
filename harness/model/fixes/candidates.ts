import { MODES } from '../../terms/mode.ts';
import { toListenerYaml } from '../../terms/listener.ts';
import { DEFAULT_MTU, interfaceAddresses, nodeOf, serviceOf } from '../../scenario/lookup.ts';
import { QUIET_ARP } from '../../scenario/profiles/profile.ts';
import type { Fix } from '../../terms/fix.ts';
import type { ListenerPlan, NodePlan, Plan } from '../../terms/plan.ts';
import {
  balancersFor,
  calledBy,
  forServers,
  forwardsPackets,
  isSet,
  onNodes,
  overInterfaces,
  settingOf,
} from './candidate.ts';
import type { Candidate, Failure, Patch } from './candidate.ts';
import { otherChecks, plainCheck } from './check-candidates.ts';
import { callersLoopback, otherModes, ownCalls, vipOnLoopback } from './mode-candidates.ts';
import { otherVlans, type VlanFix } from './vlan-candidates.ts';
import { otherGateways, otherRoutes, otherServerGateways, sourceRoutes, withoutDeadEnd } from './route-candidates.ts';
import { smallerSegments } from './mss-candidates.ts';
import { moreProxyPorts } from './proxy-port-candidates.ts';
import { symmetricHash } from './route-service-candidates.ts';

/** Codes of fixes whose only parameter is a node. */
type NodeFix = Exclude<
  Extract<Fix, { params: { node: string } }>['code'],
  | 'node-gateway'
  | 'without-dead-end'
  | 'without-neighbour'
  | 'vip-off-loopback'
  | 'smaller-mtu'
  | 'hold-address'
  | 'neighbour-age'
  | 'mac-age'
  | 'idle-timeout'
  | VlanFix
>;

/**
 * Candidate fixes of a failed flow, smallest and most common first: settings of one node, then of load balancer and
 * servers, then routes, and finally changes of topology, protection or mode.
 */
export function candidates(failure: Failure): Candidate[] {
  return [
    ...withoutRule(failure),
    ...withoutDeadEnd(failure),
    ...(failure.cause.code === 'ports-exhausted' ? moreProxyPorts(failure.plan, failure.flow) : []),
    ...withoutNeighbour(failure),
    ...symmetricHash(failure),
    ...listenersOn(failure),
    ...answersFromCalledAddress(failure),
    ...interfacesUp(failure),
    ...otherVlans(failure),
    ...nodeSettings(failure),
    ...windowSettings(failure),
    ...callersLoopback(failure),
    ...ownCalls(failure),
    ...balancerSettings(failure),
    ...smallerSegments(failure),
    ...smallerMtu(failure),
    ...vipOnLoopback(failure),
    ...quietLoopback(failure),
    ...otherChecks(failure),
    ...otherProxyIp(failure),
    ...otherGateways(failure),
    ...otherServerGateways(failure),
    ...otherRoutes(failure),
    ...sourceRoutes(failure),
    ...otherNat(failure),
    ...withoutFirewall(failure),
    ...widerLinks(failure),
    ...otherModes(failure),
  ].map((candidate) => overInterfaces(candidate, failure.scenario));
}

function on({ name }: NodePlan, code: NodeFix, settings: Patch): Candidate {
  return onNodes([{ code, params: { node: name } }], [name], () => settings);
}

function interfacesUp({ plan }: Failure): Candidate[] {
  return plan.nodes
    .filter(({ interfaces }) => interfaces.some(({ up }) => up === false))
    .map((node) => on(node, 'interfaces-up', { down: [] }));
}

/** Settings of the node where the packet was lost. */
function nodeSettings(failure: Failure): Candidate[] {
  const { node: name, code } = failure.cause;
  const { plan } = failure;
  const node = nodeOf(plan, name);
  const filters = isSet(node, 'rp_filter');
  const acceptsLocal: Candidate = on(node, 'accept-local', { acceptLocal: true, ...(filters ? { rpFilter: 0 } : {}) });
  const mayRoute = node.interfaces.filter(({ addresses }) => addresses.length > 0).length > 1;
  return [
    ...(code === 'not-forwarding' && mayRoute && !forwardsPackets(node)
      ? [on(node, 'forwarding-on', { forwarding: true })]
      : []),
    ...(filters ? [on(node, 'rp-filter-off', { rpFilter: 0 })] : []),
    ...(filters && code === 'reverse-path' ? rpFilterOffOnServers(failure) : []),
    ...(code === 'own-address-as-source'
      ? [{ ...acceptsLocal, fixes: [...acceptsLocal.fixes, ...(filters ? [rpFilterOff(name)] : [])] }]
      : []),
    ...(isSet(node, 'accept_redirects') ? [on(node, 'accept-redirects-off', { acceptRedirects: false })] : []),
  ];
}

/** If tunnels end at servers, all of them must accept the unpacked packets. */
function rpFilterOffOnServers(failure: Failure): Candidate[] {
  const checking = calledBy(failure).filter((name) => {
    const node = nodeOf(failure.plan, name);
    return node.tunnelEnds !== undefined && isSet(node, 'rp_filter');
  });
  return checking.length < 2 ? [] : [onNodes(checking.map(rpFilterOff), checking, () => ({ rpFilter: 0 }))];
}

function rpFilterOff(node: string): Fix {
  return { code: 'rp-filter-off', params: { node } };
}

/** Connection tracking accepts segments out of window, or a firewall drops them. */
function windowSettings({ cause: { node, code } }: Failure): Candidate[] {
  if (code !== 'out-of-window') return [];
  const liberal = { sysctls: { 'net.netfilter.nf_conntrack_tcp_be_liberal': '1' } };
  return [
    onNodes([{ code: 'liberal-tracking', params: { node } }], [node], () => liberal),
    onNodes([{ code: 'drop-invalid', params: { node } }], [node], () => ({ firewall: 'stateful' })),
  ];
}

/** Removes the rule that blocked the packet; or, if health checks fail, each of the servers' rules. */
function withoutRule(failure: Failure): Candidate[] {
  const { plan, cause } = failure;
  const names =
    cause.code === 'filtered' ? [cause.node] : cause.code === 'no-server-available' ? calledBy(failure) : [];
  const rules = names.flatMap((name) =>
    (nodeOf(plan, name).filter ?? []).filter(({ action }) => action !== 'accept').map(({ text }) => text),
  );
  const ofCause = 'rule' in cause.detail.params ? cause.detail.params.rule : null;
  return [...new Set(rules)]
    .filter((rule) => ofCause === null || rule === ofCause)
    .map((rule) => {
      const having = (name: string): number => nodeOf(plan, name).filter?.findIndex(({ text }) => text === rule) ?? -1;
      const nodes = names.filter((name) => having(name) !== -1);
      return onNodes([{ code: 'without-rule', params: { nodes, rule } }], nodes, (name) => ({
        filter: settingOf(failure, name, 'filter')!.filter((_, index) => index !== having(name)),
      }));
    });
}

/** A NAT address that gets ARP replies; or no NAT. */
function otherNat(failure: Failure): Candidate[] {
  const { plan, cause } = failure;
  const lost = 'address' in cause.detail.params ? cause.detail.params.address : null;
  return plan.nodes.flatMap((node): Candidate[] => {
    const { name, nat } = node;
    if (nat === undefined) return [];
    const owned = nat.to.filter((address) => address === lost);
    const out = nat.out.length === 1 ? nat.out[0] : nat.out;
    return [
      ...owned.map((address) =>
        onNodes([{ code: 'hold-address', params: { node: name, address } }], [name], () => ({
          loopback: [...(settingOf(failure, name, 'loopback') ?? []), address],
        })),
      ),
      ...(nat.to.length === 0 ? [] : [on(node, 'nat-masquerade', { nat: { out, to: 'masquerade' } })]),
      on(node, 'nat-off', { nat: 'none' }),
    ];
  });
}

/** Removes the static neighbour entry with the wrong MAC. */
function withoutNeighbour(failure: Failure): Candidate[] {
  const { plan, scenario, cause } = failure;
  if (cause.detail.code !== 'neighbour-static') return [];
  const { node, address } = cause.detail.params;
  const isIt = (word: string): boolean => {
    const named = plan.nodes.find(({ name }) => name === word);
    return [word, scenario.services[word]?.vip, ...(named ? interfaceAddresses(named) : [])].includes(address);
  };
  const entries = Object.entries(settingOf(failure, node, 'neighbours') ?? {});
  return [
    onNodes([{ code: 'without-neighbour', params: { node, address } }], [node], () => ({
      neighbours: Object.fromEntries(entries.map(([word, value]) => [word, isIt(word) ? null : value])),
    })),
  ];
}

function withoutFirewall({ plan, cause }: Failure): Candidate[] {
  const node = nodeOf(plan, cause.node);
  return node.firewall === 'stateful' ? [on(node, 'firewall-off', { firewall: 'none' })] : [];
}

/** One end sends and accepts only what the narrow link carries; TCP announces this in its MSS (RFC 9293). */
function smallerMtu(failure: Failure): Candidate[] {
  const { plan, flow, cause } = failure;
  if (cause.code !== 'too-big') return [];
  const reported = 'mtu' in cause.detail.params ? cause.detail.params.mtu : null;
  const mtu = reported ?? narrowest(plan);
  const lower = (name: string): Candidate[] =>
    nodeOf(plan, name).interfaces.some((i) => (i.mtu ?? DEFAULT_MTU) > mtu)
      ? [onNodes([{ code: 'smaller-mtu', params: { node: name, mtu } }], [name], () => ({ mtu }))]
      : [];
  const servers = calledBy(failure).flatMap(lower);
  const all = servers.map(({ change }) => change['nodes'] as Patch);
  return [
    ...(servers.length === 0
      ? []
      : [
          {
            fixes: servers.flatMap(({ fixes }) => fixes),
            change: { nodes: Object.assign({}, ...all) as Patch },
          },
        ]),
    ...lower(flow.from),
  ];
}

function narrowest({ nodes }: Plan): number {
  return Math.min(...nodes.flatMap(({ interfaces }) => interfaces.map(({ mtu = DEFAULT_MTU }) => mtu)));
}

/** Both ends of a wire must agree, so all narrow interfaces are widened together. */
function widerLinks({ plan }: Failure): Candidate[] {
  const all = plan.nodes.flatMap(({ interfaces }) => interfaces.map(({ mtu = DEFAULT_MTU }) => mtu));
  const widest = Math.max(DEFAULT_MTU, ...all);
  const narrow = plan.nodes.filter(({ interfaces }) => interfaces.some(({ mtu = DEFAULT_MTU }) => mtu < widest));
  if (narrow.length === 0) return [];
  const names = narrow.map(({ name }) => name);
  const params = { mtu: widest };
  return [onNodes([{ code: 'widen-mtu', params }], names, () => params)];
}

function balancerSettings(failure: Failure): Candidate[] {
  const service = serviceOf(failure.plan, failure.flow);
  return balancersFor(failure).flatMap((l4) => [
    ...(l4.balancer === null ? [on(l4, 'balancer-on', { lb: 'on' })] : []),
    ...((l4.balancer?.config.vipOwner ?? true) === true ? [on(l4, 'disown-vip', { vipOwner: false })] : []),
    ...(isSet(l4, 'send_redirects') ? [on(l4, 'send-redirects-off', { sendRedirects: false })] : []),
    {
      fixes: [{ code: 'rewrite-source-mac', params: { node: l4.name } }] satisfies Fix[],
      change: { services: { [service!.name]: { sourceMac: 'rewrite' } } },
    },
  ]);
}

/** Adds a missing listener to servers. */
function listenersOn(failure: Failure): Candidate[] {
  const { plan, flow } = failure;
  if (flow.protocol === 'icmp') return [];
  const protocol = flow.protocol === 'udp' ? 'udp' : 'tcp';
  const portOf = (name: string): number =>
    serviceOf(plan, flow)?.pool.find(({ node }) => node === name)?.port ?? flow.port;
  const silent = calledBy(failure).filter(
    (name) =>
      !nodeOf(plan, name).listeners.some(
        (l) => l.protocol === protocol && l.port === portOf(name) && l.address === undefined,
      ),
  );
  if (silent.length === 0) return [];
  const fixes = [...new Set(silent.map(portOf))].map((port): Fix => {
    const nodes = silent.filter((name) => portOf(name) === port);
    return { code: 'listen', params: { nodes, port, protocol } };
  });
  return [
    onNodes(fixes, silent, (name) => ({
      listeners: [
        // A listener at a single address conflicts with one at all addresses.
        ...nodeOf(plan, name).listeners.filter((l) => l.protocol !== protocol || l.port !== portOf(name)),
        { protocol, port: portOf(name) } as const,
      ].map(toListenerYaml),
    })),
  ];
}

/** UDP replies from the called address and port, as programs that bind to it or use IP_PKTINFO do. */
function answersFromCalledAddress(failure: Failure): Candidate[] {
  const { plan, flow } = failure;
  if (flow.protocol !== 'udp') return [];
  const elsewhere = calledBy(failure).filter((name) =>
    nodeOf(plan, name).listeners.some((one) => typeof toListenerYaml(one) !== 'string'),
  );
  if (elsewhere.length === 0) return [];
  const plain = ({ protocol, port, address }: ListenerPlan): ListenerPlan => ({
    protocol,
    port,
    ...(address === undefined ? {} : { address }),
  });
  return [
    onNodes([{ code: 'answer-from-asked', params: { nodes: elsewhere } }], elsewhere, (name) => ({
      listeners: nodeOf(plan, name).listeners.map(plain).map(toListenerYaml),
    })),
  ];
}

function quietLoopback(failure: Failure): Candidate[] {
  if (serviceOf(failure.plan, failure.flow) === undefined) return [];
  return [{ fixes: [{ code: 'quiet-loopback', params: QUIET_ARP }], change: forServers(failure, QUIET_ARP) }];
}

/** The address of the outgoing interface, to which servers can always reply. */
function otherProxyIp(failure: Failure): Candidate[] {
  const service = serviceOf(failure.plan, failure.flow);
  if (service === undefined || !MODES[service.mode].hidesSource) return [];
  const fixes: Fix[] = [{ code: 'proxy-ip-auto', params: { service: service.name } }];
  return [
    { fixes, change: { services: { [service.name]: { proxyIp: 'auto', ...plainCheck(failure, service.name) } } } },
  ];
}
