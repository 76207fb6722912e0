import { plan } from '../model/testing/lab-builder.ts';
import { oneArm, PIP, VIP_A } from '../model/testing/labs.ts';
import { bridgeName } from './bridges.ts';
import { readHostNetwork, refuseClashes, type HostNetwork } from './host-network.ts';

const lab = plan(
  oneArm({
    services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s1'], proxyIp: PIP } },
    nodes: { s1: { loopback: ['203.0.113.7'] } },
  }),
);

const hostWith = (...addresses: string[]): HostNetwork => ({
  addresses: new Map(addresses.map((address) => [address, 'eth0'])),
  hairpinPort: null,
});

test.each([
  ['203.0.113.11', 'node s1'],
  ['203.0.113.7', 'node s1'],
  [VIP_A, 'service a'],
  [PIP, 'service a'],
])('%s of %s may not be an address of the host', (address, owner) => {
  expect(() => refuseClashes(lab, hostWith(address))).toThrow(`${address} of ${owner} (there on eth0)`);
});

test('the same subnet may be: wires are no part of the host', () => {
  expect(() => refuseClashes(lab, hostWith('203.0.113.99'))).not.toThrow();
});

describe('a port that gives frames back to their sender', () => {
  const port = (master: string, hairpin: boolean): HostNetwork =>
    readHostNetwork(
      JSON.stringify([{ ifname: 'veth1', master, linkinfo: { info_slave_data: { hairpin } }, addr_info: [] }]),
    );

  test.each(['br-11d401fbd3bd', bridgeName('0a1b2c3d', 4)])(
    "is refused in one of the engine's networks: %s",
    (name) => {
      expect(() => refuseClashes(lab, port(name, true))).toThrow('veth1');
    },
  );

  test('is nothing to a lab elsewhere', () => {
    expect(() => refuseClashes(lab, port('virbr0', true))).not.toThrow();
    expect(() => refuseClashes(lab, port('br-11d401fbd3bd', false))).not.toThrow();
  });
});
