import type { Walk } from '../../../harness/terms/walk.ts';
import { samplePlan } from '../../samples/sample-labs.ts';
import { hopsAlong, type TestPath } from '../../samples/sample-packets.ts';
import { lanesOf } from './lanes.ts';
import { peersOf } from '../../content/peers.ts';

const { nodes } = samplePlan('one-arm');
const peerOf = peersOf({ nodes });
const ends = { src: '198.51.100.10', dst: '203.0.113.80', srcPort: 40_000, dstPort: 80 };
const back = { src: '203.0.113.80', dst: '198.51.100.10', srcPort: 80, dstPort: 40_000 };
const walk = (request: TestPath, reply?: TestPath): Walk => ({
  request: hopsAlong(nodes, request, ends),
  reply: reply ? hopsAlong(nodes, reply, back) : [],
});
const arrows = (observed: Walk | null, predicted: Walk | null) =>
  lanesOf(observed, predicted, peerOf).map(
    ({ number, from, to, predicted, differs }) =>
      `${number ?? '-'} ${from}>${to}${predicted ? ' predicted' : ''}${differs ? ' differs' : ''}`,
  );

const there = { path: ['client', 'l3', 'l2', 'l4', 'l2', 's1'] };
const direct = { path: ['s1', 'l2', 'l3', 'client'] };

test('a crossing that was predicted and observed is one arrow', () => {
  expect(arrows(walk(there), walk(there))).toEqual([
    '1 client>l3 predicted',
    '2 l3>l2 predicted',
    '3 l2>l4 predicted',
    '4 l4>l2 predicted',
    '5 l2>s1 predicted',
  ]);
});

test('paths that diverge share their beginning; the point is marked once', () => {
  const seen = walk({ path: ['client', 'l3', 'l2', 's2'] });
  expect(arrows(seen, walk(there, direct))).toEqual([
    '1 client>l3 predicted',
    '2 l3>l2 predicted',
    '3 l2>s2 differs',
    '- l2>l4 predicted',
    '- l4>l2 predicted',
    '- l2>s1 predicted',
    '- s1>l2 predicted',
    '- l2>l3 predicted',
    '- l3>client predicted',
  ]);
});

test('a missing reply differs at its beginning', () => {
  expect(arrows(walk(there), walk(there, direct)).slice(4)).toEqual([
    '5 l2>s1 predicted',
    '- s1>l2 predicted differs',
    '- l2>l3 predicted',
    '- l3>client predicted',
  ]);
});

test('the same wire with other addresses is a different path', () => {
  const natted = walk({ path: there.path, rewrites: { l4: { dst: '203.0.113.11' } } });
  expect(arrows(walk(there), natted)[3]).toBe('4 l4>l2 differs');
});

test('a flow that did not run has a predicted path and no difference', () => {
  expect(arrows(null, walk({ path: ['s1', 'l2', 'l4'] }))).toEqual(['- s1>l2 predicted', '- l2>l4 predicted']);
});

test('a packet that left and never arrived is shown on its wire', () => {
  const lost = walk({ path: ['client', 'l3', 'l2'] });
  lost.request.pop();
  const [, last] = lanesOf(lost, null, peerOf);
  expect(last).toMatchObject({ from: 'l3', to: 'l2', number: 2, observed: { in: null } });
});

test('a loop is one round of arrows with the number of further rounds; numbering continues after it', () => {
  const path = ['client', ...Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'l3' : 'l4'))];
  const rounds = walk({ path: ['client', 'l3', 'l2'] });
  const [out, into] = rounds.request.slice(0, 2);
  const looping: Walk = {
    request: path.slice(1).flatMap((node, i) => [
      { ...out!, node: path[i]!, iface: node, ttl: 64 - i },
      { ...into!, node, iface: path[i]!, ttl: 64 - i },
    ]),
    reply: walk(there, direct).reply,
  };
  const lanes = lanesOf(looping, looping, (_, iface) => iface);
  expect(lanes.slice(0, 4).map(({ from, to, number, fold }) => [number, `${from}>${to}`, fold])).toEqual([
    [1, 'client>l3', null],
    [2, 'l3>l4', null],
    [3, 'l4>l3', { count: 17, ttl: { first: 61, last: 45 } }],
    [4, expect.stringMatching(/^s1>/), null],
  ]);
});
