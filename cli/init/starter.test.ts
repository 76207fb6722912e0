import { findLabs, loadLab } from '../../harness/project/scenario-files.ts';
import { here } from '../../harness/project/testing/here.ts';
import { wouldPass } from '../../harness/run/predicted-verdict.ts';
import { plansOf } from '../../harness/scenario/resolve/plans.ts';
import { readLab, readScenario } from '../../harness/scenario/read/read.ts';
import type { Lab } from '../../harness/scenario/schema.ts';
import { parseYaml } from '../../harness/scenario/yaml-file.ts';
import { MODES } from '../../harness/terms/mode.ts';
import type { Mode, Plan } from '../../harness/terms/plan.ts';
import { starter, workingModes } from './starter.ts';
import { starterText } from './starter-text.ts';

const labs = findLabs(here, []).map((file) => loadLab(here, file));
const modes = Object.keys(MODES) as Mode[];
const SCHEMA = '../node_modules/l4lab/schema/scenario.schema.json';

/** Servers in another subnet than the load balancer: DSR does not reach them, and their answers go around it. */
const ACROSS_A_ROUTER = ['cross-subnet', 'one-arm-on-l3', 'tunnel-to-servers'];
/** The clients' one address is a neighbour of the servers, whose answers go around the load balancer. */
const HIDDEN_BESIDE_THE_SERVERS = ['clients-behind-nat'];
/** L4 and servers are in different subnets, with another L4 between them, whose own address a VIP's packet cannot come from. */
const BEHIND_ANOTHER_L4 = ['firewalls'];
/** Servers of two sites, and one that answers DNS: no service has all of them. */
const SEVERAL_SITES = ['two-sites'];
const cannot = (lab: string, mode: Mode): boolean =>
  SEVERAL_SITES.includes(lab) ||
  (BEHIND_ANOTHER_L4.includes(lab) && (mode === 'dsr' || mode === 'l3dsr' || mode === 'ipip')) ||
  (ACROSS_A_ROUTER.includes(lab) && (mode === 'dnat' || mode === 'dsr')) ||
  (HIDDEN_BESIDE_THE_SERVERS.includes(lab) && mode === 'dnat');

function planOf(name: string, lab: Lab, text: string): Plan {
  const yaml = parseYaml('scenario.yaml', text);
  const scenario = readScenario('scenario', name, lab, yaml);
  return plansOf({ scenario, yaml }, { variants: [], flows: [] })[0]!.plan;
}

const all = labs.flatMap(({ name, lab }) => modes.map((mode) => ({ name, lab, mode })));
const possible = all.filter(({ name, mode }) => !cannot(name, mode));

test.each(possible)(
  '$name in mode $mode: a valid scenario that passes, and serves every client',
  ({ name, lab, mode }) => {
    const text = starterText(starter(name, lab, mode), SCHEMA);
    const plan = planOf(name, lab, text);
    expect(plan.services.map((service) => service.mode)).toEqual([mode]);
    expect(plan.flows.filter((flow) => !wouldPass(flow, plan)).map((flow) => flow.name)).toEqual([]);
    const clients = Object.keys(lab.nodes).filter((node) => lab.nodes[node]!.role === 'client');
    const ofClients = plan.flows.filter(({ from }) => clients.includes(from));
    expect(ofClients.map(({ expect: { outcome } }) => outcome)).toEqual(clients.map(() => 'works'));
    expect(plan.flows.length).toBeGreaterThan(ofClients.length);
    expect(text.split('\n')[0]).toBe(`# yaml-language-server: $schema=${SCHEMA}`);
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
  },
);

test('a mode in which no client can be served is refused with the reason and alternatives', () => {
  const refused = all.filter(({ name, mode }) => cannot(name, mode));
  const reasons = { dnat: 'reply-not-from-vip', dsr: 'server-not-adjacent' } as Record<Mode, string>;
  for (const { name, lab, mode } of refused) {
    const able = modes.filter((other) => !cannot(name, other));
    const instead = able.length === 0 ? 'no other mode can either' : `modes that can: ${able.join(', ')}`;
    const reason = SEVERAL_SITES.includes(name) ? '' : (reasons[mode] ?? '');
    expect(() => starter(name, lab, mode)).toThrow(
      new RegExp(`^mode ${mode} cannot serve the clients of lab ${name}: .*${reason}.*\n${instead}; `),
    );
    expect(workingModes(name, lab)).toEqual(able);
  }
});

const labOf = (text: string): Lab => readLab(parseYaml('lab.yaml', text));

test('missing parts of a lab are reported', () => {
  const lab = labOf(
    'title: T\nnodes: { client: { role: client }, s1: { role: server } }\nlinks: [{ client: 192.0.2.1/24, s1: 192.0.2.2/24 }]\n',
  );
  expect(() => starter('mine', lab, 'dsr')).toThrow(/it has no node with role l4\nno other mode can either; /);
});

test('a lab of one family and several clients gets a VIP of that family, and a flow from each client', () => {
  const lab = labOf(`title: Six
nodes: { c1: { role: client }, c2: { role: client }, l2: { role: l2 }, lb: { role: l4 }, s1: { role: server } }
links:
  - { c1: '2001:db8::10/64', l2: ~ }
  - { c2: '2001:db8::11/64', l2: ~ }
  - { lb: '2001:db8::2/64', l2: ~ }
  - { s1: '2001:db8::21/64', l2: ~ }
`);
  for (const mode of workingModes('six', lab)) {
    const plan = planOf('six', lab, starterText(starter('six', lab, mode), SCHEMA));
    expect(plan.services[0]!.vip).toBe('2001:db8::3');
    expect(plan.flows.map(({ name }) => name)).toEqual(['c1-to-vip', 'c2-to-vip', 's1-to-vip']);
    expect(plan.flows.every((flow) => wouldPass(flow, plan))).toBe(true);
  }
  expect(workingModes('six', lab)).toContain('dsr');
});

test('the text for beginners is as expected', () => {
  const { lab } = labs.find(({ name }) => name === 'one-arm')!;
  expect(starterText(starter('one-arm', lab, 'dsr'), SCHEMA)).toBe(`# yaml-language-server: $schema=${SCHEMA}
# Direct server return: the load balancer changes only the destination MAC. The packet still carries the VIP
# when it reaches the server, and the server replies to the caller directly.

title: One-arm, DSR
lab: one-arm # labs/NAME.yaml here, or a lab that comes with l4lab: \`npx l4lab list --labs\`

# Settings of every server, in addition to those of the lab.
servers:
  loopback: [web] # the servers need the VIP of \`web\`, because packets still carry it
  arpIgnore: 1 # do not answer ARP for it: only the load balancer does
  arpAnnounce: 2 # do not use it as ARP sender

# What the load balancer offers, and which servers answer.
services:
  web:
    vip: 203.0.113.3 # an unused address
    port: 80
    mode: dsr
    pool: [s1, s2, b1]

# Flows and their expected outcome, here as predicted by the model; \`run\` checks them with real packets.
flows:
  client-to-vip:
    from: client
    to: web
    repeat: 3
    expect:
      outcome: works
      servedBy: { eachOf: [s1, s2, b1] }
      sourceSeen: client
      reply: { avoids: [l4] }
  s1-to-vip:
    from: s1
    to: web
    # The caller has the VIP on its own loopback and answered itself; no packet left the node.
    expect:
      outcome: works
      servedBy: self
      findings: [answered-by-itself]
`);
});
