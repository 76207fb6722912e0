import { ROLES } from '../../terms/role.ts';
import type { Problem } from '../problem.ts';
import type { Lab, LabNode, NodeSettings, ScenarioFile } from '../schema.ts';
import { serversOf } from '../lab-queries.ts';
import type { Path } from '../yaml-file.ts';

/** Fields of flows that have no effect with their protocol, and would pretend to test something. */
export function ineffectiveFlowFields(scenario: ScenarioFile): Problem[] {
  return Object.entries(scenario.flows).flatMap(([name, flow]) => {
    const { protocol, exchanges, port, sourcePort, dontFragment, outOfWindow, to } = flow;
    const problem = (field: string, message: string): Problem => ({ path: ['flows', name, field], message });
    if (protocol === 'http' && exchanges !== 1)
      return [problem('exchanges', 'http sends one request per connection: for several exchanges use `protocol: tcp`')];
    const windowless =
      outOfWindow === undefined ? [] : ineffectiveWindow(flow).map((why) => problem('outOfWindow', why));
    if (protocol !== 'icmp')
      return dontFragment
        ? [
            ...windowless,
            problem('dontFragment', `only for icmp: with ${protocol} the operating system decides whether to set DF`),
          ]
        : windowless;
    const toNode = scenario.services[to] === undefined;
    return [
      ...windowless,
      ...(['requestBytes', 'replyBytes'] as const).flatMap((field) =>
        flow[field] === undefined ? [] : [problem(field, 'an echo reply has the size of its request: use `bytes`')],
      ),
      ...(exchanges === 1 ? [] : [problem('exchanges', 'icmp sends one echo request; use `repeat` to send more')]),
      ...(port === undefined || !toNode ? [] : [problem('port', 'icmp has no ports')]),
      ...(sourcePort === undefined ? [] : [problem('sourcePort', 'icmp has no ports')]),
    ];
  });
}

/** Why `outOfWindow` has no effect on a flow; empty if it has one. */
function ineffectiveWindow({ protocol, from, to }: ScenarioFile['flows'][string]): string[] {
  if (protocol !== 'http' && protocol !== 'tcp') return [`only for http and tcp: ${protocol} has no window`];
  return from === to ? ['has no effect on a call of a node to itself: no other node gets the segment'] : [];
}

/** Fields of services without effect. */
export function ineffectiveServiceFields(scenario: ScenarioFile): Problem[] {
  return Object.entries(scenario.services).flatMap(([name, { whenNoneUp, check, pool }]) => {
    const alwaysUp =
      (check?.type ?? 'none') === 'none' && pool.some((server) => !('drain' in server) || server.drain !== true);
    if (whenNoneUp === undefined || !alwaysUp) return [];
    return [
      {
        path: ['services', name, 'whenNoneUp'],
        message: 'has no effect: without a `check:` every server counts as up',
      },
    ];
  });
}

/** Settings without effect on a switch without address. */
const OF_IP: (keyof NodeSettings)[] = [
  'gateway',
  'routes',
  'address',
  'loopback',
  'undoDscp',
  'tunnelEnd',
  'listeners',
  'arpIgnore',
  'arpAnnounce',
  'rpFilter',
  'acceptLocal',
  'proxyArp',
  'sendRedirects',
  'acceptRedirects',
  'forwarding',
  'firewall',
  'filter',
  'neighbourAgeMs',
  'neighbours',
  'sysctls',
];

/** Settings with an effect only on forwarded packets. */
const OF_ROUTERS = ['proxyArp', 'sendRedirects'] as const;

/** Settings of a lab's nodes that have no effect for their role. */
export function ineffectiveLabSettings(lab: Lab): Problem[] {
  return Object.entries(lab.nodes).flatMap(([name, node]) => ineffectiveSettings(['nodes', name], [node], node));
}

/** Settings of a scenario that have no effect for their nodes' roles. */
export function ineffectiveScenarioSettings({ servers, nodes }: ScenarioFile, lab: Lab): Problem[] {
  const [server] = serversOf(lab);
  const known = Object.entries(nodes).filter(([name]) => lab.nodes[name]);
  return [
    ...(server === undefined
      ? Object.keys(servers).map((key) => ({ path: ['servers', key], message: 'the lab has no server' }))
      : ineffectiveSettings(['servers'], [servers, lab.nodes[server]!], lab.nodes[server]!)),
    ...known.flatMap(([name, settings]) => {
      const node = lab.nodes[name]!;
      return ineffectiveSettings(
        ['nodes', name],
        [settings, ...(ROLES[node.role].serves ? [servers] : []), node],
        node,
      );
    }),
  ];
}

/** @param layers settings of a node, highest priority first: the first is checked, together with the others */
function ineffectiveSettings(path: Path, layers: NodeSettings[], node: LabNode): Problem[] {
  const { role, bridge } = node;
  const [settings] = layers;
  return [...ineffectiveInterfaces(path, settings!, node), ...ineffectiveOfNode(path, layers, { role, bridge })];
}

/** IP settings of bridge ports. */
function ineffectiveInterfaces(
  path: Path,
  { interfaces = {} }: NodeSettings,
  { role, bridge = false }: LabNode,
): Problem[] {
  if (!ROLES[role].switches && bridge === false) return [];
  return Object.entries(interfaces).flatMap(([name, settings]) =>
    Object.keys(settings)
      .filter((key) => key !== 'mtu')
      .map((key) => ({
        path: [...path, 'interfaces', name, key],
        message: 'has no effect on a bridge port, where packets arrive at `br0`: set it on the node',
      })),
  );
}

/** @param layers as above */
function ineffectiveOfNode(
  path: Path,
  layers: NodeSettings[],
  { role, bridge }: Pick<LabNode, 'role' | 'bridge'>,
): Problem[] {
  const [settings] = layers;
  if (ROLES[role].switches && typeof bridge !== 'string') {
    return OF_IP.filter((key) => settings![key] !== undefined).map((key) => ({
      path: [...path, key],
      message: 'has no effect: a switch has no IP unless its `bridge:` has an address',
    }));
  }
  const isBridge = ROLES[role].switches || (bridge ?? false) !== false;
  const aRole = `${/^l/.test(role) ? 'an' : 'a'} ${role}`;
  const problems: Problem[] = [];
  if (settings!.macAgeMs !== undefined && !isBridge)
    problems.push({
      path: [...path, 'macAgeMs'],
      message: `has no effect: ${aRole} without \`bridge:\` has no MAC table`,
    });
  const translates = layers.find(({ nat }) => nat !== undefined)?.nat ?? 'none';
  const keepsState =
    ROLES[role].tracks || translates !== 'none' || layers.some(({ firewall }) => firewall === 'stateful');
  if (settings!.idleTimeoutMs !== undefined && !keepsState)
    problems.push({
      path: [...path, 'idleTimeoutMs'],
      message: `has no effect: ${aRole} tracks connections only with ${ROLES[role].translates ? '`nat` or ' : ''}\`firewall: stateful\``,
    });
  if (settings!.onIdle !== undefined && layers.every(({ idleTimeoutMs }) => idleTimeoutMs === undefined))
    problems.push({ path: [...path, 'onIdle'], message: 'has no effect without `idleTimeoutMs`' });
  // If forwarding is switched off, its firewall need not be removed too.
  const mayForward = ROLES[role].forwards || layers.some(({ forwarding }) => forwarding !== undefined);
  if (mayForward) return problems;
  const message = `has no effect: ${aRole} forwards packets only with \`forwarding: true\``;
  if (settings!.firewall === 'stateful') problems.push({ path: [...path, 'firewall'], message });
  const interfaces = Object.entries(settings!.interfaces ?? {});
  for (const field of OF_ROUTERS) {
    if (settings![field] === true) problems.push({ path: [...path, field], message });
    for (const [name, of] of interfaces)
      if (of[field] === true) problems.push({ path: [...path, 'interfaces', name, field], message });
  }
  return problems;
}
