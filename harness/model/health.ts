import type { LbServer, LbService } from '../../lb/terms/config.ts';
import { asksForVip } from '../../lb/terms/check-target.ts';
import { isDirect } from '../terms/mode.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { explore, FIRST, type Choices } from './simulation/choices.ts';
import { DEFAULT_CIRCUMSTANCES, type Circumstances } from './simulation/circumstances.ts';
import { CHECK_PORT } from './simulation/direct-check.ts';
import { isOwnNeighbour, resolve } from './simulation/neighbours.ts';
import { forwardingDevice, lookUp, selectSource } from './simulation/routing.ts';
import type { NodeState } from './simulation/node-state.ts';
import { learnedStates } from './simulation/run.ts';
import type { Run } from './simulation/run.ts';
import { warmStates } from './warm-start.ts';
import { begin, settleDown, simulate } from './simulation/simulate.ts';
import { networkOf, type Host, type Network } from './simulation/network.ts';

/** A server of a service that a load balancer may check. */
export interface Checked {
  network: Network;
  host: Host;
  service: LbService;
  server: LbServer;
}

const known = new WeakMap<Network, Map<LbServer, [boolean, ...boolean[]]>>();

/**
 * Whether a load balancer considers a server healthy. Servers without a check always are, unless no frame can be sent to them:
 * without a route, or without a MAC if the source MAC is kept. Both values if the check depends on what nodes remember of the
 * previous one, or on a choice, such as which of two owners of an address answers first.
 */
export function health(
  network: Network,
  host: Host,
  service: LbService,
  server: LbServer,
): readonly [boolean, ...boolean[]] {
  let ofNetwork = known.get(network);
  if (ofNetwork === undefined) {
    ofNetwork = new Map();
    known.set(network, ofNetwork);
  }
  let states = ofNetwork.get(server);
  if (states === undefined) {
    states = statesOf({ network, host, service, server });
    ofNetwork.set(server, states);
  }
  return states;
}

/** Conditions of a check in addition to the plan. */
interface CheckedIn {
  /** State of the nodes when it begins. */
  states: Map<string, NodeState> | null;
  circumstances: Circumstances;
  /** Servers that answer HTTP checks with an error. */
  failing: ReadonlySet<string>;
}

/** The same for one given state of all nodes. */
export function isHealthy(checked: Checked, { states, circumstances, failing }: CheckedIn): boolean {
  const { type } = checked.service.check;
  if (!isInReach(checked)) return false;
  if (type === 'none') return true;
  if (!hasSource(checked)) return false;
  if (type === 'http' && failing.has(checked.server.name)) return false;
  // A kernel accepts connections and answers pings for paused processes.
  const isKernel = type === 'tcp' || type === 'icmp';
  const met = isKernel ? { ...circumstances, paused: new Set<string>() } : circumstances;
  return check(checked, states, met).exchange.answered;
}

/** Servers that load balancers consider healthy in any state of the nodes; each with the checking node. */
export function surelyUp(plan: Plan): { l4: string; service: string; server: string }[] {
  const network = networkOf(plan);
  return [...network.hosts.values()].flatMap((host) =>
    (host.plan.balancer?.config.services ?? []).flatMap((service) =>
      service.servers
        .filter((server) => !health(network, host, service, server).includes(false))
        .map((server) => ({ l4: host.name, service: service.name, server: server.name })),
    ),
  );
}

function statesOf(checked: Checked): [boolean, ...boolean[]] {
  if (!isInReach(checked)) return [false];
  if (checked.service.check.type === 'none') return [true];
  if (!hasSource(checked)) return [false];
  const [first, ...later] = initialStates(checked.network).flatMap((states) => [
    ...explore((choices) => check(checked, states, DEFAULT_CIRCUMSTANCES, choices).exchange.answered),
  ]);
  return later.includes(!first!) ? [first!, !first!] : [first!];
}

const cache = new WeakMap<Network, (Map<string, NodeState> | null)[]>();

/**
 * Possible states of the nodes when a flow begins: the initial state; what checks and requests of load balancers add to it for
 * all nodes; or only for the load balancers, because the harness lets them keep their state when the others forget.
 */
export function initialStates(network: Network): (Map<string, NodeState> | null)[] {
  let found = cache.get(network);
  if (found === undefined) {
    const warm = warmStates(network);
    const all = learnedFromLoadBalancers(network, warm);
    const own = new Map([...(all ?? [])].filter(([name]) => network.hosts.get(name)!.plan.balancer !== null));
    found = all === warm ? [warm] : [warm, all, new Map([...(warm ?? []), ...own])];
    cache.set(network, found);
  }
  return found;
}

/** State of the nodes after all checks and requests, by node; null if no load balancer sends any. */
export function learnedFromLoadBalancers(
  network: Network,
  before: Map<string, NodeState> | null,
  circumstances = DEFAULT_CIRCUMSTANCES,
): Map<string, NodeState> | null {
  let states = before;
  for (const host of network.hosts.values()) {
    for (const service of host.plan.balancer?.config.services ?? []) {
      for (const server of service.servers) {
        const checked = { network, host, service, server };
        const asked = asksForMac(service) ? askForMac(checked, states) : null;
        if (asked !== null) states = learnedStates(asked);
        if (service.check.type !== 'none' && isInReach(checked) && hasSource(checked))
          states = learnedStates(check(checked, states, circumstances));
      }
    }
  }
  return states;
}

/** Whether a load balancer has a route to a server, and its MAC if it needs that: known immediately. */
export function isInReach(checked: Checked): boolean {
  const { host, service, server } = checked;
  const device = forwardingDevice(host, server.address);
  if (device === undefined) return !isDirect(service);
  if (!asksForMac(service)) return true;
  const run = askForMac(checked, null);
  return run !== null && isOwnNeighbour(run, host, { device, address: server.address });
}

/** Whether the node has the source address of its checks: without it they are not sent. */
function hasSource({ host, service: { check } }: Checked): boolean {
  return check.source === undefined || host.owned.has(check.source);
}

/** A load balancer that keeps the source MAC must know the server's MAC before any flow. */
function asksForMac({ sourceMac }: LbService): boolean {
  return sourceMac === 'keep';
}

function askForMac(checked: Checked, states: Map<string, NodeState> | null): Run | null {
  const { network, host, server } = checked;
  const device = forwardingDevice(host, server.address);
  if (device === undefined) return null;
  const run = begin(network, checkFlow(checked), { ...ALL_UP, states });
  resolve(run, host, { device, address: server.address });
  settleDown(run);
  return run;
}

/** One check: of the server's own address, like any client on the load balancer, or of the VIP on the server. */
function check(
  checked: Checked,
  states: Map<string, NodeState> | null,
  circumstances = DEFAULT_CIRCUMSTANCES,
  choices: Choices = FIRST,
): Run {
  const { network, host, service, server } = checked;
  const { vip, check: asked, port: served, dscp } = service;
  const port = asked.port ?? served;
  const flow = checkFlow(checked);
  const translated = { l4: host.name, source: flow.source, server: server.address, vip, port, dscp };
  return simulate(network, flow, {
    ...ALL_UP,
    choices,
    states,
    circumstances,
    isSourceBound: asked.source !== undefined,
    check: asksForVip(service) ? translated : null,
  });
}

function checkFlow({ host, service, server }: Checked): FlowPlan {
  const route = lookUp(host, server.address, '');
  const device = host.devices.get(route?.device ?? '');
  const chosenSource = device === undefined ? '' : selectSource(host, device, route?.via ?? server.address);
  return {
    name: `check ${server.name}`,
    from: host.name,
    source: service.check.source ?? chosenSource,
    to: { node: server.name },
    address: server.address,
    protocol: protocolOf(service),
    port: asksForVip(service) ? CHECK_PORT : (service.check.port ?? server.port ?? service.port),
    repeat: 1,
    bytes: 0,
    exchanges: 1,
    expect: { outcome: 'works' },
    at: { file: '', line: 0, col: 0 },
  };
}

const ALL_UP = { choices: FIRST, isUp: () => true };

function protocolOf({ check }: LbService): 'tcp' | 'udp' | 'icmp' {
  return check.type === 'udp' || check.type === 'icmp' ? check.type : 'tcp';
}
