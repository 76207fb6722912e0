import { noSuch } from '../did-you-mean.ts';
import { MOST_CALLS } from '../terms/limits.ts';
import { ROLES } from '../terms/role.ts';
import { alternativesOf } from '../terms/expectation.ts';
import { isAddress } from './address.ts';
import { checkCall, contradictions, impossibleShares, placeProblem, strangersExpected } from './check-flow.ts';
import { heldDown } from './down-links.ts';
import { balancersOf, linkNamed, linkWords, listenersOf, serversOf } from './lab-queries.ts';
import type { Problem } from './problem.ts';
import type { Lab, NodeSettings, ScenarioFile } from './schema.ts';
import { type Action, actionPath, stepped, type SteppedScenario } from './step-changes.ts';
import type { Path } from './yaml-file.ts';

/**
 * Whether streams can be called, and steps can happen in their order.
 * @param check what else is to hold of a scenario once a step has changed it
 */
export function checkTimeline(
  scenario: ScenarioFile,
  lab: Lab,
  check: (changed: ScenarioFile) => Problem[],
): Problem[] {
  const steps = Object.keys(scenario.steps);
  const streams = Object.keys(scenario.streams);
  const problems: Problem[] = [];
  if (steps.length > 0 && streams.length === 0)
    problems.push({ path: ['steps'], message: 'needs `streams:`, the traffic that runs during the steps' });
  if (streams.length > 0 && steps.length === 0)
    problems.push({ path: ['streams'], message: 'needs `steps:`, which say what happens during the streams' });
  if (Object.keys(scenario.flows).length + streams.length + steps.length === 0)
    problems.push({ path: ['flows'], message: 'must not be empty without `streams:` and `steps:`' });
  for (const name of streams) problems.push(...checkStream(name, scenario, lab));
  for (const name of steps) problems.push(...checkStep(name, scenario, lab));
  const { after, problems: changes } = stepped(scenario);
  problems.push(...order(scenario, lab, after), ...unheededChecks(scenario, after), ...tooManyCalls(scenario));
  problems.push(...changes);
  problems.push(...movedPorts(scenario, after));
  let before = new Set(check(scenario).map(textOf));
  for (const { step, scenario: changed } of after) {
    const found = check(changed);
    const index = scenario.steps[step]!.do.findIndex((action) => action.change !== undefined);
    const path = index < 0 ? ['steps', step, 'do'] : [...actionPath(scenario, step, index), 'change'];
    for (const problem of found) {
      if (before.has(textOf(problem))) continue;
      problems.push({ path, message: `${problem.path.join('.')}: ${problem.message}`, dependsOn: [['steps', step]] });
    }
    before = new Set(found.map(textOf));
  }
  return problems;
}

/** VLANs of ports are those of the beginning: a port that goes to another VLAN takes what is under way with it. */
function movedPorts(scenario: ScenarioFile, after: ReturnType<typeof stepped>['after']): Problem[] {
  const portsOf = ({ nodes }: ScenarioFile): string =>
    JSON.stringify(Object.entries(nodes).flatMap(([name, { ports }]) => (ports === undefined ? [] : [[name, ports]])));
  const [moved] = after.filter((one) => portsOf(one.scenario) !== portsOf(scenario));
  if (moved === undefined) return [];
  const message = 'a step cannot change `ports`; a variant can';
  return [{ path: ['steps', moved.step, 'do'], message, dependsOn: [['steps', moved.step]] }];
}

function textOf({ path, message }: Problem): string {
  return `${path.join('.')} ${message}`;
}

function checkStream(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const stream = scenario.streams[name]!;
  const path = ['streams', name];
  const problems = checkCall(path, stream, scenario, lab);
  if (scenario.names[stream.to]) {
    const message = 'a stream calls a service or a node; only flows call names';
    problems.push({ path: [...path, 'to'], message, dependsOn: [['names', stream.to]] });
  }
  if (scenario.flows[name]) problems.push({ path, message: 'has the name of a flow', dependsOn: [] });
  if (stream.connection === 'new' && stream.connections > 1)
    problems.push({ path: [...path, 'connections'], message: 'only for `connection: kept`' });
  if (stream.sourcePort !== undefined && stream.connections > 1)
    problems.push({ path: [...path, 'sourcePort'], message: 'one source port cannot serve several connections' });
  if (stream.connection === 'kept' && stream.protocol === 'http')
    problems.push({
      path: [...path, 'protocol'],
      message: 'http closes each connection: use `tcp` or `udp` for a kept one',
    });
  if (!Object.values(scenario.steps).some(({ expect }) => Object.hasOwn(expect, name)))
    problems.push({ path, message: 'no step has an expectation for this stream', dependsOn: [['steps'], path] });
  return problems;
}

function checkStep(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const step = scenario.steps[name]!;
  const path = ['steps', name];
  const streams = Object.keys(scenario.streams);
  const problems: Problem[] = [];
  if (Object.keys(step.expect).length === 0) problems.push({ path, message: 'has no `expect:`' });
  for (const [index, action] of step.do.entries())
    problems.push(...checkAction(actionPath(scenario, name, index), action, scenario, lab));
  for (const [stream, expect] of Object.entries(step.expect)) {
    const at = [...path, 'expect', stream];
    const { connection } = scenario.streams[stream] ?? {};
    if (connection === undefined)
      problems.push({ path: at, message: noSuch('stream', stream, streams), dependsOn: [] });
    else if (connection === 'new' && expect.outcome === 'connections')
      problems.push({ path: at, message: `${stream} keeps no connections: each call opens a new one` });
    for (const one of alternativesOf(expect)) {
      const servedBy = one.outcome === 'works' ? one.servedBy : undefined;
      const shares = servedBy !== undefined && 'shares' in servedBy ? Object.values(servedBy.shares) : null;
      const impossible = [...contradictions(one), ...(shares === null ? [] : impossibleShares(shares))];
      problems.push(...impossible.map(({ message }) => ({ path: at, message })));
    }
    for (const message of new Set(strangersIn(expect, lab))) problems.push({ path: at, message, dependsOn: [] });
    if (expect.outcome === 'varies' && expect.lost !== undefined)
      problems.push({ path: at, message: '`lost` is only valid for flows; a stream has `outage`' });
    for (const [what, { atLeast, atMost }] of rangesOf(expect)) {
      if (atLeast !== undefined && atMost !== undefined && atLeast > atMost)
        problems.push({ path: at, message: `${what}: atLeast is more than atMost` });
    }
  }
  problems.push(...checkUntil(name, scenario, lab));
  return problems;
}

/** Names that stand for nothing in the lab. */
function strangersIn(expect: StepExpectation, lab: Lab): string[] {
  const outage = expect.outcome === 'interrupted' ? expect.outage : undefined;
  return [
    ...alternativesOf(expect).flatMap((one) => strangersExpected(one, lab).map(({ message }) => message)),
    ...(outage?.at === undefined ? [] : placeProblem(outage.at, outage.causes ?? [], lab)),
  ];
}

type StepExpectation = ScenarioFile['steps'][string]['expect'][string];

function rangesOf(expect: StepExpectation): [string, { atLeast?: number; atMost?: number }][] {
  if (expect.outcome === 'interrupted') {
    const { atLeastMs, atMostMs } = expect.outage;
    return [
      [
        'outage',
        {
          ...(atLeastMs === undefined ? {} : { atLeast: atLeastMs }),
          ...(atMostMs === undefined ? {} : { atMost: atMostMs }),
        },
      ],
    ];
  }
  if (expect.outcome !== 'connections') return [];
  const { survive = {}, reset = {}, stall = {}, stallMs = {} } = expect;
  return Object.entries({ survive, reset, stall, stallTime: stallMs });
}

function checkUntil(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const { until } = scenario.steps[name]!;
  if (until === undefined) return [];
  const path = ['steps', name, 'until'];
  const { server, is, master } = until;
  if ((master === undefined) === (server === undefined))
    return [{ path, message: 'needs either `master:`, or `server:` with `is:`' }];
  if (master !== undefined) {
    const members = [...new Set(Object.values(scenario.pairs).flatMap(({ nodes }) => nodes))];
    if (is !== undefined) return [{ path: [...path, 'is'], message: 'only for `server:`' }];
    return members.includes(master)
      ? []
      : [{ path: [...path, 'master'], message: noSuch('member of a pair', master, members), dependsOn: [['pairs']] }];
  }
  if (is === undefined) return [{ path, message: '`server:` also needs `is: up` or `is: down`' }];
  const servers = serversOf(lab);
  if (!servers.includes(server!))
    return [{ path: [...path, 'server'], message: noSuch('server', server!, servers), dependsOn: [] }];
  const isChecked = Object.values(scenario.services).some(
    ({ check, pool }) => (check?.type ?? 'none') !== 'none' && pool.some(({ node }) => node === server),
  );
  const message = `no service checks ${server}, so it always counts as up: add \`check:\``;
  return isChecked ? [] : [{ path: [...path, 'server'], message, dependsOn: [['services']] }];
}

const OF_L4 = ['killLb', 'stopLb', 'startLb', 'restartLb', 'reloadLb'] as const;

function checkAction(path: Path, action: Action, scenario: ScenarioFile, lab: Lab): Problem[] {
  const nodes = Object.keys(lab.nodes);
  const callers = Object.values(scenario.streams).map(({ from }) => from);
  const inEach = (kinds: readonly (keyof Action)[], wrong: (node: string) => string | null): Problem[] =>
    kinds.flatMap((kind) => {
      const named = action[kind];
      if (!Array.isArray(named)) return [];
      return (named as string[]).flatMap((node) => {
        const message = nodes.includes(node) ? wrong(node) : noSuch('node', node, nodes);
        return message === null ? [] : [{ path: [...path, kind], message, dependsOn: [['streams']] }];
      });
    });
  const l4s = balancersOf(lab);
  const problems = [
    ...inEach(['kill', 'pause'], (node) =>
      callers.includes(node) ? `${node} is the caller of a stream and cannot be stopped` : null,
    ),
    ...inEach(['start', 'resume'], () => null),
    ...inEach(OF_L4, (node) =>
      l4s.includes(node)
        ? scenario.nodes[node]?.lb === 'off'
          ? `the load balancer of ${node} is off`
          : null
        : `${node} is not an l4 node; known: ${l4s.join(', ')}`,
    ),
    ...inEach(['stopListeners', 'startListeners', 'failChecks', 'passChecks'], (node) =>
      listenersOf(node, lab, scenario).length > 0 ? null : `${node} has no listeners`,
    ),
    ...inEach(['flushMacs'], (node) =>
      isSwitch(lab, node) ? null : `${node} is not a switch, so it has no MAC table`,
    ),
    ...inEach(['flushNeighbours'], (node) =>
      isSwitch(lab, node) && typeof lab.nodes[node]!.bridge !== 'string'
        ? `${node} has no IP address, so it has no neighbours`
        : null,
    ),
    ...inEach(['flushConnections'], (node) =>
      l4s.includes(node) || keepsConnections({ ...lab.nodes[node], ...scenario.nodes[node] })
        ? null
        : `${node} tracks no connections: it is not an L4 or a stateful firewall, and has no NAT`,
    ),
  ];
  for (const kind of ['linkDown', 'linkUp', 'flap'] as const) {
    const link = kind === 'flap' ? action.flap?.link : action[kind];
    if (link === undefined) continue;
    if (linkNamed(lab, link) !== null) continue;
    const [a, b] = link;
    const stranger = link.find((node) => !nodes.includes(node));
    const known = link.find((node) => nodes.includes(node));
    const further = known === undefined ? [] : linkWords(lab, known).filter((word) => !nodes.includes(word));
    if (stranger !== undefined)
      problems.push({
        path: [...path, kind],
        message: noSuch('node', stranger, [...nodes, ...further]),
        dependsOn: [],
      });
    else
      problems.push({
        path: [...path, kind],
        message: `there is no link between ${a} and ${b}`,
        dependsOn: [['links']],
      });
  }
  const { announce } = action;
  if (announce !== undefined) {
    const at = [...path, 'announce'];
    const { from, address } = announce;
    if (!nodes.includes(from))
      problems.push({ path: [...at, 'from'], message: noSuch('node', from, nodes), dependsOn: [] });
    if (!isAddress(address) && !scenario.services[address])
      problems.push({
        path: [...at, 'address'],
        message: noSuch('service', address, Object.keys(scenario.services)),
        dependsOn: [['services', address]],
      });
  }
  return problems;
}

function keepsConnections({ firewall, nat = 'none' }: NodeSettings): boolean {
  return firewall === 'stateful' || nat !== 'none';
}

function isSwitch(lab: Lab, name: string): boolean {
  const { role, bridge = false } = lab.nodes[name]!;
  return ROLES[role].switches || bridge !== false;
}

/** What an action needs that an earlier one has done. */
const NEEDS = [
  { does: 'kill', undoes: 'start', done: 'is already powered off', undone: 'is not powered off: use `kill` first' },
  { does: 'pause', undoes: 'resume', done: 'is already paused', undone: 'is not paused' },
  { does: 'stopListeners', undoes: 'startListeners', done: 'has already stopped listening', undone: 'already listens' },
  { does: 'failChecks', undoes: 'passChecks', done: 'already fails its checks', undone: 'already passes its checks' },
] as const;

/** Actions on a load balancer, whether it must run for them (null: either), and whether it does afterwards. */
const BALANCER = {
  killLb: { needs: true, leaves: false },
  stopLb: { needs: true, leaves: false },
  startLb: { needs: false, leaves: true },
  restartLb: { needs: null, leaves: true },
  reloadLb: { needs: true, leaves: true },
} as const;

/** Actions that the ones before them, or what the scenario says by then, leave nothing to do. */
function order(scenario: ScenarioFile, lab: Lab, after: SteppedScenario['after']): Problem[] {
  const problems: Problem[] = [];
  const states = new Map<string, boolean>();
  const ended = new Set<string>();
  const say = (path: Path, message: string): void => void problems.push({ path, message, dependsOn: [['steps']] });
  const steps = Object.entries(scenario.steps);
  for (const [number, [name, step]] of steps.entries()) {
    for (const [index, action] of step.do.entries()) {
      const path = actionPath(scenario, name, index);
      const later = [...step.do.slice(index + 1), ...steps.slice(number + 1).flatMap(([, one]) => one.do)];
      for (const { does, undoes, done, undone } of NEEDS) {
        const isDone = (node: string): boolean => states.get(`${does} ${node}`) ?? false;
        for (const node of action[does] ?? []) {
          if (isDone(node)) say([...path, does], `${node} ${done}`);
          states.set(`${does} ${node}`, true);
        }
        for (const node of action[undoes] ?? []) {
          if (!isDone(node)) say([...path, undoes], `${node} ${undone}`);
          states.set(`${does} ${node}`, false);
        }
      }
      const dead = OF_NODE.flatMap((kind) =>
        (action[kind] ?? []).filter((node) => states.get(`kill ${node}`)).map((node) => ({ kind, node })),
      );
      for (const { kind, node } of dead) say([...path, kind], `${node} is powered off`);
      for (const node of action.start ?? []) ended.delete(node);
      for (const kind of OF_L4) {
        const { needs, leaves } = BALANCER[kind];
        for (const node of action[kind] ?? []) {
          if (needs === ended.has(node) && !states.get(`kill ${node}`))
            say(
              [...path, kind],
              `the load balancer of ${node} ${needs ? 'is not running: use `startLb` first' : 'is already running'}`,
            );
          if (leaves) ended.delete(node);
          else ended.add(node);
        }
      }
      for (const kind of ['linkDown', 'linkUp', 'flap'] as const) {
        const declared = kind === 'flap' ? action.flap?.link : action[kind];
        const link = declared === undefined ? null : linkNamed(lab, declared);
        if (link === null) continue;
        const key = `link ${[...[...link.nodes].sort(), link.number].join(' ')}`;
        const isCut = states.get(key) ?? false;
        const held = heldDown(after[number]!.scenario, lab, link);
        const dead = link.nodes.find((node) => states.get(`kill ${node}`));
        if (held !== null)
          say(
            [...path, kind],
            kind === 'linkUp'
              ? `the link is down because of ${held.by}, which \`linkUp\` does not change: write ${held.release}`
              : `the link is already down because of ${held.by}`,
          );
        else if (dead !== undefined && !later.some(({ start }) => start?.includes(dead)))
          say([...path, kind], `${dead} is powered off, so its links are down`);
        else if (kind !== 'flap' && isCut === (kind === 'linkDown'))
          say([...path, kind], `the link is already ${isCut ? 'down' : 'up'}`);
        if (kind !== 'flap' && held === null) states.set(key, kind === 'linkDown');
      }
    }
    const master = step.until?.master;
    for (const { does, done } of STANDSTILLS) {
      if (master !== undefined && states.get(`${does} ${master}`))
        say(['steps', name, 'until', 'master'], `${master} ${done}, so it cannot become master`);
    }
  }
  return problems;
}

/** Health checks that are to fail, of servers that no service checks by HTTP from then on. */
function unheededChecks(scenario: ScenarioFile, after: SteppedScenario['after']): Problem[] {
  const isChecked = (node: string, { services }: ScenarioFile): boolean =>
    Object.values(services).some(({ check, pool }) => check?.type === 'http' && pool.some((one) => one.node === node));
  return Object.entries(scenario.steps).flatMap(([name, step], number) =>
    step.do.flatMap(({ failChecks = [] }, index) =>
      failChecks
        .filter((node) => !after.slice(number).some((one) => isChecked(node, one.scenario)))
        .map((node) => ({
          path: [...actionPath(scenario, name, index), 'failChecks'],
          message: `has no effect, because no service checks ${node} by HTTP: add \`check: { type: http }\``,
          dependsOn: [['services']],
        })),
    ),
  );
}

/** In which no node says that it is master. */
const STANDSTILLS = [
  { does: 'kill', done: 'is powered off' },
  { does: 'pause', done: 'is paused' },
] as const;

const OF_NODE = ['pause', ...OF_L4, 'stopListeners', 'startListeners', 'failChecks', 'passChecks'] as const;

/** How many calls a run makes, and writes down. */
function tooManyCalls({ streams, steps }: ScenarioFile): Problem[] {
  const ms = Object.values(steps).reduce((sum, step) => sum + step.for, 0);
  return Object.entries(streams).flatMap(([name, { every, connections }]): Problem[] => {
    const calls = Math.ceil((ms / every) * connections);
    if (calls <= MOST_CALLS) return [];
    const message = `${calls.toLocaleString('en')} calls in ${ms / 1000} s: at most ${MOST_CALLS.toLocaleString('en')} are possible`;
    return [{ path: ['streams', name, 'every'], message, dependsOn: [['streams', name], ['steps']] }];
  });
}
