import type { ServiceStatus } from './api/status.ts';
import { callApi } from './netns/api-client.ts';
import type { Endpoint } from './netns/endpoint.ts';
import type { NetnsLab } from './netns/netns-lab.ts';
import { RunningLb } from './netns/running-lb.ts';
import { ROUTED, routedLab, routedService } from './testing/routed-lab.ts';
import './testing/test-timeout.ts';

const CASES = (['IPv4', 'IPv6'] as const).flatMap((family) =>
  (['dnat', 'proxy'] as const).flatMap((mode) =>
    (['tcp', 'udp'] as const).map((protocol) => [family, mode, protocol] as const),
  ),
);
/** Address of the load balancer's host toward the servers. */
const OWN = { IPv4: '203.0.113.1', IPv6: '2001:db8:2::1' };

describe.each(CASES)(
  'a server that is an address of the host itself, over %s in %s by %s',
  (family, mode, protocol) => {
    const { vip, client: clientAddress } = ROUTED[family];
    const own = { name: 'l4', address: OWN[family] };
    const s1 = { name: 's1', address: ROUTED[family].server(1) };
    let lab: NetnsLab;
    let l4: Endpoint;
    let client: Endpoint;
    let lb: RunningLb;
    let socket: string;
    const plain = (address: string) => address.replace(/^::ffff:/, '');

    const config = (fields: Record<string, unknown> = {}) => ({
      ...routedService(family, mode, { protocol, servers: [own, s1], ...fields }),
      vipOwner: true,
      api: { socket },
    });
    const start = async (fields?: Record<string, unknown>) => {
      lb = await RunningLb.start(lab, 'l4', config(fields));
    };
    const counted = async () => {
      const [service] = JSON.parse((await callApi(socket, 'GET', '/v1/services')).body) as ServiceStatus[];
      return service!.servers[0]!;
    };

    beforeAll(async () => {
      lab = await routedLab(1);
      socket = lab.file('api.sock');
      [l4, client] = await Promise.all([lab.endpoint('l4'), lab.endpoint('client')]);
      // On all addresses, UDP would reply from the address of the interface toward the client.
      await l4.listen(protocol, 80, own.address);
      await (await lab.endpoint('s1')).listen(protocol, 80, s1.address);
    });
    afterEach(async () => {
      expect(await lb.stop()).toBe(0);
      expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).toBe('');
    });
    afterAll(() => lab.close());

    it('gets its share of the flows, and sees the client', async () => {
      await start();
      const answers = await client.calls(4, protocol, vip, 80);
      expect(answers.map(({ server }) => server)).toEqual(['l4', 's1', 'l4', 's1']);
      expect(plain(answers[0]!.source ?? '')).toBe(clientAddress);
    });

    it('is counted like others: new flows, and packets in both directions', async () => {
      await start({ servers: [own] });
      await client.calls(3, protocol, vip, 80);
      const { newFlows, packets } = await counted();
      expect(newFlows).toBe(3);
      expect(packets).toBeGreaterThanOrEqual(6);
    });

    it("serves the host's own calls with `ownCalls`, and counts each packet once", async () => {
      await start({ servers: [own], ownCalls: true });
      const [first] = await l4.calls(1, protocol, vip, 80);
      expect([first!.server, plain(first!.source ?? '')]).toEqual(['l4', vip]);
      const { newFlows, packets } = await counted();
      expect(newFlows).toBe(1);
      if (protocol === 'udp') expect(packets).toBe(2);
    });

    it('is checked at its own address', async () => {
      if (protocol === 'udp') {
        await start();
        return;
      }
      const check = { type: 'tcp', intervalMs: 1000, timeoutMs: 1000 };
      await start({ servers: [own, { ...s1, port: 81 }], check });
      const answers = await client.calls(2, protocol, vip, 80);
      expect(answers.map(({ server }) => server)).toEqual(['l4', 'l4']);
    });

    it('no longer serves its flows once it is drained', async () => {
      await start({ servers: [own] });
      const localPort = 20_000;
      expect((await client.call(protocol, vip, 80, { localPort })).server).toBe('l4');
      await lb.reload(config({ servers: [{ ...own, drain: true, drainDeadlineMs: 0 }, s1] }));
      await lb.line(({ event }) => event === 'drained');
      expect((await client.call(protocol, vip, 80)).server).toBe('s1');
    });
  },
);
