import { MODES } from '../../terms/mode.ts';
import type { ServedBy, SingleExpectation } from '../../terms/plan.ts';
import { host } from '../address.ts';
import { addressesInScenario } from './check-messages.ts';
import { balancersOf, serversOf } from '../lab-queries.ts';
import { placed, serversExpected } from '../expected.ts';
import type { Problem } from '../problem.ts';
import type { Lab, NodeSettings, ScenarioFile } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

type Works = SingleExpectation & { outcome: 'works' };

/**
 * Expectations that the services could never meet. Separate from the other checks: a candidate change of a scenario is
 * not checked against the previous expectations.
 */
export function checkExpectations(scenario: ScenarioFile, lab: Lab): Problem[] {
  return Object.entries(scenario.flows).flatMap(([name, flow]) => {
    const { from, to } = flow;
    if (!scenario.services[to] && !lab.nodes[to]) return [];
    const answering = nodesThatMayAnswer(to, scenario, lab);
    const dependsOn = [['flows', name], ['services'], ['servers'], ['nodes']];
    return placed(flow.expect).flatMap(({ at, expect }) =>
      expect.outcome !== 'works'
        ? []
        : [
            ...strangers(expect, { to, from, answering, lab }),
            ...sourceNobodyHas(expect, to, scenario),
            ...avoidedCaller(expect, from),
          ].map(({ path, message }) => ({ path: ['flows', name, 'expect', ...at, ...path], message, dependsOn })),
    );
  });
}

interface Found {
  path: Path;
  message: string;
}

interface Called {
  to: string;
  from: string;
  answering: Set<string>;
  lab: Lab;
}

/** If not all have to answer, one possible server is enough. */
function strangers({ servedBy }: Works, { to, from, answering, lab }: Called): Found[] {
  const expected = serversExpected(servedBy);
  const wrong = expected.filter(({ node }) => node !== 'self' && lab.nodes[node] && !answering.has(node));
  if (wrong.length < expected.length && !needsAll(servedBy)) return [];
  const known = [...answering].filter((node) => node !== from);
  return wrong.map(({ at, node }) => ({
    path: at,
    message: lab.nodes[to]
      ? `${node} cannot answer a call to the node ${to}`
      : `${node} cannot answer: it is not in the pool of ${to} and does not hold its VIP; possible: ${known.join(', ')}`,
  }));
}

function needsAll(servedBy: ServedBy | undefined): boolean {
  return servedBy !== undefined && ('eachOf' in servedBy || 'counts' in servedBy || 'shares' in servedBy);
}

function sourceNobodyHas({ sourceSeen }: Works, to: string, { services }: ScenarioFile): Found[] {
  const service = services[to];
  const path = ['sourceSeen'];
  if (sourceSeen === 'proxy-ip' && !(service && MODES[service.mode].hidesSource)) {
    const why = service ? `${to} is in mode ${service.mode}, which has no proxy IP` : `${to} is a node`;
    return [{ path, message: `cannot be the proxy IP: ${why}` }];
  }
  return sourceSeen === 'l4' && !service
    ? [{ path, message: `${to} is a node, not a service: no L4 is in front of it` }]
    : [];
}

/** A caller that answers itself sends nothing. */
function avoidedCaller(expect: Works, from: string): Found[] {
  const servers = serversExpected(expect.servedBy);
  if (servers.some(({ node }) => node === 'self' || node === from)) return [];
  if (expect.findings?.includes('answered-by-itself')) return [];
  return (['request', 'reply'] as const).flatMap((direction) =>
    (expect[direction]?.avoids ?? []).flatMap((node, index) =>
      node === from
        ? [{ path: [direction, 'avoids', index], message: `${from} is the caller; its own packets cannot avoid it` }]
        : [],
    ),
  );
}

/**
 * Nodes that may answer a call: the called node, or servers and L4s of the service, and owners of the called address.
 */
function nodesThatMayAnswer(to: string, scenario: ScenarioFile, lab: Lab): Set<string> {
  const called = scenario.services[to];
  const addresses = called ? [called.vip] : addressesInScenario(scenario, lab, to).map(host);
  const services = Object.entries(scenario.services).filter(([, { vip }]) => addresses.includes(vip));
  const owned = [...addresses, ...services.map(([name]) => name)];
  const holds = ({ loopback }: NodeSettings): boolean => loopback?.some((entry) => owned.includes(entry)) ?? false;
  const pools = called ? [called.pool] : services.map(([, { pool }]) => pool);
  const everyServer = scenario.servers.loopback?.some((entry) => addresses.includes(entry)) ?? false;
  return new Set([
    ...(called ? balancersOf(lab) : [to]),
    ...pools.flat().map(({ node }) => node),
    // Services in `servers` apply only to their own pool.
    ...(holds(scenario.servers) ? services.flatMap(([, { pool }]) => pool.map(({ node }) => node)) : []),
    ...(everyServer ? serversOf(lab) : []),
    ...Object.keys(lab.nodes).filter((name) => holds({ ...lab.nodes[name], ...scenario.nodes[name] })),
  ]);
}
