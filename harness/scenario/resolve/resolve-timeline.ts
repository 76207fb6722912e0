import { linkNumber, linkNameOf } from '../../terms/link-name.ts';
import type {
  FlowPlan,
  InterfacePlan,
  NodePlan,
  Plan,
  SourcePosition,
  ActionPlan,
  Awaited,
  OneLink,
  PairPlan,
  StepPlan,
  StreamExpectation,
  StreamPlan,
  TimelinePlan,
} from '../../terms/plan.ts';
import { contains, host, isAddress, isV6, network } from '../address.ts';
import { type Action, isChange, stepped } from '../step-changes.ts';
import type { ScenarioFile } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

type Body = Pick<Plan, 'nodes' | 'services'>;

/** What resolving a timeline needs beyond the scenario. */
export interface TimelineContext {
  /** Resolves a scenario body to nodes and services. */
  resolve: (scenario: ScenarioFile) => Body;
  /** Resolves a call from a node to a service or node, as for a flow. */
  call: (flow: {
    from: string;
    to: string;
    port?: number | undefined;
  }) => Pick<FlowPlan, 'source' | 'to' | 'address' | 'port'>;
  /** An expectation with a node name in `sourceSeen` replaced by its address. */
  expected: (expect: StreamExpectation) => StreamExpectation;
  locate: (path: Path) => SourcePosition;
}

/** Default timeout of a call, ms: a lost SYN is retransmitted after 1,000 ms (RFC 6298). */
const DEFAULT_TIMEOUT_MS = 900;

/** Resolved streams and steps; undefined without steps. */
export function resolveTimeline(scenario: ScenarioFile, context: TimelineContext): TimelinePlan | undefined {
  const names = Object.keys(scenario.steps);
  if (names.length === 0) return undefined;
  const { after } = stepped(scenario);
  let before = context.resolve(scenario);
  const steps = after.map(({ step, scenario: changed }) => {
    const now = scenario.steps[step]!.do.some(isChange) ? context.resolve(changed) : before;
    const plan = resolveStep(step, scenario, { before, now, context });
    before = now;
    return plan;
  });
  return { streams: Object.keys(scenario.streams).map((name) => resolveStream(name, scenario, context)), steps };
}

function resolveStream(name: string, scenario: ScenarioFile, { call, locate }: TimelineContext): StreamPlan {
  const stream = scenario.streams[name]!;
  return {
    name,
    from: stream.from,
    ...call(stream),
    protocol: stream.protocol,
    everyMs: stream.every,
    timeoutMs: stream.timeout ?? DEFAULT_TIMEOUT_MS,
    connection: stream.connection,
    connections: stream.connections,
    ...(stream.sourcePort === undefined ? {} : { sourcePort: stream.sourcePort }),
    requestBytes: stream.requestBytes,
    replyBytes: stream.replyBytes,
    at: locate(['streams', name]),
  };
}

interface Resolved {
  before: Body;
  now: Body;
  context: TimelineContext;
}

function resolveStep(name: string, scenario: ScenarioFile, { before, now, context }: Resolved): StepPlan {
  const step = scenario.steps[name]!;
  return {
    name,
    title: step.title ?? name,
    actions: step.do.flatMap((action) => resolveAction(action, scenario, now.nodes)),
    ...(step.until === undefined ? {} : { until: resolveAwaited(step.until) }),
    forMs: step.for,
    nodes: differing(before.nodes, now.nodes),
    services: differing(before.services, now.services),
    expect: Object.entries(step.expect).map(([stream, expect]) => ({
      stream,
      expect: context.expected(expect),
      at: context.locate(['steps', name, 'expect', stream]),
    })),
    at: context.locate(['steps', name]),
  };
}

function differing<T>(before: T[], now: T[]): T[] {
  const known = new Set(before.map((one) => JSON.stringify(one)));
  return now.filter((one) => !known.has(JSON.stringify(one)));
}

function resolveAwaited({ server, is, master, within }: NonNullable<ScenarioFile['steps'][string]['until']>): Awaited {
  return master === undefined ? { server: server!, is: is!, withinMs: within } : { master, withinMs: within };
}

const OF_POOLS = ['drain', 'undrain', 'addServer', 'removeServer'] as const;

const OF_NODES = [
  'kill',
  'start',
  'pause',
  'resume',
  'killLb',
  'stopLb',
  'startLb',
  'restartLb',
  'reloadLb',
  'stopListeners',
  'startListeners',
  'failChecks',
  'passChecks',
  'flushNeighbours',
  'flushMacs',
  'flushConnections',
] as const;

function resolveAction(action: Action, scenario: ScenarioFile, nodes: NodePlan[]): ActionPlan[] {
  if (action.change !== undefined) return [{ do: 'change' }];
  if (action.weight !== undefined) return [{ do: 'weight', ...action.weight }];
  for (const kind of OF_POOLS) {
    const declared = action[kind];
    if (declared !== undefined) return [{ do: kind, ...declared }];
  }
  for (const kind of ['linkDown', 'linkUp'] as const) {
    const link = action[kind];
    if (link !== undefined) return [{ do: kind, ...oneLink(link, nodes) }];
  }
  if (action.flap !== undefined) {
    const { link, down, up } = action.flap;
    return [{ do: 'flap', ...oneLink(link, nodes), downMs: down, upMs: up }];
  }
  if (action.announce !== undefined) {
    const { from, address: declared } = action.announce;
    const address = isAddress(declared) ? declared : scenario.services[declared]!.vip;
    const node = nodes.find((one) => one.name === from)!;
    return [{ do: 'announce', node: from, iface: ifaceToward(node, address), address }];
  }
  return OF_NODES.flatMap((kind) => (action[kind] ?? []).map((node): ActionPlan => ({ do: kind, node })));
}

/** The link identified by a node and its name for it, in either order. */
function oneLink([a, b]: [string, string], nodes: NodePlan[]): OneLink {
  const peerBy = (node: string, word: string): InterfacePlan | undefined =>
    nodes.find(({ name }) => name === node)?.interfaces.find(({ name }) => linkNameOf(name) === word);
  const at = peerBy(a, b) ?? peerBy(b, a);
  if (at === undefined) return { link: [a, b] };
  const number = linkNumber(at);
  const link: [string, string] = peerBy(a, b) === undefined ? [at.peer, b] : [a, at.peer];
  return { link, ...(number === 1 ? {} : { number }) };
}

/** The interface whose subnet contains an address; otherwise the first with an address. */
function ifaceToward({ interfaces }: Pick<NodePlan, 'interfaces'>, address: string): string {
  const near = interfaces.find(({ addresses }) => addresses.some((cidr) => contains(network(cidr), address)));
  const same = interfaces.find(({ addresses }) => addresses.some((cidr) => isV6(cidr) === isV6(address)));
  return (near ?? same ?? interfaces[0]!).name;
}

/** Pairs with their addresses: VIPs and proxy IPs of their services, except addresses of the members. */
export function resolvePairs(scenario: ScenarioFile, { nodes, services }: Body): PairPlan[] {
  return Object.entries(scenario.pairs).map(([name, pair], index) => {
    const members = pair.nodes.map((node) => nodes.find((one) => one.name === node)!);
    const own = members.flatMap(({ interfaces }) => interfaces.flatMap(({ addresses }) => addresses.map(host)));
    const held = services
      .filter(({ l4s }) => l4s.some(({ node }) => pair.nodes.includes(node)))
      .flatMap(({ vip, l4s }) => [vip, ...l4s.flatMap(({ proxyIps }) => proxyIps)])
      .filter((address) => !own.includes(address));
    const addresses = [...new Set([...held, ...pair.addresses])];
    return {
      name,
      protocol: pair.protocol,
      id: index + 1,
      members: members.map((node, i) => ({
        node: node.name,
        iface: commonIface(node, members, pair.subnet),
        priority: pair.priorities?.[i] ?? Math.max(1, 150 - 50 * i),
      })),
      advertMs: pair.advertMs,
      preempt: pair.preempt,
      gratuitousArp: pair.gratuitousArp,
      addresses: addresses.map((address) => ({
        address,
        ifaces: Object.fromEntries(members.map((node) => [node.name, ifaceToward(node, address)])),
      })),
      sync: pair.sync,
    };
  });
}

/** A member's interface in a subnet common to all members: the named one, or the first. */
function commonIface(node: NodePlan, members: NodePlan[], subnet: string | undefined): string {
  const isCommon = (cidr: string): boolean =>
    (subnet === undefined || network(cidr) === network(subnet)) &&
    members.every(({ interfaces }) =>
      interfaces.some(({ addresses }) => addresses.some((other) => network(other) === network(cidr))),
    );
  return (node.interfaces.find(({ addresses }) => addresses.some(isCommon)) ?? node.interfaces[0]!).name;
}
