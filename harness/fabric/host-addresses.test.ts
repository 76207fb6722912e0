import { plan } from '../model/testing/lab-builder.ts';
import { oneArm, PIP, VIP_A } from '../model/testing/labs.ts';
import { refuseHostAddresses } from './host-addresses.ts';

const lab = plan(
  oneArm({
    services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s1'], proxyIp: PIP } },
    nodes: { s1: { loopback: ['203.0.113.7'] } },
  }),
);

test.each([
  ['203.0.113.11', 'node s1'],
  ['203.0.113.7', 'node s1'],
  [VIP_A, 'service a'],
  [PIP, 'service a'],
])('%s of %s may not be an address of the host', (address, owner) => {
  expect(() => refuseHostAddresses(lab, new Map([[address, 'eth0']]))).toThrow(
    `${address} of ${owner} (there on eth0)`,
  );
});

test('the same subnet may be: wires are no part of the host', () => {
  expect(() => refuseHostAddresses(lab, new Map([['203.0.113.99', 'eth0']]))).not.toThrow();
});
