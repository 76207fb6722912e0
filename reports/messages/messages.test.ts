import { CAUSES, cause } from '../../harness/terms/cause.ts';
import type { Action } from '../../harness/terms/action.ts';
import type { ActionPlan, Awaited } from '../../harness/terms/plan.ts';
import type { StreamSummary } from '../../harness/terms/timeline-results.ts';
import { type Message, say } from './catalogue.ts';
import { en } from './en.ts';
import { EXAMPLES } from './examples.ts';
import { ko } from './ko.ts';

const node = 'n0';
const address = '192.0.2.7';
const why = cause('no-route', 'route-missing', { node: 'n7', address: '192.0.2.77' });
const place = { code: 'refused', node: 'n8' } as const;

const messages = Object.entries(EXAMPLES).map(([code, params]) => ({ code, params }) as Message);

/** Values of closed lists, which each language translates; HTTP status and place are not checked here. */
const TRANSLATED = ['request', 'reply', 'works', 'fails', 'server-differs', 'tcp', 'false'];

/** All names, addresses and numbers in the parameters, at any depth. */
function valuesIn(params: unknown): string[] {
  if (params === null || params === undefined) return [];
  if (typeof params === 'object') {
    // A nested detail is represented by its own parameters, and a hop without ports.
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
  test.each(messages)('$code contains every name, address and number', (message) => {
    const text = say(catalogue, message);
    for (const value of valuesIn(message.params)) expect(text).toContain(value);
    expect(text).toMatch(alphabet);
    expect(text).not.toMatch(/undefined|null|\[object/);
  });

  test('unknown values are omitted, or named as unknown', () => {
    const unknown: Message[] = [
      { code: 'exceeds-mtu', params: { node, address, mtu: null } },
      { code: 'reply-from-elsewhere', params: { node, called: address, source: '192.0.2.8', owner: null } },
      {
        code: 'reply-from-elsewhere',
        params: { node, called: address, source: '192.0.2.8', owner: null, ports: { called: 53, source: 54 } },
      },
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

  test('names a server that replied although it should not', () => {
    const params = { outcome: 'works', servedBy: 'n1', cause: null } as const;
    expect(say(catalogue, { code: 'no-alternative', params })).toContain('n1');
  });

  test('outcomes of attempts are described with servers and causes', () => {
    const text = catalogue.outcomeGroups([
      { outcome: 'works', cause: null, servers: ['n2', 'n3'] },
      { outcome: 'fails', cause: 'refused', servers: ['n1'] },
      { outcome: 'fails', cause: 'no-route', servers: [] },
    ]);
    for (const value of ['n1', 'n2', 'n3', 'refused', 'no-route']) expect(text).toContain(value);
    expect(text).toMatch(alphabet);
    expect(text).not.toMatch(/undefined|null/);
  });

  test('every cause has a story, evidence and a fix', () => {
    expect(Object.keys(catalogue.causes)).toEqual([...CAUSES]);
  });
});

/** Every action once, with distinct parameters. */
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
  test('every action is described with node, link, address and times, and no two texts are equal', () => {
    const texts = Object.entries(ACTIONS).map(([name, params]) => {
      const text = timeline.action({ do: name, ...params } as ActionPlan);
      for (const value of valuesIn(params)) expect(text).toContain(value);
      return text;
    });
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('a wait is described with its deadline', () => {
    const awaited: Awaited[] = [
      { server: 's1', is: 'down', withinMs: 1301 },
      { master: 'l4b', withinMs: 1302 },
    ];
    for (const one of awaited) for (const value of valuesIn(one)) expect(timeline.awaited(one)).toContain(value);
  });

  test('a stream in a step is described in one line: outage, calls, causes, connections', () => {
    expect(timeline.seen(summary)).toBe(
      language === 'English'
        ? '640 ms outage; 32 of 90 calls failed (stale-neighbour at l3, no-route at n7); connections: 6 survived, 3 reset, 1 stalled, longest wait 655 ms, 124 bytes lost'
        : '중단 640ms; 호출 90개 중 32개 실패(l3에서 stale-neighbour, n7에서 no-route); 연결: 6개 살아남음, 3개 리셋됨, 1개 멈춤, 가장 긴 대기 655ms, 124바이트 손실',
    );
    expect(timeline.outage({ fromMs: 3, toMs: null, ms: 12 })).not.toBe(
      timeline.outage({ fromMs: 3, toMs: 15, ms: 12 }),
    );
  });

  test('a prediction is described with bound, causes and the fate of connections', () => {
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

test('Korean messages have no English text, except output of the environment', () => {
  const english = messages.filter((message) => !/\p{Script=Hangul}/u.test(say(ko, message)));
  expect(english.map(({ code }) => code)).toEqual(['agent-failed']);
});

test('the port of an IPv6 address is outside the brackets', () => {
  expect(
    say(en, { code: 'listener-missing', params: { node, address: '2001:db8::7', port: 80, protocol: 'tcp' } }),
  ).toBe('n0 has no listener on [2001:db8::7]:80/tcp.');
});
