import { BRIDGE_NAME, bridgeName, strayBridges } from './bridges.ts';

const link = (index: number, name: string): string => `${index}: ${name}: <BROADCAST> mtu 1500 qdisc noop state DOWN`;

test('every wire of a lab has a unique name that the kernel accepts', () => {
  const names = Array.from({ length: 1000 }, (_, index) => bridgeName('0a1b2c3d', index));
  expect(new Set(names).size).toBe(1000);
  expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(15);
});

test('a bridge with the name of a wire is stray if no network has it', () => {
  const [used, stray] = [bridgeName('0a1b2c3d', 0), bridgeName('0a1b2c3d', 1)];
  const links = ['docker0', 'br-ad2b90ad5b09', 'l4lab', 'l4lab-of-mine', used, stray].map((name, n) => link(n, name));
  const networks = [{}, { Options: { [BRIDGE_NAME]: used } }];
  expect(strayBridges(links.join('\n'), networks)).toEqual([stray]);
});
