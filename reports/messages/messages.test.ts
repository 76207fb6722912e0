import { CAUSES, cause, type CauseDetails } from '../../harness/terms/cause.ts';
import type { AgentFaults, Faults } from '../../harness/terms/fault.ts';
import type { Findings } from '../../harness/terms/finding.ts';
import type { Fixes } from '../../harness/terms/fix.ts';
import type { ControlResult, Disagreements, HopDifference, Reasons } from '../../harness/terms/reason.ts';
import type { ActionPlan, Awaited, Bounds, StreamSummary, Unknowns } from '../../harness/terms/timeline.ts';
import { type Message, type Messages, say } from './catalogue.ts';
import { en } from './en.ts';
import { ko } from './ko.ts';
import type { Action } from './timeline.ts';

const node = 'n0';
const address = '192.0.2.7';
const why = cause('no-route', 'route-missing', { node: 'n7', address: '192.0.2.77' });
const control: ControlResult = {
  from: 'asker',
  to: 'target',
  address,
  protocol: 'tcp',
  port: 8081,
  works: false,
  client: 'ECONNRESET',
  cause: null,
};
const end = { mac: '02:4c:34:00:00:01', ip: '192.0.2.99', port: 80 };
const hop: HopDifference = {
  leg: 'reply',
  number: 3,
  seen: { node: 'n4', iface: 'eth4', direction: 'in', src: end, dst: end, ttl: 61 },
  predicted: null,
};
const place = { code: 'refused', node: 'n8' } as const;

/** Every code once with parameters of its own; the compiler sees to it that none is missing. */
const EXAMPLES: { [Code in keyof Messages]: Messages[Code] } = {
  ...({
    'route-missing': { node, address },
    'dead-end': { node, address, to: '192.0.2.0/24', type: 'blackhole' },
    'arp-unanswered': { node, address },
    'arp-request-dropped': { node, address, asker: 'n1', source: '192.0.2.8' },
    'host-unreachable': { node, address, hop: address },
    'peer-down': { node, address, peer: 'n1' },
    'vlan-not-carried': { node, address, asker: 'n1', port: 'n2', vlan: 1030 },
    'untagged-not-carried': { node, address, asker: 'n1', port: 'n2' },
    'vlans-differ': { node, address, asker: 'n1', port: 'n2', vlan: 1030, other: 1040 },
    'native-vlans-differ': { node, address, asker: 'n1', port: 'n2', vlan: 1030, other: 1040 },
    'server-off-segment': { node, address },
    'listener-missing': { node, address, port: 8081, protocol: 'udp' },
    'called-itself': { node, address: '203.0.113.80', port: 8080, protocol: 'tcp' },
    'pool-down': { node, service: 'web' },
    'name-without-address': { node, name: 'www.example.test' },
    'refused-although-healthy': { node, service: 'web' },
    'reply-from-elsewhere': { node, called: address, source: '192.0.2.8', owner: 'n1' },
    'reply-not-translated': { node, called: address, source: '192.0.2.8', owner: 'n1', address: '192.0.2.9' },
    'vip-missing': { node, vip: address },
    'own-source': { node, source: address },
    'reverse-path-fails': { node, source: address, iface: 'eth9' },
    'half-seen': { node, source: address, destination: '192.0.2.8' },
    'segment-not-translated': { node, source: '192.0.2.8', destination: address },
    'mac-on-wrong-port': { node, owner: 'n1', port: 'eth9', address },
    'redirect-followed': { node, router: 'n1', address, gateway: '192.0.2.8' },
    'forwarding-off': { node, address },
    'ports-used-up': { node, service: 'web', proxyIps: ['192.0.2.8', '192.0.2.9'], ports: '40000-40003' },
    'ttl-expired': { node, address },
    'exceeds-mtu': { node, address, mtu: 1301 },
    'exceeds-interface': { node, address, iface: 'eth9', size: 1502, mtu: 1301 },
    'rejected-by-rule': { node, address },
    'filter-matched': { node, address, number: 1308, rule: 'drop tcp port 1309' },
    'too-big-unheard': { node, address, number: 1308, rule: 'drop icmp too-big' },
    'counter-rose': { node, address, iface: 'n2', counter: 'IpInNoRoutes' },
    'lost-on-wire': { node, address },
    'frame-unclaimed': { node, address },
    'reply-missing': { node, address },
    'never-ends': { node, address },
    'neighbour-outdated': { node, address, mac: end.mac, owner: 'n1', holder: 'n2' },
    'neighbour-static': { node, address, mac: end.mac, owner: 'n1', holder: 'n2' },
    'port-outdated': { node, owner: 'n1', port: 'eth9', address },
    'state-missing': { node, source: '192.0.2.8', destination: address },
    'state-outdated': { node, source: '192.0.2.8', destination: address, other: 'n1' },
    'state-expired': { node, source: '192.0.2.8', destination: address, idleMs: 1303 },
    'two-masters': { node, address, masters: ['n1', 'n2'] },
    'response-missing': { node, address },
    'nothing-fits': { node, client: 'EPIPE' },
  } satisfies CauseDetails),
  ...({
    'answered-by-itself': { node, address },
    'l4-bypassed': { service: 'web', l4s: ['n1', 'n2'] },
    'slow-start': { node },
    'two-owners': { address, asker: 'n1', owners: ['n2', 'n3'], used: 'n3' },
  } satisfies Findings),
  ...({
    'never-tried': { flow: 'f' },
    'expected-to-work': { failed: 3, attempts: 4, cause: why },
    'expected-to-fail': { cause: 'refused', worked: 3, attempts: 4 },
    'other-cause': { expected: 'refused', cause: why },
    'other-place': { expected: 'n1.n4', node, iface: 'n5' },
    'wrong-lost': { lost: 3, expected: { atLeast: 1, atMost: 2 }, attempts: 4 },
    'no-alternative': { outcome: 'fails', servedBy: null, cause: why },
    'alternative-unseen': { number: 2, of: 3, outcome: 'fails', cause: 'refused', attempts: 4 },
    'wrong-server': { server: 'n1', allowed: ['n2', 'n3'] },
    'server-unused': { server: 'n1', attempts: 4 },
    'wrong-share': { server: 'n1', served: 3, expected: 2, attempts: 4 },
    'servers-vary': { servers: ['n1', 'n2'] },
    'wrong-source': { seen: address, expected: 'proxy-ip', allowed: ['192.0.2.8', '192.0.2.9'] },
    'unexpected-finding': { finding: { code: 'l4-bypassed', params: { service: 'web', l4s: ['n1'] } } },
    'finding-missing': { finding: 'answered-by-itself' },
    'segment-not-seen': { sender: 'server' },
    'request-not-seen': { caller: 'n1' },
    'control-failed': { control },
    'not-crossed': { leg: 'reply', node },
    'not-avoided': { leg: 'reply', node },
    'wrong-ttl': { leg: 'reply', node, seen: 61, expected: 62 },
    'no-calls': { stream: 'calls', step: 'calm' },
    'outage-too-long': { ms: 1304, atMostMs: 1305, cause: why },
    'outage-too-short': { ms: 1304, atLeastMs: 1305 },
    'outage-not-over': { ms: 1304, cause: why },
    'second-outage': { ms: 1304, cause: why },
    'wrong-outage-cause': { calls: 3, cause: why, expected: ['refused', 'filtered'] },
    'wrong-connections': { what: 'survived', seen: 3, of: 4, expected: { atLeast: 1306 } },
    'wrong-stall': { ms: 1304, expected: { atMost: 1305 } },
    'state-not-reached': {
      awaited: { server: 'n1', is: 'down', withinMs: 1307 },
      instead: [{ node: 'n2', state: 'up' }],
    },
    disagreement: { disagreement: { code: 'server-differs', params: { seen: 'n1', predicted: 'n2', hop: null } } },
  } satisfies Reasons),
  ...({
    'answer-differs': { seen: address, predicted: '192.0.2.8', hop: null },
    'l4-differs': { seen: 'n1', predicted: 'n2', hop: null },
    'picked-differs': { seen: 'n1', predicted: 'n2', hop: null },
    'outcome-differs': {
      seen: { outcome: 'works', cause: null },
      predicted: { outcome: 'fails', cause: place },
      hop,
    },
    'cause-differs': { seen: place, predicted: { ...place, node: 'n9' }, hop },
    'server-differs': { seen: 'n1', predicted: 'n2', hop },
    'source-differs': { seen: address, predicted: '192.0.2.8', hop },
    'path-differs': { hop },
    'failures-differ': { calls: 3, seen: place, predicted: [{ ...place, node: 'n9' }] },
    'connections-differ': { survived: 3, of: 4, predicted: 'all' },
  } satisfies Disagreements),
  ...({
    interrupted: {},
    'image-missing': { image: 'l4lab/node:1' },
    'network-failed': { error: 'no space left' },
    'docker-rules-gone': { error: 'no chain' },
    'networks-blocked': {
      versions: ['IPv4', 'IPv6'],
      chains: [{ family: 'inet', table: 'filter', chain: 'forward', how: 'policy drop', owner: 'nftables' }],
      wires: 'l4lab',
      legacy: false,
    },
    'host-container-failed': { error: 'no space left' },
    hairpin: { port: 'veth7' },
    'addresses-in-use': { clashes: [{ address, owner: 'n1', iface: 'eth9' }] },
    'pause-failed': { node: 's1', seconds: 10, error: 'unable to freeze' },
    'pair-unsettled': { pair: 'edge', expected: ['n1'], seen: ['n2'], seconds: 62 },
    'node-gone': { node, exitCode: 137, output: 'killed' },
    'agent-late': { node, seconds: 61, output: 'slow' },
    'call-late': { node, method: 'drain', seconds: 61, output: 'slow' },
    'call-failed': { node, method: 'wire', fault: { code: 'interface-missing', params: { address } } },
  } satisfies Faults),
  ...({
    'program-failed': { command: 'ip -batch -', exitCode: 3, output: 'no such device', input: 'link set x up' },
    'program-late': { command: 'keepalived -n', awaited: 'a state in VRRP', seconds: 61, output: 'slow' },
    'interface-missing': { address },
    'sysctl-missing': { setting: 'net.ipv4.tcp_timestamp' },
    'sysctl-failed': { setting: 'net/ipv4/ip_forward=1', error: 'EROFS' },
    'capture-ended': { iface: 'eth9', output: 'killed' },
    'capture-late': { iface: 'eth9', seconds: 61, output: 'slow' },
    'capture-overflow': { iface: 'eth9', frames: 17 },
    'balancer-late': { awaited: 'ready', seconds: 61, log: 'slow' },
    'balancer-ended': { awaited: 'ready', log: 'killed' },
    'balancer-failed': { error: 'no nft', code: null },
    'agent-failed': { error: 'no space left' },
  } satisfies AgentFaults),
  ...({
    'interfaces-up': { node },
    'forwarding-on': { node },
    'rp-filter-off': { node },
    'accept-local': { node },
    'vip-off-loopback': { node, vip: '203.0.113.80' },
    'allow-vlan': { node, port: 'n1', vlan: 1030 },
    'port-in-vlan': { node, port: 'n1', vlan: 1030 },
    'native-vlan': { node, port: 'n1', vlan: 1030 },
    'clamp-mss': { service: 'web', mss: 1260 },
    'smaller-mtu': { node, mtu: 1302 },
    route: { nodes: ['n1', 'n2'], to: '198.51.100.0/24', via: '203.0.113.1' },
    'without-dead-end': { node: 'n1', to: '198.51.100.0/24', type: 'unreachable' },
    'without-neighbour': { node: 'n1', address: '203.0.113.1' },
    'source-route': { nodes: ['n1', 'n2'], from: '198.51.100.0/24', via: '203.0.113.1' },
    'proxy-ip-auto': { service: 'web' },
    'answer-from-asked': { nodes: ['n1', 'n2'] },
    'more-proxy-ports': { service: 'web', ports: '40000-40099' },
    'all-proxy-ports': { service: 'web' },
    'drop-invalid': { node },
    'liberal-tracking': { node },
    'symmetric-hash': { source: 'inbound', destination: 'outbound' },
    'firewall-off': { node },
    'nat-off': { node },
    'nat-masquerade': { node },
    'hold-address': { node, address },
    'without-rule': { nodes: ['n1', 'n2'], rule: 'drop icmp too-big' },
    'accept-redirects-off': { node },
    'node-gateway': { node, gateway: 'l3' },
    'widen-mtu': { mtu: 1301 },
    'balancer-on': { node },
    'disown-vip': { node },
    'send-redirects-off': { node },
    'rewrite-source-mac': { node },
    'check-vip': { service: 'web' },
    'check-served-port': { service: 'web' },
    'check-source': { service: 'web', source: '192.0.2.8' },
    'check-source-auto': { service: 'web' },
    'add-record': { name: 'www.example.test', service: 'web' },
    listen: { nodes: ['n1', 'n2'], port: 8081, protocol: 'udp' },
    'vip-on-loopback': { service: 'web' },
    'quiet-loopback': { arpIgnore: 1, arpAnnounce: 2 },
    'servers-gateway': { gateway: 'l3' },
    'own-calls': { service: 'web' },
    'use-proxy': { service: 'web' },
    'use-dsr': { service: 'web' },
    'use-profile': { service: 'web', profile: 'aws-nlb-no-client-ip' },
    'gratuitous-arp-on': { pair: 'edge' },
    'preempt-on': { pair: 'edge' },
    'share-connections': { pair: 'edge' },
    'use-maglev': { service: 'web' },
    'check-on': { service: 'web', intervalMs: 1305 },
    'neighbour-age': { node, ms: 1306 },
    'mac-age': { node, ms: 1307 },
    'idle-timeout': { node, ms: 1308 },
  } satisfies Fixes),
  ...({
    'master-down': { pair: 'edge', advertMs: 201, ms: 703 },
    'check-fails': { service: 'web', intervalMs: 202, timeoutMs: 103, fall: 3, ms: 709 },
    'check-passes': { service: 'web', intervalMs: 202, rise: 4, ms: 811 },
    'neighbour-ages': { node, ms: 1304 },
    'mac-ages': { node, ms: 1305 },
  } satisfies Bounds),
  ...({
    'pick-unknown': { service: 'web' },
    'holder-unknown': { address, nodes: ['n1', 'n2'] },
    'master-unknown': { pair: 'edge', nodes: ['n1', 'n2'] },
    'neighbours-unknown': { address, nodes: ['n1', 'n2'] },
    'action-unknown': { action: 'flap' },
  } satisfies Unknowns),
};
const messages = Object.entries(EXAMPLES).map(([code, params]) => ({ code, params }) as Message);

/** Words of a closed list, each language has its own for them; the HTTP status or a place is of no interest here. */
const TRANSLATED = ['request', 'reply', 'works', 'fails', 'server-differs', 'tcp', 'false'];

/** Every name, address and number of the parameters, however deep. */
function valuesIn(params: unknown): string[] {
  if (params === null || params === undefined) return [];
  if (typeof params === 'object') {
    // A detail within is named by its own parameters, and a hop is told without ports.
    const entries = Object.entries(params).filter(([key]) => !(key === 'port' && 'mac' in params));
    const inner = 'params' in params ? entries.filter(([key]) => key !== 'code') : entries;
    return inner.flatMap(([, value]) => valuesIn(value));
  }
  const text = JSON.stringify(params).replaceAll('"', '');
  return TRANSLATED.includes(text) ? [] : [text];
}

describe.each([
  ['English', en, /^[^\p{Script=Hangul}]+$/u],
  ['Korean', ko, /./],
] as const)('%s', (_, catalogue, alphabet) => {
  test.each(messages)('$code tells every name, address and number', (message) => {
    const text = say(catalogue, message);
    for (const value of valuesIn(message.params)) expect(text).toContain(value);
    expect(text).toMatch(alphabet);
    expect(text).not.toMatch(/undefined|null|\[object/);
  });

  test('what is not known is left out, or named so', () => {
    const unknown: Message[] = [
      { code: 'exceeds-mtu', params: { node, address, mtu: null } },
      { code: 'reply-from-elsewhere', params: { node, called: address, source: '192.0.2.8', owner: null } },
      { code: 'expected-to-work', params: { failed: 1, attempts: 1, cause: null } },
      { code: 'other-place', params: { expected: 'n1', node: null } },
      { code: 'other-place', params: { expected: 'n1.n4', node, iface: null } },
      { code: 'wrong-ttl', params: { leg: 'request', node, seen: null, expected: 62 } },
      { code: 'no-alternative', params: { outcome: 'works', servedBy: null, cause: null } },
      { code: 'no-alternative', params: { outcome: 'fails', servedBy: null, cause: null } },
      { code: 'alternative-unseen', params: { number: 1, of: 2, outcome: 'works', cause: null, attempts: 4 } },
      { code: 'wrong-server', params: { server: null, allowed: ['n2'] } },
      { code: 'wrong-source', params: { seen: null, expected: address, allowed: [address] } },
      { code: 'cause-differs', params: { seen: null, predicted: place, hop: null } },
      { code: 'two-owners', params: { address, asker: 'n1', owners: ['n2', 'n3'], used: null } },
    ];
    for (const message of unknown) expect(say(catalogue, message)).not.toMatch(/undefined|null|\[object/);
  });

  test('a server that answered where it should not is named', () => {
    const params = { outcome: 'works', servedBy: 'n1', cause: null } as const;
    expect(say(catalogue, { code: 'no-alternative', params })).toContain('n1');
  });

  test('ways that attempts went are told with their servers and causes', () => {
    const text = catalogue.ways([
      { outcome: 'works', cause: null, servers: ['n2', 'n3'] },
      { outcome: 'fails', cause: 'refused', servers: ['n1'] },
      { outcome: 'fails', cause: 'no-route', servers: [] },
    ]);
    for (const value of ['n1', 'n2', 'n3', 'refused', 'no-route']) expect(text).toContain(value);
    expect(text).toMatch(alphabet);
    expect(text).not.toMatch(/undefined|null/);
  });

  test('every cause has its story, evidence and fix', () => {
    expect(Object.keys(catalogue.causes)).toEqual([...CAUSES]);
  });
});

/** Every action once with parameters of its own. */
const ACTIONS: { [Do in ActionPlan['do']]: Omit<Action<Do>, 'do'> } = {
  kill: { node },
  start: { node },
  pause: { node },
  resume: { node },
  killLb: { node },
  stopLb: { node },
  startLb: { node },
  restartLb: { node },
  reloadLb: { node },
  linkDown: { link: ['n1', 'n2'] },
  linkUp: { link: ['n1', 'n2'] },
  flap: { link: ['n1', 'n2'], downMs: 1301, upMs: 1302 },
  stopListeners: { node },
  startListeners: { node },
  failChecks: { node },
  passChecks: { node },
  flushNeighbours: { node },
  flushMacs: { node },
  flushConnections: { node },
  announce: { node, iface: 'eth9', address },
  change: {},
  drain: { server: 's7', service: 'web' },
  undrain: { server: 's7', service: 'web' },
  weight: { server: 's7', service: 'web', weight: 33 },
  addServer: { server: 's7', service: 'web' },
  removeServer: { server: 's7', service: 'web' },
};

const summary: StreamSummary = {
  calls: 90,
  failed: 32,
  outage: { fromMs: 501.2, toMs: 1141.4, ms: 640.2 },
  causes: [
    { cause: cause('stale-neighbour', 'lost-on-wire', { node: 'l3', address }), calls: 31, example: 1 },
    { cause: why, calls: 1, example: 2 },
  ],
  servedBy: { s1: 58 },
  l4: { l4a: 58 },
  connections: { survived: 6, reset: 3, stalled: 1, longestStallMs: 655.4, lostBytes: 124 },
};

describe.each([
  ['English', en],
  ['Korean', ko],
] as const)('time in %s', (language, { timeline }) => {
  test('every action is told by its node, link, address and times, and no two alike', () => {
    const texts = Object.entries(ACTIONS).map(([name, params]) => {
      const text = timeline.action({ do: name, ...params } as ActionPlan);
      for (const value of valuesIn(params)) expect(text).toContain(value);
      return text;
    });
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('what is waited for is told with its deadline', () => {
    const awaited: Awaited[] = [
      { server: 's1', is: 'down', withinMs: 1301 },
      { master: 'l4b', withinMs: 1302 },
    ];
    for (const one of awaited) for (const value of valuesIn(one)) expect(timeline.awaited(one)).toContain(value);
  });

  test('a stream in a step is told in one line: outage, calls, causes, connections', () => {
    expect(timeline.seen(summary)).toBe(
      language === 'English'
        ? '640 ms outage; 32 of 90 calls failed (stale-neighbour at l3, no-route at n7); connections: 6 survived, 3 reset, 1 stalled, longest wait 655 ms, 124 bytes lost'
        : '중단 640ms; 호출 90개 중 32개 실패(l3에서 stale-neighbour, n7에서 no-route); 연결: 6개 살아남음, 3개 리셋됨, 1개 멈춤, 가장 긴 대기 655ms, 124바이트 손실',
    );
    expect(timeline.outage({ fromMs: 3, toMs: null, ms: 12 })).not.toBe(
      timeline.outage({ fromMs: 3, toMs: 15, ms: 12 }),
    );
  });

  test('a prediction is told with its bound, its causes and what becomes of connections', () => {
    const outage = { causes: [place], atMostMs: 901, bounds: [] };
    const settled = null;
    const text = timeline.predicted({ settled, outage, connections: { survive: 'some', cause: place } });
    for (const value of ['901', 'refused', 'n8']) expect(text).toContain(value);
    const unbounded = timeline.predicted({ settled, outage: { ...outage, atMostMs: null }, connections: null });
    expect(unbounded).not.toMatch(/null|undefined/);
    expect(unbounded).not.toContain('901');
    const starting = { ...outage, atMostMs: null, until: ['startLb' as const] };
    expect(timeline.predicted({ settled, outage: starting, connections: null })).toContain('startLb');
  });
});

test('no message in Korean is left in English, but what the environment itself reports', () => {
  const english = messages.filter((message) => !/\p{Script=Hangul}/u.test(say(ko, message)));
  expect(english.map(({ code }) => code)).toEqual(['agent-failed']);
});

test('the port of an IPv6 address stands outside of its brackets', () => {
  expect(
    say(en, { code: 'listener-missing', params: { node, address: '2001:db8::7', port: 80, protocol: 'tcp' } }),
  ).toBe('n0 has no listener on [2001:db8::7]:80/tcp.');
});
