import { noSuch } from '../did-you-mean.ts';
import type { CauseCode } from '../terms/cause.ts';
import type { Expectation, SingleExpectation, Range } from '../terms/plan.ts';
import { ATTEMPTS_AT_ONCE, CALL_DEADLINE_MS, MOST_BYTES_AT_ONCE, MOST_BYTES_OF_A_FLOW } from '../terms/limits.ts';
import { DNS_PORT } from '../terms/by-name.ts';
import { listenerText } from '../terms/listener.ts';
import { host, isV6 } from './address.ts';
import { addressesInScenario, familyName } from './check-messages.ts';
import { keyed, listed, placed, serversExpected } from './expected.ts';
import { checkCachedAnswer, checkCallByName, PORT_OF_SERVICE, servicesOfName } from './check-names.ts';
import { SOURCES } from './flow-schema.ts';
import { interfaceWords, l4sOf, listenersOf, namedSources, nodeAddresses } from './lab-queries.ts';
import { AT_INTERFACES, placeIn } from './place.ts';
import type { Problem } from './problem.ts';
import type { Lab, ScenarioFile } from './schema.ts';
import type { Path } from './yaml-file.ts';

type Flow = ScenarioFile['flows'][string];

/** Whether a flow can be called, and what is expected of it can be. */
export function checkFlow(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const problems: Problem[] = [];
  const flow = scenario.flows[name]!;
  const path = ['flows', name];
  problems.push(...checkCall(path, flow, scenario, lab), ...sequenceProblems(name, scenario.flows));
  problems.push(...checkCachedAnswer(name, scenario));
  problems.push(
    ...placed(flow.expect).flatMap(({ at: outcome, expect }) =>
      strangersExpected(expect, lab).map(({ at, message }) => ({
        path: [...path, 'expect', ...outcome, ...at],
        message,
        dependsOn: [],
      })),
    ),
    ...impossible(flow).map(({ at, message }) => ({ path: [...path, 'expect', ...at], message })),
  );
  problems.push(
    ...sourcePortProblems(flow, scenario, lab).map((message) => ({ path: [...path, 'sourcePort'], message })),
  );
  if (flow.protocol === 'icmp' && flow.bytes > 0 && (flow.bytes < LEAST_IN_AN_ECHO || flow.bytes > MOST_IN_AN_ECHO)) {
    const message = `must be ${LEAST_IN_AN_ECHO} to ${inDigits(MOST_IN_AN_ECHO)} in an echo request, not ${inDigits(flow.bytes)}`;
    problems.push({ path: [...path, 'bytes'], message });
  }
  for (const field of ['bytes', 'requestBytes', 'replyBytes'] as const) {
    const bytes = flow[field];
    if (bytes === undefined) continue;
    if (flow.protocol === 'udp' && bytes > MOST_IN_A_DATAGRAM) {
      const message = `must be at most ${inDigits(MOST_IN_A_DATAGRAM)} in a datagram (the harness adds its own header), not ${inDigits(bytes)}`;
      problems.push({ path: [...path, field], message });
    }
    problems.push(...tooMuch({ ...flow, bytes }).map((message) => ({ path: [...path, field], message })));
  }
  return problems;
}

/** Whether a node can call a service, a node or a name. */
export function checkCall(
  path: Path,
  flow: Pick<Flow, 'from' | 'to' | 'port' | 'protocol'>,
  scenario: ScenarioFile,
  lab: Lab,
): Problem[] {
  const problems: Problem[] = [];
  const nodes = Object.keys(lab.nodes);
  const service = scenario.services[flow.to];
  if (!lab.nodes[flow.from])
    problems.push({ path: [...path, 'from'], message: noSuch('node', flow.from, nodes), dependsOn: [] });
  else if (nodeAddresses(lab, flow.from).length === 0)
    problems.push({ path: [...path, 'from'], message: `${flow.from} has no address, so it cannot call` });
  if (scenario.names[flow.to]) {
    const own = servicesOfName(flow.to, scenario).map((to) => ({ ...flow, to }));
    problems.push(...checkCallByName(path, flow, scenario, lab));
    return [...problems, ...own.flatMap((call) => ownCallProblems(path, call, scenario, lab))];
  }
  const targets = service ? [service.vip] : addressesInScenario(scenario, lab, flow.to);
  const own = addressesInScenario(scenario, lab, flow.from);
  const families = own.map(isV6);
  const [target] = targets;
  if (target !== undefined && own.length > 0 && !targets.some((address) => families.includes(isV6(address)))) {
    problems.push({
      path: [...path, 'from'],
      message: `${flow.from} has no ${familyName(isV6(target))} address, so it cannot call ${host(target)}`,
      dependsOn: [path, ['services', flow.to], ['servers'], ['nodes']],
    });
  }
  if (!service && !lab.nodes[flow.to]) {
    const isName = flow.to.includes('.');
    const missing = [isName ? 'names' : 'services', flow.to];
    problems.push({
      path: [...path, 'to'],
      message: scenario.routeServices[flow.to]
        ? `${flow.to} is a service in mode route and has no VIP; call a node or service behind its next hops`
        : isName
          ? noSuch('name', flow.to, Object.keys(scenario.names))
          : noSuch('service or node', flow.to, [...Object.keys(scenario.services), ...nodes]),
      dependsOn: [missing],
      missing,
    });
  }
  const isOfDns = !service && flow.protocol === 'udp' && flow.port === DNS_PORT;
  if (isOfDns && Object.values(scenario.names).some(({ server }) => server === flow.to)) {
    const message = `${flow.to} is a DNS server on ${DNS_PORT}/udp, which only answers questions: call one of its names`;
    problems.push({ path: [...path, 'port'], message, dependsOn: [path, ['names']] });
  }
  if (!service && lab.nodes[flow.to] && nodeAddresses(lab, flow.to).length === 0) {
    problems.push({ path: [...path, 'to'], message: `${flow.to} has no address, so it cannot be called` });
  }
  if (service) problems.push(...ownCallProblems(path, flow, scenario, lab));
  if (service && flow.port !== undefined) problems.push({ path: [...path, 'port'], message: PORT_OF_SERVICE });
  if (service && flow.protocol !== 'icmp' && (flow.protocol === 'udp') !== (service.protocol === 'udp')) {
    problems.push({
      path: [...path, 'protocol'],
      message: `${flow.to} is a ${service.protocol} service`,
      dependsOn: [
        [...path, 'to'],
        ['services', flow.to, 'protocol'],
      ],
    });
  }
  if (!service && lab.nodes[flow.to] && flow.port === undefined && flow.protocol !== 'icmp')
    problems.push({ path, message: `needs \`port:\`, because ${flow.to} is a node` });
  return problems;
}

/** Each state is left to one flow, and some flow begins without one. */
function sequenceProblems(name: string, flows: ScenarioFile['flows']): Problem[] {
  const path = ['flows', name, 'after'];
  const { after } = flows[name]!;
  if (after === undefined) return [];
  const names = Object.keys(flows);
  if (!flows[after]) {
    const of = ['flows', after];
    return [{ path, message: noSuch('flow', after, names), dependsOn: [of], missing: of }];
  }
  const circle = circleFrom(name, flows);
  if (circle !== null) return [{ path, message: `is circular: ${circle.join(' after ')}`, dependsOn: [['flows']] }];
  const first = names.find((other) => flows[other]!.after === after)!;
  if (first === name) return [];
  const message = `${first} already runs after ${after} and changes its state: write \`after: ${first}\`, or add a copy of ${after}`;
  return [{ path, message, dependsOn: [['flows', first]] }];
}

/** A flow, the one that it comes after, and so on to itself again; null where that has an end. */
function circleFrom(name: string, flows: ScenarioFile['flows']): string[] | null {
  const seen = [name];
  for (let next = flows[name]?.after; next !== undefined; next = flows[next]?.after) {
    seen.push(next);
    if (next === name) return seen;
    if (seen.indexOf(next) < seen.length - 1) return null;
  }
  return null;
}

/** One port serves one call at a time, and no caller that listens there. */
function sourcePortProblems(
  { from, to, port, protocol, sourcePort, repeat }: Flow,
  scenario: ScenarioFile,
  lab: Lab,
): string[] {
  if (sourcePort === undefined || protocol === 'icmp' || !lab.nodes[from]) return [];
  const listener = listenersOf(from, lab, scenario).find(
    (one) => one.port === sourcePort && (one.protocol === 'udp') === (protocol === 'udp'),
  );
  return [
    ...(repeat === 1
      ? []
      : [
          `cannot be combined with \`repeat: ${repeat}\`: each attempt needs its own port. A stream with \`sourcePort\` reuses one port`,
        ]),
    ...(listener === undefined
      ? []
      : [`${from} listens on ${listenerText(listener)}, so that port cannot be a source port`]),
    ...(from === to && port === sourcePort
      ? [`is also the destination port: a node that calls itself needs another source port`]
      : []),
  ];
}

/** What an L4 cannot call at a service of its own. */
function ownCallProblems(
  path: Path,
  { from, to, protocol }: Pick<Flow, 'from' | 'to' | 'protocol'>,
  scenario: ScenarioFile,
  lab: Lab,
): Problem[] {
  const { l4, ownCalls, proxyPorts } = scenario.services[to]!;
  if (!l4sOf(lab, { l4 }).includes(from)) return [];
  const at = [...path, 'to'];
  const vipOwner = scenario.nodes[from]?.vipOwner ?? lab.nodes[from]!.vipOwner;
  if (vipOwner === false && protocol !== 'icmp') {
    const message = `${from} has no route to the VIP of ${to}, because it does not own it (\`vipOwner: false\`)`;
    return [{ path: at, message }];
  }
  if (ownCalls !== true || proxyPorts === undefined) return [];
  const message = `the calls of ${from} would use \`proxyPorts\` of ${to} as source ports, and captures could not distinguish them`;
  return [{ path: at, message }];
}

/** What no run could carry in the time that a call has, or write down. */
function tooMuch({ bytes, exchanges, repeat }: Pick<Flow, 'bytes' | 'exchanges' | 'repeat'>): string[] {
  const atOnce = Math.min(repeat, ATTEMPTS_AT_ONCE);
  if (bytes * exchanges * atOnce > MOST_BYTES_AT_ONCE) {
    const times = [
      ...(exchanges > 1 ? [`${exchanges} exchanges`] : []),
      ...(atOnce > 1 ? [`${atOnce} attempts at once`] : []),
    ];
    const all = times.length === 0 ? '' : ` × ${times.join(' × ')} = ${inDigits(bytes * exchanges * atOnce)} bytes`;
    return [
      `${inDigits(bytes)} bytes${all}: captures can follow at most ${inDigits(MOST_BYTES_AT_ONCE)} in the ${CALL_DEADLINE_MS / 1000} s of a call`,
    ];
  }
  const all = bytes * exchanges * repeat;
  if (all <= MOST_BYTES_OF_A_FLOW) return [];
  return [
    `${inDigits(all)} bytes in ${repeat} attempts: results.json has room for the packets of at most ${inDigits(MOST_BYTES_OF_A_FLOW)}`,
  ];
}

function inDigits(number: number): string {
  return number.toLocaleString('en');
}

/** Extra payload that fits into the largest datagram (RFC 768 over IPv4) beside what identifies it. */
const MOST_IN_A_DATAGRAM = 65_000;

/** Of ping(8) by default: enough for its timestamp, and for what identifies the flow beside that. */
const LEAST_IN_AN_ECHO = 56;
/** RFC 792 over IPv4. */
const MOST_IN_AN_ECHO = 65_507;

/** Names in an expectation, of a flow or of a stream, that stand for nothing in the lab. */
export function strangersExpected(expect: SingleExpectation, lab: Lab): Impossible[] {
  return [
    ...placesExpected(expect).flatMap(({ at, node, causes }) =>
      placeProblem(node, causes, lab).map((message) => ({ at, message })),
    ),
    ...sourceProblems(expect, lab),
  ];
}

/** A node stands for its address, so it must have but one. */
function sourceProblems(expect: SingleExpectation, lab: Lab): Impossible[] {
  const seen = expect.outcome === 'works' ? expect.sourceSeen : undefined;
  const addresses = seen === undefined ? null : namedSources(lab, seen);
  if (seen === undefined || addresses === null || addresses.length === 1) return [];
  const message = lab.nodes[seen]
    ? `${seen} has ${addresses.length} addresses; name one: ${addresses.join(', ') || 'none'}`
    : noSuch('node', seen, [...new Set([...SOURCES, ...Object.keys(lab.nodes)])]);
  return [{ at: ['sourceSeen'], message }];
}

/**
 * What is wrong with a node, or an interface of one, that is expected as the place of one of these causes; of any cause where
 * none is named, and, where that is null, as a place that packets come by.
 */
export function placeProblem(place: string, causes: CauseCode[] | null, lab: Lab): string[] {
  const { node, iface } = placeIn(place);
  const found = lab.nodes[node];
  if (found === undefined) return [noSuch('node', node, Object.keys(lab.nodes))];
  if (iface === null) return [];
  // Packets are seen at the ports of a bridge.
  const ofBridge = causes !== null && typeof found.bridge === 'string' ? ['br0'] : [];
  const known = [...interfaceWords(lab, node), ...ofBridge];
  if (!known.includes(iface)) return [noSuch(`interface of ${node}`, iface, known)];
  const nowhere = causes?.filter((code) => !AT_INTERFACES.includes(code)) ?? [];
  if (nowhere.length === 0 || nowhere.length < causes!.length) return [];
  return [
    `${nowhere.join(', ')} has no interface: write \`at: ${node}\`; causes with an interface: ${AT_INTERFACES.join(', ')}`,
  ];
}

interface Impossible {
  at: Path;
  message: string;
}

/** What no run of the flow could fulfil. */
function impossible({ expect, repeat }: Flow): Impossible[] {
  const attempts = `with \`repeat: ${repeat}\` there ${repeat === 1 ? 'is 1 attempt' : `are ${repeat} attempts`}`;
  if (expect.outcome !== 'varies') return [...contradictions(expect), ...impossibleServers(expect, repeat, attempts)];
  const alternatives = placed(expect);
  const found = alternatives.flatMap(({ at, expect: one }, index) =>
    [...contradictions(one), ...ofSeveralAttempts(one), ...repeated(alternatives, index)].map((problem) => ({
      ...problem,
      at: [...at, ...problem.at],
    })),
  );
  if ('eachOf' in expect && alternatives.length > repeat)
    return [...found, { at: ['eachOf'], message: `${alternatives.length} outcomes cannot all occur: ${attempts}` }];
  return [...found, ...impossibleLosses(expect, repeat, attempts)];
}

/** So many attempts as cannot be lost, or must be, or any number of them. */
function impossibleLosses(
  expect: Extract<Expectation, { outcome: 'varies' }>,
  repeat: number,
  attempts: string,
): Impossible[] {
  if (expect.lost === undefined) return [];
  const { atLeast = 0, atMost = repeat } = expect.lost;
  const problem = (message: string): Impossible[] => [{ at: ['lost'], message }];
  if (atLeast > atMost) return problem('atLeast is more than atMost');
  if (atLeast > repeat) return problem(`${atLeast} attempts cannot be lost: ${attempts}`);
  const failing = placed(expect).filter((one) => one.expect.outcome === 'fails').length;
  const working = placed(expect).length - failing;
  if (atLeast === 0 && atMost >= repeat) return problem(`has no effect, because it allows any number: ${attempts}`);
  if (failing === 0) return problem('no outcome fails, so no attempt can be lost');
  if (working === 0) return problem(`no attempt gets an answer, because every outcome fails: ${attempts}`);
  if ('oneOf' in expect) return [];
  if (failing > atMost) return problem(`must be at least ${failing}: every failing outcome occurs`);
  return working > repeat - atLeast
    ? problem(`must be at most ${repeat - working}: every working outcome occurs, and ${attempts}`)
    : [];
}

function repeated(alternatives: { at: Path; expect: SingleExpectation }[], index: number): Impossible[] {
  const texts = alternatives.map(({ expect }) => JSON.stringify(expect));
  const first = texts.indexOf(texts[index]!);
  return first === index ? [] : [{ at: [], message: `is the same outcome as ${alternatives[first]!.at.join('.')}` }];
}

/** An alternative is held against each attempt alone. */
function ofSeveralAttempts(expect: SingleExpectation): Impossible[] {
  const servedBy = (expect.outcome === 'works' && expect.servedBy) || {};
  return (['eachOf', 'sameOf', 'counts', 'shares'] as const)
    .filter((kind) => kind in servedBy)
    .map((kind) => ({
      at: ['servedBy', kind],
      message: 'not allowed in an outcome, which describes a single attempt: name a node, or use `only`',
    }));
}

/** What no packet could fulfil. */
export function contradictions(expect: SingleExpectation): Impossible[] {
  const findings = expect.outcome === 'works' ? (expect.findings ?? []) : [];
  const twice = findings.flatMap((finding, index) =>
    findings.indexOf(finding) < index ? [{ at: ['findings', index], message: `${finding} is given twice` }] : [],
  );
  const crossed = (['request', 'reply'] as const).flatMap((direction) => {
    const { crosses = [], avoids = [], ttlAt = {} } = expect[direction] ?? {};
    return avoids.flatMap((node, index) => [
      ...(crosses.some((place) => place === node || placeIn(place).node === node)
        ? [{ at: [direction, 'avoids', index], message: `${node} cannot be both crossed and avoided` }]
        : []),
      ...(node in ttlAt
        ? [{ at: [direction, 'ttlAt', node], message: `${node} must be avoided, so no packet arrives there` }]
        : []),
    ]);
  });
  return [...twice, ...crossed];
}

function impossibleServers(expect: SingleExpectation, repeat: number, attempts: string): Impossible[] {
  const servedBy = expect.outcome === 'works' ? expect.servedBy : undefined;
  if (servedBy === undefined) return [];
  if ('eachOf' in servedBy && new Set(servedBy.eachOf).size > repeat) {
    const message = `${servedBy.eachOf.join(', ')} cannot all answer: ${attempts}`;
    return [{ at: ['servedBy', 'eachOf'], message }];
  }
  if ('shares' in servedBy) return impossibleShares(Object.values(servedBy.shares));
  if (!('counts' in servedBy)) return [];
  const sum = Object.values(servedBy.counts).reduce((total, times) => total + times, 0);
  if (sum === repeat) return [];
  return [{ at: ['servedBy', 'counts'], message: `the counts add up to ${sum}, but ${attempts}` }];
}

/** Everybody else answers nothing. */
export function impossibleShares(shares: Range[]): Impossible[] {
  const sum = (value: (share: Range) => number): number => shares.reduce((total, share) => total + value(share), 0);
  const [least, most] = [sum(({ atLeast = 0 }) => atLeast), sum(({ atMost = 100 }) => atMost)];
  const at = ['servedBy', 'shares'];
  if (shares.some(({ atLeast = 0, atMost = 100 }) => atLeast > atMost))
    return [{ at, message: 'atLeast is more than atMost' }];
  if (least > 100) return [{ at, message: `the shares add up to at least ${least} %` }];
  return most < 100 ? [{ at, message: `the shares add up to at most ${most} %` }] : [];
}

/** Nodes and interfaces that an expectation names, and where; with the causes of what fails there. */
function placesExpected(expect: SingleExpectation): { at: Path; node: string; causes: CauseCode[] | null }[] {
  const { request, reply } = expect;
  const seen = [
    ...listed(['request', 'crosses'], request?.crosses),
    ...listed(['request', 'avoids'], request?.avoids),
    ...keyed(['request', 'ttlAt'], request?.ttlAt),
    ...listed(['reply', 'crosses'], reply?.crosses),
    ...listed(['reply', 'avoids'], reply?.avoids),
    ...keyed(['reply', 'ttlAt'], reply?.ttlAt),
    // `self` is the caller, whoever that is.
    ...(expect.outcome === 'works' ? serversExpected(expect.servedBy).filter(({ node }) => node !== 'self') : []),
  ].map((place) => ({ ...place, causes: null }));
  if (expect.outcome === 'works' || expect.at === undefined) return seen;
  return [...seen, { at: ['at'], node: expect.at, causes: [expect.cause] }];
}
