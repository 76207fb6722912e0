import type { EnvironmentError } from '../errors.ts';
import type { Fault } from '../terms/fault.ts';
import { plan } from '../model/testing/lab-builder.ts';
import { oneArm, PIP, VIP_A } from '../model/testing/labs.ts';
import { bridgeName } from './bridges.ts';
import { readHostNetwork, rejectConflicts, type HostNetwork } from './host-network.ts';

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

/** Why a lab is refused on a host; undefined where it is not. */
function faultOf(...clash: Parameters<typeof rejectConflicts>): Fault | undefined {
  try {
    rejectConflicts(...clash);
    return undefined;
  } catch (error) {
    return (error as EnvironmentError).fault;
  }
}

test.each([
  ['203.0.113.11', 's1'],
  ['203.0.113.7', 's1'],
  [VIP_A, 'a'],
  [PIP, 'a'],
])('%s of %s must not be an address of the host', (address, owner) => {
  expect(faultOf(lab, hostWith(address))).toMatchObject({
    code: 'addresses-in-use',
    params: { clashes: expect.arrayContaining([{ address, owner, iface: 'eth0' }]) as unknown },
  });
});

test('the same subnet is allowed: wires are not part of the host', () => {
  expect(() => rejectConflicts(lab, hostWith('203.0.113.99'))).not.toThrow();
});

describe('a port that returns frames to their sender', () => {
  const port = (master: string, hairpin: boolean): HostNetwork =>
    readHostNetwork(
      JSON.stringify([{ ifname: 'veth1', master, linkinfo: { info_slave_data: { hairpin } }, addr_info: [] }]),
    );

  test.each(['br-11d401fbd3bd', bridgeName('0a1b2c3d', 4)])(
    "is refused in one of the engine's networks: %s",
    (name) => {
      expect(faultOf(lab, port(name, true))).toEqual({ code: 'hairpin', params: { port: 'veth1' } });
    },
  );

  test('is irrelevant to other networks', () => {
    expect(() => rejectConflicts(lab, port('virbr0', true))).not.toThrow();
    expect(() => rejectConflicts(lab, port('br-11d401fbd3bd', false))).not.toThrow();
  });
});
