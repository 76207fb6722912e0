import { alternativesOf } from '../../terms/expectation.ts';
import { isV6 } from '../address.ts';
import type { FlowPlan, NodePlan, Plan, SingleExpectation, StreamExpectation } from '../../terms/plan.ts';
import type { Scenario } from '../read/read.ts';
import type { Variant } from '../read/read-variant.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import { labWithProfiles } from '../profile-settings.ts';
import { withNeighbours } from './resolve-neighbours.ts';
import { resolvePairs, resolveTimeline } from './resolve-timeline.ts';
import { stepped } from '../step-changes.ts';
import { portsIn, wiresOf } from '../vlans.ts';
import { namedSources, nodeAddresses } from '../lab-queries.ts';
import { type Service, resolveService } from './resolve-service.ts';
import { settingsOf } from '../node-layers.ts';
import { resolveNode, balancerOf } from './resolve-node.ts';
import { type Called, type ResolvedCall, byName, resolveCall } from './resolve-call.ts';

/** Resolves a variant of a scenario to addresses, MACs, routes and settings. */
export function resolvePlan(scenario: Scenario, variant: Variant): Plan {
  const body = variant.scenario;
  const lab = labWithProfiles(scenario.lab, body);
  const names = Object.keys(lab.nodes);
  const ipv6 = names.some((name) => nodeAddresses(lab, name).some(isV6));
  const bodies = [body, ...stepped(body).after.map((step) => step.scenario)];
  const resolve = (of: ScenarioFile): Pick<Plan, 'nodes' | 'services'> => {
    const everyServer = withPoolsOf(of, bodies);
    const lab = labWithProfiles(scenario.lab, everyServer);
    return {
      nodes: withNeighbours(
        names.map((name) => {
          const node = resolveNode(name, lab, everyServer, ipv6);
          return node.balancer === null ? node : { ...node, balancer: balancerOf(name, lab, of) };
        }),
        (name) => settingsOf(name, lab, of),
        of.services,
      ),
      services: Object.keys(of.services).map((name) => resolveService(name, lab, of)),
    };
  };
  const { nodes, services } = resolve(body);
  const pairs = resolvePairs(body, { nodes, services });
  const call = (flow: Called): ResolvedCall => resolveCall(flow, nodes, body);
  const expected = (expect: StreamExpectation): StreamExpectation => withSource(expect, lab);
  const timeline = resolveTimeline(body, { resolve, call, expected, locate: (path) => variant.locate(path) });
  return {
    lab: scenario.labName,
    scenario: scenario.name,
    variant: variant.name,
    nodes,
    links: lab.links.flatMap((link) => wiresOf(lab, link, portsIn(lab, body)).map(({ plan }) => plan)),
    services,
    flows: Object.keys(body.flows).map((name) => resolveFlow(name, nodes, variant, lab)),
    neighbours: body.neighbours,
    ...(pairs.length === 0 ? {} : { pairs }),
    ...(timeline === undefined ? {} : { timeline }),
  };
}

/**
 * A scenario whose pools have all their servers of all steps: a server that is not (or no longer) in a pool still
 * listens and has the VIP.
 */
function withPoolsOf(body: ScenarioFile, bodies: ScenarioFile[]): ScenarioFile {
  const services = Object.entries(body.services).map(([name, service]) => {
    const pool = bodies.flatMap((one) => one.services[name]?.pool ?? []);
    const first = new Map(pool.toReversed().map((server) => [server.node, server]));
    return [name, { ...service, pool: [...first.values()] }] satisfies [string, Service];
  });
  return { ...body, services: Object.fromEntries(services) };
}

function resolveFlow(name: string, nodes: NodePlan[], variant: Variant, lab: Lab): FlowPlan {
  const body = variant.scenario;
  const flow = body.flows[name]!;
  return {
    name,
    from: flow.from,
    ...resolveCall(flow, nodes, body),
    protocol: flow.protocol,
    repeat: flow.repeat,
    ...(flow.sourcePort === undefined ? {} : { sourcePort: flow.sourcePort }),
    bytes: flow.bytes,
    ...(flow.requestBytes === undefined ? {} : { requestBytes: flow.requestBytes }),
    ...(flow.replyBytes === undefined ? {} : { replyBytes: flow.replyBytes }),
    exchanges: flow.exchanges,
    ...(flow.dontFragment ? { dontFragment: true as const } : {}),
    ...(flow.outOfWindow === undefined ? {} : { outOfWindow: flow.outOfWindow }),
    ...(flow.after === undefined ? {} : { after: flow.after }),
    ...byName(flow, nodes, body),
    expect: withSource(flow.expect, lab),
    at: variant.locate(['flows', name]),
  };
}

/** An expectation with a node name in `sourceSeen` replaced by its address. */
function withSource<T extends StreamExpectation>(expect: T, lab: Lab): T;

function withSource(expect: StreamExpectation, lab: Lab): StreamExpectation {
  if (expect.outcome === 'connections') return expect;
  const resolved = alternativesOf(expect).map((one) => withSourceOfOne(one, lab));
  if (expect.outcome === 'interrupted') return { ...expect, then: resolved[0]! };
  if (expect.outcome !== 'varies') return resolved[0]!;
  return 'oneOf' in expect ? { ...expect, oneOf: resolved } : { ...expect, eachOf: resolved };
}

function withSourceOfOne(expect: SingleExpectation, lab: Lab): SingleExpectation {
  if (expect.outcome !== 'works' || expect.sourceSeen === undefined) return expect;
  const [address] = namedSources(lab, expect.sourceSeen) ?? [];
  return address === undefined ? expect : { ...expect, sourceSeen: address };
}
