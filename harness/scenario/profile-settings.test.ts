import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { PROFILE_NAMES } from '../terms/profile-name.ts';
import type { NodePlan, Plan } from '../terms/plan.ts';
import { planAt } from './plan-at.ts';
import { PROFILES } from './profiles/profiles.ts';
import { readLab, readScenario } from './read/read.ts';
import { resolvePlan } from './resolve/resolve.ts';
import { parseYaml } from './yaml-file.ts';

const ONE_ARM = readFileSync('labs/one-arm.yaml', 'utf8');
const FLOWS = { direct: { from: 'client', to: 's1', port: 80, expect: 'works' } };
const WEB = { vip: '203.0.113.80', port: 80, pool: ['s1'] };

/** @returns one for each variant; the lab's own gateway of servers is l3 */
function plansOf(parts: Record<string, unknown>, lab = ONE_ARM): Plan[] {
  const yaml = parseYaml('scenario.yaml', stringify({ title: 't', lab: 'one-arm', flows: FLOWS, ...parts }));
  const scenario = readScenario('s', 'one-arm', readLab(parseYaml('lab.yaml', lab)), yaml);
  return scenario.variants.map((variant) => resolvePlan(scenario, variant));
}

function planOf(parts: Record<string, unknown>, lab?: string): Plan {
  return plansOf(parts, lab)[0]!;
}

function node({ nodes }: Plan, name: string): NodePlan {
  return nodes.find((one) => one.name === name)!;
}

const gatewayOf = (plan: Plan, name: string) => node(plan, name).routes.find(({ to }) => to === 'default')?.via;
const balanced = (plan: Plan) => node(plan, 'l4').balancer!.config.services[0]!;
const quiet = ({ sysctls }: NodePlan) => sysctls['net/ipv4/conf/all/arp_ignore'];

test('a profile sets fields of its service, its L4 and its servers', () => {
  const plan = planOf({ services: { web: { ...WEB, like: 'aws-nlb' } } });
  expect(plan.services[0]).toMatchObject({ mode: 'dnat', like: 'aws-nlb' });
  expect(balanced(plan)).toMatchObject({ mode: 'dnat', scheduler: 'maglev' });
  expect(balanced(plan)).not.toHaveProperty('like');
  expect(node(plan, 'l4')).toMatchObject({ idleTimeoutMs: 350_000, onIdle: 'reset' });
  expect([gatewayOf(plan, 's1'), gatewayOf(plan, 's2')]).toEqual(['203.0.113.2', '203.0.113.1']);
});

test("only servers of the pool hold the VIP, in addition to the lab's addresses, and answer no ARP for it", () => {
  const lab = ONE_ARM.replace('s1: { role: server,', 's1: { role: server, loopback: [192.0.2.1],');
  const plan = planOf({ services: { web: { ...WEB, like: 'ipvs-dr' } } }, lab);
  expect(node(plan, 's1').loopback).toEqual(['192.0.2.1/32', '203.0.113.80/32']);
  expect([quiet(node(plan, 's1')), quiet(node(plan, 's2')), node(plan, 's2').loopback]).toEqual(['1', '0', []]);
});

test('an L4 in the pool keeps its own settings, listens like a server, and a step may wait for it', () => {
  const plan = planOf({
    services: { web: { ...WEB, pool: ['s1', { node: 'l4', port: 8080 }], like: 'ipvs-nat', check: { type: 'tcp' } } },
    streams: { calls: { from: 'client', to: 'web', every: '100ms' } },
    steps: {
      stops: {
        do: { change: { nodes: { l4: { listeners: [] } } } },
        until: { server: 'l4', is: 'down' },
        for: '1s',
        expect: { calls: 'works' },
      },
    },
  });
  expect([gatewayOf(plan, 's1'), gatewayOf(plan, 'l4')]).toEqual(['203.0.113.2', '203.0.113.1']);
  expect(plan.services[0]!.pool[1]).toEqual({ node: 'l4', address: '203.0.113.2', port: 8080 });
  expect(node(plan, 'l4').listeners).toEqual([{ protocol: 'tcp', port: 8080 }]);
});

test('settings of the scenario override the profile: of the service, all servers, one node', () => {
  const services = { web: { ...WEB, pool: ['s1', 's2'], like: 'ipvs-nat', scheduler: 'random' } };
  const nodes = { l4: { idleTimeoutMs: 1000 }, s2: { gateway: 'none' } };
  const plan = planOf({ services, servers: { gateway: 'l3' }, nodes });
  expect(balanced(plan).scheduler).toBe('random');
  expect(node(plan, 'l4')).toMatchObject({ idleTimeoutMs: 1000, onIdle: 'reset' });
  expect([gatewayOf(plan, 's1'), gatewayOf(plan, 's2')]).toEqual(['203.0.113.1', undefined]);
});

test('rules for one protocol, or for checked services, apply only to those', () => {
  const udp = planOf({ services: { web: { ...WEB, protocol: 'udp', like: 'aws-nlb' } } });
  expect(node(udp, 'l4')).toMatchObject({ idleTimeoutMs: 120_000, onIdle: 'silent' });
  expect(balanced(udp).whenNoneUp).toBeUndefined();
  const checked = planOf({ services: { web: { ...WEB, like: 'azure-lb', check: { type: 'tcp' } } } });
  expect(balanced(checked).check.source).toBe('168.63.129.16');
  expect(node(checked, 'l4').loopback).toEqual(['168.63.129.16/32']);
  const bare = planOf({ services: { web: { ...WEB, like: 'azure-lb' } } });
  expect([balanced(bare).check.type, node(bare, 'l4').loopback]).toEqual(['none', []]);
  const own = { ...WEB, like: 'azure-lb', check: { type: 'tcp', source: '203.0.113.2' } };
  expect(balanced(planOf({ services: { web: own } })).check.source).toBe('203.0.113.2');
});

test('a variant may be like another product, or like none', () => {
  const services = { web: { ...WEB, like: 'f5-automap' } };
  const change = (web: unknown) => ({ change: { services: { web } } });
  const variants = {
    written: {},
    npath: change({ like: 'f5-npath' }),
    none: change({ like: null, mode: 'dnat' }),
    added: { change: { services: { api: { ...WEB, vip: '203.0.113.81', like: 'f5-automap' } } } },
  };
  const plans = plansOf({ services, variants });
  expect(plans.map((plan) => plan.services.map(({ mode }) => mode))).toEqual([
    ['proxy'],
    ['dsr'],
    ['dnat'],
    ['proxy', 'proxy'],
  ]);
  expect(plans.map((plan) => node(plan, 's1').loopback.length)).toEqual([0, 1, 0, 0]);
  expect(plans.map((plan) => node(plan, 'l4').idleTimeoutMs)).toEqual([300_000, 300_000, undefined, 300_000]);
});

test('a server added by a step is like the others; changes by steps win', () => {
  const plan = planOf({
    services: { web: { ...WEB, like: 'ipvs-dr' } },
    streams: { calls: { from: 'client', to: 'web', every: '100ms' } },
    steps: {
      more: { do: { addServer: 's2' }, for: '1s', expect: { calls: 'works' } },
      loud: { do: { change: { servers: { arpIgnore: 0 } } }, for: '1s', expect: { calls: 'works' } },
    },
  });
  const at = (step: number) => ['s1', 's2'].map((name) => quiet(node(planAt(plan, step), name)));
  expect(node(planAt(plan, 0), 's2').loopback).toEqual(['203.0.113.80/32']);
  expect([at(0), at(1)]).toEqual([
    ['1', '1'],
    ['0', '0'],
  ]);
});

test("a service that is checked from a step on gets the profile's settings for checks", () => {
  const plan = planOf({
    services: { web: { ...WEB, like: 'azure-lb' }, api: { ...WEB, port: 8080, like: 'aws-nlb' } },
    nodes: { l4: { idleTimeoutMs: 1000, onIdle: 'reset' } },
    streams: { calls: { from: 'client', to: 'web', every: '100ms' } },
    steps: {
      checked: {
        do: { change: { services: { web: { check: { type: 'tcp' } }, api: { check: { type: 'tcp' } } } } },
        for: '1s',
        expect: { calls: 'works' },
      },
    },
  });
  const [web, api] = node(planAt(plan, 0), 'l4').balancer!.config.services;
  expect([web!.check.source, api!.whenNoneUp]).toEqual(['168.63.129.16', 'last-resort']);
});

test.each(PROFILE_NAMES)('%s: has a mode, and a document for each rule', (name) => {
  const { rules, siblings = [] } = PROFILES[name];
  expect(rules.flatMap(({ sets }) => sets?.service?.mode ?? [])).toHaveLength(1);
  for (const { document } of rules) expect(document.url).toMatch(/^https?:\/\//);
  expect(siblings).not.toContain(name);
  const plan = planOf({ services: { web: { ...WEB, like: name } } });
  expect(plan.services[0]!.like).toBe(name);
});
