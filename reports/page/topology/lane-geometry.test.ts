import { samplePlan } from '../../samples/sample-labs.ts';
import { hopsAlong } from '../../samples/sample-packets.ts';
import { passages, placeLanes } from './lane-geometry.ts';
import { lanesOf } from './lanes.ts';
import { layoutTopology } from './layout.ts';
import { peersOf } from '../../content/peers.ts';

const lab = samplePlan('one-arm');
const layout = layoutTopology({ ...lab, services: [] });
const ends = { src: '198.51.100.10', dst: '203.0.113.80', srcPort: 40_000, dstPort: 80 };
const request = hopsAlong(lab.nodes, { path: ['client', 'l3', 'l2', 'l4', 'l2', 's1'] }, ends);
const placed = placeLanes(lanesOf({ request, reply: [] }, null, peersOf(lab)), layout.wires);

/** Box of a node, and the x of every point that shapes the packet's curve through it. */
function through(name: string) {
  const box = layout.boxes.find((b) => b.name === name)!;
  const { path } = passages(placed, layout).find(({ node }) => node === name)!;
  return { box, xs: [...path.matchAll(/([\d.]+),/g)].map(([, x]) => Number(x)) };
}

test('a packet passes straight through a node if it leaves on the other side', () => {
  const { xs } = through('l3');
  expect(Math.max(...xs) - Math.min(...xs)).toBeLessThan(1);
});

test('a packet that turns back in a one-armed L4 stays left of its text', () => {
  const { box, xs } = through('l4');
  // A curve reaches three quarters of the distance to its control points.
  expect(0.75 * (Math.max(...xs) - box.x)).toBeLessThan(box.indent);
});
