import fc from 'fast-check';
import type { NodePlan, Plan, ActionPlan, StepPlan } from '../../terms/plan.ts';
import type { StreamPrediction } from '../../terms/stream-prediction.ts';
import { predictTimeline } from './timeline.ts';
import { PIP, VIP_A } from '../testing/labs.ts';
import { pairLab, withHeartbeat } from '../testing/pair-lab.ts';

const kill = (node: string): ActionPlan => ({ do: 'kill', node });
const start = (node: string): ActionPlan => ({ do: 'start', node });
const on = (
  action: 'pause' | 'resume' | 'killLb' | 'startLb' | 'restartLb' | 'reloadLb',
  node: string,
): ActionPlan => ({
  do: action,
  node,
});
const CHECK = { type: 'tcp' as const, intervalMs: 100, timeoutMs: 50, fall: 2 };
const CALLS = { name: 'calls' };
const SESSION = { name: 'session', connection: 'kept' as const, connections: 10 };
const DNAT = { mode: 'dnat' as const };
const PROXY = { mode: 'proxy' as const, proxyIp: PIP };
/** Replies of dnat come back by whoever is master. */
const BEHIND_VIP = Object.fromEntries(['s1', 's2', 's3'].map((name) => [name, { gateway: VIP_A }]));

/** Prediction of a stream in each step: settled calls, earlier failures, and the fate of connections. */
function reported(plan: Plan, name = plan.timeline!.streams[0]!.name): string[] {
  const index = plan.timeline!.streams.findIndex((stream) => stream.name === name);
  return predictTimeline(plan).map((step) => inWords(step[index]!));
}

function inWords({ settled, outage, connections }: StreamPrediction): string {
  const places = (all: { code: string; node: string }[]): string =>
    all.map(({ code, node }) => `${code} ${node}`).join(', ');
  const ways = settled?.map(({ cause }) => (cause === null ? 'works' : places([cause]))) ?? ['unknown'];
  return [
    [...new Set(ways)].sort().join(' or '),
    ...(outage === null ? [] : [`before: ${places(outage.causes)}`]),
    ...(connections === null ? [] : [connections.survive]),
  ].join('; ');
}

function l4s(plan: Plan, step: number): (string | null)[] {
  return [...new Set(predictTimeline(plan)[step]![0]!.settled!.map(({ l4 }) => l4))];
}

describe('a wire between switches is cut', () => {
  const cut: ActionPlan = { do: 'linkDown', link: ['l2', 'sw'] };
  const lab = (service: object, ...steps: ActionPlan[][]): Plan =>
    pairLab({ service, nodes: service === DNAT ? BEHIND_VIP : {}, beyond: ['s2', 's3'], steps });

  it.each([
    ['dsr', {}],
    ['dnat', DNAT],
  ])('%s: the switch at its near end has no port for frames to nodes beyond', (_, service) => {
    expect(reported(lab(service, [], [cut]))[1]).toMatch(/^no-neighbour l2 or works/);
    expect(reported(lab(service, [], [kill('sw')]))[1]).toMatch(/^no-neighbour l2 or works/);
  });

  it('checks detect it', () => {
    expect(reported(lab({ check: CHECK }, [], [cut]))[1]).toMatch(/^works; before: no-neighbour l2/);
  });

  it('names the switch where the path ends, even if it is not the first', () => {
    const atServer: ActionPlan = { do: 'linkDown', link: ['sw', 's2'] };
    expect(reported(lab({}, [], [atServer]))[1]).toMatch(/^no-neighbour sw or works/);
  });
});

describe('a master dies and returns', () => {
  const steps = [[], [kill('l4a')], [start('l4a')]];
  const lab = (more: Partial<Parameters<typeof pairLab>[0]> = {}): Plan =>
    pairLab({ steps, streams: [CALLS, SESSION], ...more });

  it.each([
    ['dsr', {}, {}],
    ['dnat', DNAT, BEHIND_VIP],
  ])('%s: calls fail at the sender until the new master has announced itself', (_, service, nodes) => {
    const plan = lab({ service: { ...service, scheduler: 'maglev' }, nodes });
    expect(reported(plan).slice(0, 2)).toEqual(['works', expect.stringMatching(/^works; before: stale-neighbour l3/)]);
    expect([0, 1, 2].map((step) => l4s(plan, step))).toEqual([['l4a'], ['l4b'], ['l4a']]);
  });

  it('a call in flight may reach another server, which does not know it', () => {
    const [, died, back] = predictTimeline(lab());
    const unknown = ['s1', 's2', 's3'].map((node) => ({ code: 'connection-unknown', node }));
    expect(died![0]!.outage!.causes).toEqual(expect.arrayContaining(unknown));
    expect(back![0]!.outage).toMatchObject({ atMostMs: 2 * 20, bounds: [] });
  });

  it('while addresses are announced one by one, a reply may reach a node that does not know the call', () => {
    const proxy = { ...PROXY, scheduler: 'maglev' as const };
    const [, died, back] = predictTimeline(lab({ service: proxy }));
    expect(died![0]!.outage!.causes).toEqual(
      expect.arrayContaining(['s1', 's2', 's3'].map((node) => ({ code: 'stale-neighbour', node }))),
    );
    expect(back!.map(({ outage }) => outage!.causes[0])).toEqual([
      { code: 'connection-unknown', node: 'l4a' },
      { code: 'connection-unknown', node: 'l4a' },
    ]);
    expect(back![1]!.connections!.survive).toBe('some');
    expect(reported(lab({ service: proxy, pair: { sync: 'conntrackd' } }), 'session')[2]).toBe('works; all');
  });

  it('a load balancer without a link knows immediately that servers are unreachable, without a check', () => {
    const plan = lab({ service: { check: CHECK }, steps: [[], [{ do: 'linkDown', link: ['l2', 'l4a'] }]] });
    expect(predictTimeline(plan)[1]![0]!.outage!.bounds.map(({ code }) => code)).toEqual(['master-down']);
  });

  it('in a step too short for TCP to retransmit after the outage, connections may still wait at its end', () => {
    const short = (step: object): string[] =>
      reported(
        lab({ service: { scheduler: 'maglev' }, steps: [[], { actions: [kill('l4a')], ...step }, []] }),
        'session',
      );
    expect(short({ forMs: 1500 })).toEqual(['works; all', 'works; before: stale-neighbour l3; some', 'works; all']);
    expect(short({ forMs: 1700 })[1]).toBe('works; before: stale-neighbour l3; all');
    expect(short({ forMs: 1000, until: { master: 'l4b', withinMs: 3000 } })[1]).toBe(
      'works; before: stale-neighbour l3; all',
    );
  });

  it('a connection that waited a whole step may wait as long in the next one', () => {
    const plan = (forMs: number): Plan =>
      lab({
        pair: { gratuitousArp: false },
        service: { scheduler: 'maglev' },
        steps: [[], [kill('l4a')], { actions: [start('l4a')], forMs }],
      });
    expect(reported(plan(3000), 'session')[2]).toBe('stale-neighbour l3 or works; some');
    expect(reported(plan(6000), 'session')[2]).toBe('works; before: stale-neighbour l3; all');
  });

  it('the outage lasts until a backup misses advertisements, plus a call or two', () => {
    const [, [calls, session]] = predictTimeline(lab()) as [unknown, [StreamPrediction, StreamPrediction]];
    const ms = Math.ceil(3 * 200 + ((256 - 100) * 200) / 256);
    expect(calls.outage).toMatchObject({
      atMostMs: ms + 2 * 20,
      bounds: [{ code: 'master-down', params: { pair: 'edge', advertMs: 200, ms } }],
    });
    // TCP waits twice as long each time.
    expect(session.outage!.atMostMs).toBeGreaterThan(2 * ms);
  });

  it('without gratuitous ARP neighbours keep sending to it, and work again only after its return', () => {
    expect(reported(lab({ pair: { gratuitousArp: false } }))).toEqual([
      'works',
      'stale-neighbour l3',
      'works; before: stale-neighbour l3',
    ]);
  });

  it('without gratuitous ARP, but with an age shorter than the step, until the neighbour is resolved again', () => {
    const plan = lab({
      pair: { gratuitousArp: false },
      ages: { l3: { neighbourAgeMs: 500 } },
      steps: [[], { actions: [kill('l4a')], forMs: 6000 }],
    });
    const { settled, outage } = predictTimeline(plan)[1]![0]!;
    expect(settled!.map(({ outcome }) => outcome)).toEqual(['works', 'works', 'works']);
    expect(outage).toMatchObject({
      atMostMs: 4000 + 2 * 20,
      bounds: [{ code: 'master-down' }, { code: 'neighbour-ages' }],
    });
  });

  it('if an entry may or may not age within the step, both outcomes are possible', () => {
    const plan = lab({
      pair: { gratuitousArp: false },
      ages: { l3: { neighbourAgeMs: 500 } },
      steps: [[], { actions: [kill('l4a')], forMs: 3000 }],
    });
    expect(reported(plan)[1]).toMatch(/^stale-neighbour l3 or works/);
  });

  it.each([
    ['dsr, round robin', {}, {}, {}, 'some'],
    ['dsr, maglev', { scheduler: 'maglev' as const }, {}, {}, 'all'],
    ['dnat, nothing shared', DNAT, BEHIND_VIP, {}, 'some'],
    ['dnat, connections shared', DNAT, BEHIND_VIP, { sync: 'conntrackd' as const }, 'all'],
    ['proxy, nothing shared', PROXY, {}, {}, 'some'],
    ['proxy, connections shared', PROXY, {}, { sync: 'conntrackd' as const }, 'all'],
  ])('connections: %s', (_, service, nodes, pair, survive) => {
    const predicted = predictTimeline(lab({ service, nodes, pair }));
    expect(predicted.map(([, session]) => session!.connections!.survive)).toEqual(['all', survive, survive]);
    const { connections, unknown } = predicted[1]![1]!;
    expect(connections!.cause?.code ?? null).toBe(survive === 'all' ? null : 'connection-unknown');
    expect(unknown.map(({ code }) => code)).toEqual(survive === 'all' ? [] : ['pick-unknown']);
  });

  it('a connection that could be picked up ends if a reply reaches a node that did not see the request', () => {
    const [, died] = predictTimeline(lab({ service: { ...DNAT, pool: ['s1'] }, nodes: BEHIND_VIP }));
    expect(died![1]).toMatchObject({
      connections: { survive: 'some', cause: { code: 'connection-unknown', node: 'l4b' } },
      unknown: [],
    });
  });

  it('the former master may have yielded before servers learn their new gateway', () => {
    const addresses = [VIP_A, PIP].map((address) => ({ address, ifaces: { l4a: 'l2', l4b: 'l2' } }));
    const nodes = Object.fromEntries(['s1', 's2', 's3'].map((name) => [name, { gateway: PIP }]));
    const { causes } = predictTimeline(lab({ service: DNAT, nodes, pair: { addresses } }))[2]![0]!.outage!;
    expect(causes).toContainEqual({ code: 'stale-neighbour', node: 's1' });
  });

  it.each([
    ['comes back', steps, 2],
    ['is stopped', [[], [{ do: 'stopLb' as const, node: 'l4a' }]], 1],
  ])('dnat, a load balancer %s: it forwards unknown replies untranslated', (_, steps, last) => {
    const plan = lab({ service: DNAT, nodes: BEHIND_VIP, streams: [CALLS], steps });
    const { causes } = predictTimeline(plan)[last]![0]!.outage!;
    expect(causes).toContainEqual({ code: 'connection-unknown', node: 'l4a' });
    expect(causes.map(({ code }) => code)).not.toContain('reply-not-from-vip');
  });

  it('a hash over a changed pool may move a connection', () => {
    const plan = lab({ service: { scheduler: 'maglev', check: CHECK }, steps: [[], [kill('l4a'), kill('s1')]] });
    expect(predictTimeline(plan)[1]![1]).toMatchObject({
      connections: { survive: 'some' },
      unknown: [{ code: 'pick-unknown', params: { service: 'a' } }],
    });
  });
});

describe('a load balancer stops', () => {
  const steps = (action: 'stopLb' | 'restartLb'): ActionPlan[][] => [[], [{ do: action, node: 'l4a' }]];
  const causesOf = (plan: Plan): string[] =>
    predictTimeline(plan)[1]![0]!.outage!.causes.map(({ code, node }) => `${code} ${node}`);

  it.each(['stopLb' as const, 'restartLb' as const])('%s: it removes its rules first, then its addresses', (action) => {
    const alone = pairLab({ service: PROXY, steps: steps(action) });
    delete alone.pairs;
    alone.nodes.find(({ name }) => name === 'l4a')!.balancer!.config.vipOwner = true;
    const seen = causesOf(alone);
    expect(seen).toEqual(expect.arrayContaining(['refused l4a', 'connection-unknown l4a']));
    expect(seen.join()).not.toContain('reply-not-from-vip');
    expect(reported(alone)[1]).toMatch(action === 'stopLb' ? /^stale-neighbour l3;/ : /^works;/);
  });
});

test('failures end when a load balancer has started: its address returns with the same MAC', () => {
  const stop: ActionPlan = { do: 'stopLb', node: 'l4a' };
  const steps = [[], [stop], [on('startLb', 'l4a')]];
  const plan = pairLab({ service: { l4: ['l4a'] }, steps });
  const alone = { ...plan, pairs: [], nodes: plan.nodes.map(ownsVip) };
  expect(predictTimeline(alone)[2]![0]!.outage).toMatchObject({ atMostMs: null, until: ['startLb'], bounds: [] });
});

test('restarting a killed load balancer loses no call: old rules stay until it has created new ones', () => {
  const steps: ActionPlan[][] = [[], [{ do: 'killLb', node: 'l4a' }], [{ do: 'restartLb', node: 'l4a' }]];
  const alone = pairLab({ service: PROXY, steps });
  delete alone.pairs;
  alone.nodes.find(({ name }) => name === 'l4a')!.balancer!.config.vipOwner = true;
  expect(reported(alone)).toEqual(['works', 'works', 'works']);
});

describe('a server dies', () => {
  const steps = [[], [kill('s1')], [start('s1')]];

  it('gets calls until checks detect it, within their bound', () => {
    const plan = pairLab({ service: { check: CHECK }, steps });
    expect(reported(plan).map((step) => step.split(', ')[0])).toEqual([
      'works',
      'works; before: stale-neighbour l4a',
      'works',
    ]);
    expect(predictTimeline(plan)[1]![0]!.outage!.bounds).toEqual([
      { code: 'check-fails', params: { service: 'a', intervalMs: 100, timeoutMs: 50, fall: 2, ms: 300 } },
    ]);
  });

  it('without checks one of three calls fails until it returns', () => {
    expect(reported(pairLab({ steps }))).toEqual([
      'works',
      'stale-neighbour l4a or works',
      'works; before: stale-neighbour l4a',
    ]);
  });

  it('a load balancer with a dead process detects nothing', () => {
    const plan = pairLab({
      service: { check: CHECK },
      steps: [[on('killLb', 'l4a')], [kill('s1')], [on('startLb', 'l4a')]],
    });
    expect(reported(plan)).toEqual(['works', 'stale-neighbour l4a or works', 'works; before: stale-neighbour l4a']);
  });

  it('its connections end at a load balancer with NAT, or at another server that gets them', () => {
    const session = (service: object): string[] =>
      reported(pairLab({ service: { check: CHECK, ...service }, steps: steps.slice(0, 2), streams: [SESSION] }));
    expect(session(PROXY)[1]).toBe('works; before: stale-neighbour l4a, connection-unknown l4a; some');
    expect(session({})[1]).toBe(
      'works; before: stale-neighbour l4a, connection-unknown s2, connection-unknown s3; some',
    );
  });

  it('one whose program stops resets its connections, although it gets no new ones', () => {
    const stops: ActionPlan[] = [{ do: 'stopListeners', node: 's1' }];
    const plan = pairLab({ service: PROXY, steps: [[], [], stops], streams: [SESSION] });
    const drained = changed(plan, 1, (service) => ({
      ...service,
      servers: service.servers.map((server) => ({ ...server, drain: server.name === 's1' })),
    }));
    expect(reported(drained)[2]).toBe('works; before: connection-unknown s1, refused s1; some');
  });

  it('a UDP socket stays with it until the entry expires, although other servers exist', () => {
    const plan = pairLab({
      service: { ...DNAT, protocol: 'udp', check: CHECK },
      nodes: Object.fromEntries(
        Object.entries(BEHIND_VIP).map(([name, node]) => [name, { ...node, listeners: ['80/udp', '80/tcp'] }]),
      ),
      streams: [
        { name: 'same-port', protocol: 'udp', sourcePort: 5353 },
        { name: 'any-port', protocol: 'udp' },
      ],
      steps: [[], [kill('s1')], [{ do: 'flushConnections', node: 'l4a' }]],
    });
    expect(reported(plan, 'same-port').map((step) => step.split(';')[0])).toEqual([
      'works',
      'connection-unknown l4a or works',
      'works',
    ]);
    expect(reported(plan, 'any-port').map((step) => step.split(';')[0])).toEqual(['works', 'works', 'works']);
  });

  it('a router with NAT whose entry has expired creates it again for the caller, and resets a server that sends first', () => {
    const plan = pairLab({
      nodes: { l3: { nat: { out: 'l2', to: 'masquerade' } } },
      streams: [SESSION],
      steps: [[], [{ do: 'flushConnections', node: 'l3' }]],
    });
    const servers = ['s1', 's2', 's3'].map((server) => `connection-unknown ${server}`);
    expect(reported(plan, 'session')).toEqual([
      'works; all',
      `works; before: ${['connection-unknown l3', ...servers].join(', ')}; some`,
    ]);
  });

  it('one whose processes are paused accepts connections and is silent', () => {
    const check = { ...CHECK, type: 'http' as const };
    const plan = pairLab({ service: { check }, steps: [[on('pause', 's1')], [on('resume', 's1')]] });
    expect(reported(plan)).toEqual(['works; before: no-response s1', 'works']);
    // The kernel answers a check by TCP.
    expect(reported(pairLab({ service: { check: CHECK }, steps: [[on('pause', 's1')]] }))).toEqual([
      'no-response s1 or works',
    ]);
  });

  it('one that fails HTTP checks gets no calls, and none fails', () => {
    const check = { ...CHECK, type: 'http' as const };
    const plan = pairLab({
      service: { check },
      steps: [[{ do: 'failChecks', node: 's1' }], [{ do: 'passChecks', node: 's1' }]],
    });
    expect(reported(plan)).toEqual(['works', 'works']);
    const served = predictTimeline(plan).map(([calls]) => calls!.settled!.map(({ servedBy }) => servedBy));
    expect(served).toEqual([
      ['s2', 's3'],
      ['s1', 's2', 's3'],
    ]);
  });
});

describe('changes under traffic', () => {
  it.each([
    [
      'drains',
      (service: LbService) => ({
        ...service,
        servers: service.servers.map((one) => ({ ...one, drain: one.name === 's1' })),
      }),
    ],
    [
      'leaves the pool',
      (service: LbService) => ({ ...service, servers: service.servers.filter(({ name }) => name !== 's1') }),
    ],
  ])('a server that %s keeps its connections and gets no new ones', (_, change) => {
    for (const service of [{}, PROXY]) {
      const plan = changed(pairLab({ service, steps: [[], [{ do: 'change' }]], streams: [SESSION, CALLS] }), 1, change);
      expect(reported(plan)).toEqual(['works; all', 'works; all']);
      expect(reported(plan, 'calls')).toEqual(['works', 'works']);
      expect(predictTimeline(plan)[1]![1]!.settled!.map(({ servedBy }) => servedBy)).toEqual(['s2', 's3']);
    }
  });

  it('a reload loses nothing; a restart loses the flow table and calls meanwhile', () => {
    const plan = pairLab({
      streams: [SESSION],
      steps: [[], [on('reloadLb', 'l4a')], [on('killLb', 'l4a')], [on('startLb', 'l4a')], [on('restartLb', 'l4a')]],
    });
    expect(reported(plan)).toEqual([
      'works; all',
      'works; all',
      'works; all',
      'works; all',
      'works; before: refused l4a, connection-unknown l4a, connection-unknown s2, connection-unknown s3, connection-unknown s1; some',
    ]);
    expect(predictTimeline(plan)[4]![0]!.outage!.atMostMs).toBeNull();
  });

  it('a cut link is no stale neighbour: the frame ends at the wire', () => {
    const steps: ActionPlan[][] = [
      [],
      [{ do: 'linkDown', link: ['l2', 's1'] }],
      [{ do: 'linkUp', link: ['s1', 'l2'] }],
    ];
    expect(reported(pairLab({ service: { check: CHECK }, steps })).map((step) => step.split(', ')[0])).toEqual([
      'works',
      'works; before: no-neighbour l2',
      'works',
    ]);
  });

  it('the model does not know the result of a flapping link, but failures while it is down', () => {
    const plan = pairLab({ steps: [[{ do: 'flap', link: ['l2', 's1'], downMs: 50, upMs: 50 }]] });
    expect(predictTimeline(plan)[0]![0]).toMatchObject({
      settled: null,
      outage: { causes: [{ code: 'no-neighbour', node: 'l2' }], atMostMs: null, until: ['flap'] },
      unknown: [{ code: 'action-unknown', params: { action: 'flap' } }],
    });
  });
});

describe('idle connections', () => {
  const idle = { ...SESSION, everyMs: 2000 };
  const cut = (onIdle: 'silent' | 'reset', service: object, nodes = {}): StreamPrediction =>
    predictTimeline(
      pairLab({ service, nodes, streams: [idle], steps: [[]], ages: { l4a: { idleTimeoutMs: 1000, onIdle } } }),
    )[0]![0]!;

  it('a load balancer with NAT drops expired connections, silently or with a reset', () => {
    expect(inWords(cut('silent', DNAT, BEHIND_VIP))).toBe('idle-expired l4a; none');
    expect(inWords(cut('reset', DNAT, BEHIND_VIP))).toBe('idle-expired l4a or works; none');
  });

  it('after an entry has expired a server is picked again; a hash picks the same one', () => {
    expect(inWords(cut('silent', {}))).toMatch(/^connection-unknown s1 or .*works; some$/);
    expect(inWords(cut('silent', { scheduler: 'maglev' }))).toBe('works; all');
  });

  it('frequent calls keep it', () => {
    const plan = pairLab({ streams: [SESSION], steps: [[]], ages: { l4a: { idleTimeoutMs: 1000 } } });
    expect(reported(plan)).toEqual(['works; all']);
  });
});

describe('routes of equal cost', () => {
  const via = (hops: string[]): NodePlan['routes'] => {
    const [first, ...others] = hops.map((hop) => ({ via: hop, dev: 'l2' }));
    return [{ to: `${VIP_A}/32`, ...first!, ...(others.length === 0 ? {} : { others }) }];
  };
  const both = ['203.0.113.2', '203.0.113.3'];
  /** Both balance at the same time; the router spreads flows over them, and over one of them after the step. */
  function active(service: object, nodes = {}): Plan {
    const lab = pairLab({
      service,
      nodes,
      steps: [[], [{ do: 'change' }]],
      streams: [SESSION, CALLS],
      pair: { addresses: [] },
    });
    const l3 = { ...lab.nodes.find(({ name }) => name === 'l3')!, routes: via(both) };
    const steps = lab.timeline!.steps.map((step, i) =>
      i === 0 ? step : { ...step, nodes: [{ ...l3, routes: via(['203.0.113.3']) }] },
    );
    return {
      ...lab,
      nodes: lab.nodes.map((node) => (node.name === 'l3' ? l3 : node)),
      timeline: { ...lab.timeline!, steps },
    };
  }

  it('calls use both routes, and connections stay on theirs', () => {
    const plan = active({});
    expect(reported(plan, 'calls')[0]).toBe('works');
    expect([...new Set(predictTimeline(plan)[0]![1]!.settled!.map(({ l4 }) => l4))].sort()).toEqual(['l4a', 'l4b']);
    expect(reported(plan)[0]).toBe('works; all');
  });

  it('a rehash moves connections to nodes without their state, unless both hash alike', () => {
    expect(reported(active({}))[1]).toMatch(/^works; before: connection-unknown .*; some$/);
    expect(reported(active({ scheduler: 'maglev' }))[1]).toBe('works; all');
  });
});

test('if two nodes hold an address, failures are split-brain, and which reply is used is unknown', () => {
  const plan = pairLab({ service: PROXY, streams: [SESSION], steps: [[], [on('pause', 'l4a')]] });
  const [, [session]] = predictTimeline(plan) as [unknown, [StreamPrediction]];
  expect(session.connections).toMatchObject({ survive: 'some', cause: { code: 'split-brain' } });
  expect(session.unknown).toContainEqual({
    code: 'holder-unknown',
    params: { address: VIP_A, nodes: ['l4a', 'l4b'] },
  });
});

test('the node that takes over from a paused one announces itself, whichever it is', () => {
  const steps = [[kill('l4a')], [start('l4a')], [on('pause', 'l4b')]];
  const plan = pairLab({ pair: { preempt: false }, steps });
  expect([0, 1, 2].map((step) => l4s(plan, step))).toEqual([['l4b'], ['l4b'], ['l4a']]);
  const other = pairLab({ steps: [[], [on('pause', 'l4a')]] });
  expect(l4s(other, 1)).toEqual(['l4b']);
  const asked = pairLab({ steps: [[], [on('pause', 'l4a')], [{ do: 'flushNeighbours', node: 'l3' }]] });
  expect(l4s(asked, 2)).toEqual(['l4a', 'l4b']);
});

describe('a split brain that is healed', () => {
  const split: ActionPlan = { do: 'linkDown', link: ['x1', 'x2'] };
  const heal: ActionPlan = { do: 'linkUp', link: ['x1', 'x2'] };
  const flush: ActionPlan = { do: 'flushNeighbours', node: 'l3' };
  const reported: ActionPlan = { do: 'announce', node: 'l4a', iface: 'l2', address: VIP_A };
  const codes = (steps: ActionPlan[][]): (string | null)[][] =>
    predictTimeline(withHeartbeat(pairLab({ steps, streams: [CALLS, SESSION] }))).map(([calls, session]) => [
      ...calls!.unknown.map(({ code }) => code),
      ...(calls!.settled === null ? ['open'] : [...new Set(calls!.settled.map(({ l4 }) => l4))]),
      ...(session!.connections === null ? ['open'] : []),
    ]);

  it('the used node is unknown until neighbours resolve again or get an announcement', () => {
    const open = ['neighbours-unknown', 'open', 'open'];
    const all = codes([[], [split], [heal], [], [flush]]);
    expect(all.slice(1)).toEqual([['holder-unknown', 'l4b'], open, open, ['l4a']]);
    expect(codes([[], [split], [heal], [reported]])[3]).toEqual(['l4a']);
    expect(codes([[], [split], [heal, flush]])[2]).toEqual(['l4a']);
  });

  it('connections may end before that: a reply may reach the other node', () => {
    const steps = [[], [split]];
    const proxied = pairLab({ service: { ...PROXY, scheduler: 'maglev' }, streams: [SESSION], steps });
    expect(predictTimeline(withHeartbeat(proxied))[1]![0]!.connections).toMatchObject({
      survive: 'some',
      cause: { code: 'split-brain' },
    });
  });

  it('if neighbours that resolved meanwhile may have either answer', () => {
    const [, , flushed, healed] = codes([[], [split], [flush], [heal]]);
    expect(flushed).toEqual(['holder-unknown', 'l4a', 'l4b']);
    expect(healed).toEqual(['neighbours-unknown', 'open', 'open']);
  });
});

describe('after a link of a pair has flapped', () => {
  const flap: ActionPlan = { do: 'flap', link: ['l4a', 'l2'], downMs: 1000, upMs: 1000 };
  const codes = (preempt: boolean, after: Partial<StepPlan>): unknown[] =>
    predictTimeline(pairLab({ pair: { preempt }, steps: [[], [flap], after, []] }))
      .slice(2)
      .map(([calls]) => [
        calls!.unknown.map(({ code }) => code).join(),
        calls!.settled === null ? 'open' : calls!.settled[0]!.l4,
      ]);
  const until = (master: string): Partial<StepPlan> => ({ until: { master, withinMs: 5000 } });

  it('without preemption the master is unknown, until a step waits for one', () => {
    expect(codes(false, {})).toEqual([
      ['master-unknown', 'open'],
      ['master-unknown', 'open'],
    ]);
    expect(codes(false, until('l4b'))).toEqual([
      ['master-unknown', 'l4b'],
      ['', 'l4b'],
    ]);
    expect(codes(false, until('l4a'))[1]).toEqual(['', 'l4a']);
    expect(codes(false, { actions: [kill('l4a')] })[1]).toEqual(['', 'l4b']);
  });

  it('with preemption it is known after the takeover', () => {
    expect(codes(true, {})).toEqual([
      ['master-unknown', 'open'],
      ['', 'l4a'],
    ]);
    expect(codes(true, until('l4a'))[0]).toEqual(['master-unknown', 'l4a']);
  });

  it('not for a link that no member needs', () => {
    const elsewhere: ActionPlan = { do: 'flap', link: ['l2', 's1'], downMs: 50, upMs: 50 };
    const [, after] = predictTimeline(pairLab({ pair: { preempt: false }, steps: [[elsewhere], []] }));
    expect(after![0]!.unknown).toEqual([]);
  });
});

test('nothing is predicted for a caller that is paused or off', () => {
  const plan = pairLab({ steps: [[on('pause', 'client')], [on('resume', 'client')], [kill('client')]] });
  expect(
    predictTimeline(plan).map(([calls]) => [calls!.settled === null, calls!.unknown.map(({ code }) => code)]),
  ).toEqual([
    [true, ['action-unknown']],
    [false, []],
    [true, ['action-unknown']],
  ]);
});

test('a step without actions continues as the previous one ended', () => {
  const node = fc.constantFrom('l4a', 'l4b', 's1', 's2');
  const action = fc.oneof(
    fc.record({ do: fc.constantFrom('kill' as const, 'start' as const, 'stopListeners' as const), node }),
    node.map((name): ActionPlan => ({ do: 'linkDown', link: ['l2', name] })),
    node.map((name): ActionPlan => ({ do: 'linkUp', link: ['l2', name] })),
  );
  const services = fc.constantFrom({}, { check: CHECK }, PROXY, { ...PROXY, check: CHECK });
  fc.assert(
    fc.property(
      services,
      fc.array(action, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (service, actions, gratuitousArp) => {
        const plan = pairLab({
          service,
          pair: { gratuitousArp },
          steps: [[], actions, [], []],
          streams: [CALLS, SESSION],
        });
        const predicted = predictTimeline(plan);
        for (const index of [0, 1]) {
          const [third, fourth] = [predicted[2]![index]!, predicted[3]![index]!];
          const ends = predicted[1]![index]!.settled!.map(({ cause }) => cause?.code ?? 'works');
          expect(third.outage).toBeNull();
          expect(new Set(third.settled!.map(({ cause }) => cause?.code ?? 'works'))).toEqual(new Set(ends));
          expect(fourth.settled).toEqual(third.settled);
        }
      },
    ),
    { numRuns: 15 },
  );
});

function ownsVip(node: NodePlan): NodePlan {
  if (node.balancer === null) return node;
  if (node.name !== 'l4a') return { ...node, balancer: null };
  return { ...node, balancer: { ...node.balancer, config: { ...node.balancer.config, vipOwner: true } } };
}

type LbService = NonNullable<NodePlan['balancer']>['config']['services'][number];

/** A plan whose step changes the only service of all load balancers. */
function changed(plan: Plan, index: number, change: (service: LbService) => LbService): Plan {
  const nodes = plan.nodes.flatMap((node): NodePlan[] => {
    if (node.balancer === null) return [];
    const config = { ...node.balancer.config, services: node.balancer.config.services.map(change) };
    return [{ ...node, balancer: { ...node.balancer, config } }];
  });
  const steps = plan.timeline!.steps.map((step, i) => (i === index ? { ...step, nodes } : step));
  return { ...plan, timeline: { ...plan.timeline!, steps } };
}
