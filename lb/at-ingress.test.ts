import type { Endpoint } from './netns/endpoint.ts';
import type { NetnsLab } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { ROUTED, routedLab, routedService } from './testing/routed-lab.ts';
import { RunningLb } from './netns/running-lb.ts';

const CASES = (['IPv4', 'IPv6'] as const).flatMap((family) =>
  (['dsr', 'l3dsr'] as const).map((mode) => [family, mode] as const),
);

describe.each(CASES)('packets to a VIP that the host does not own, over %s in %s', (family, mode) => {
  const { vip } = ROUTED[family];
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;

  beforeAll(async () => {
    lab = await routedLab(1);
    client = await lab.endpoint('client');
    await (await lab.endpoint('s1')).listen('tcp', 80, '::');
    const servers = [{ name: 's1', address: ROUTED[family].server(1) }];
    const config = routedService(family, mode, { servers });
    const check = { type: 'tcp', intervalMs: 3_600_000, fall: 1 };
    const idle = { ...config.services[0]!, name: 'idle', port: 82, check };
    lb = await RunningLb.start(lab, 'l4', { ...config, services: [...config.services, idle] });
  });
  afterAll(() => lab.close());

  const ping = (bytes: number, ttl: number) =>
    lab.exec('client', 'ping', '-n', '-c', '1', '-W', '2', '-s', String(bytes), '-t', String(ttl), vip);

  it('echo requests are answered, fragmented or not', async () => {
    // Two routers on the path: the answer has its own TTL.
    expect(await ping(56, 2)).toMatch(new RegExp(`from ${vip}: icmp_seq=1 ttl=63`));
    expect(await ping(4000, 64)).toContain(`4008 bytes from ${vip}`);
  });

  it('are refused immediately on a port without a service', async () => {
    expect(await client.call('tcp', vip, 81)).toEqual({ error: 'ECONNREFUSED' });
    expect(await client.call('udp', vip, 81)).toEqual({ error: 'ECONNREFUSED' });
  });

  it('are refused immediately if no server of the service is up', async () => {
    expect(await client.call('tcp', vip, 82)).toEqual({ error: 'ECONNREFUSED' });
  });

  it('are refused if they come from the host itself', async () => {
    const l4 = await lab.endpoint('l4');
    // In IPv6 a route to `lo` refuses by itself.
    const error = family === 'IPv4' ? 'ECONNREFUSED' : 'ENETUNREACH';
    expect(await l4.call('tcp', vip, 81)).toEqual({ error });
    await l4.close();
  });

  it("bypass the host's connection tracking, and so do replies of servers", async () => {
    expect((await client.call('tcp', vip, 80)).server).toBe('s1');
    await ping(56, 64);
    expect((await lab.exec('l4', 'cat', '/proc/sys/net/netfilter/nf_conntrack_count')).trim()).toBe('0');
  });

  it('are refused immediately if all servers of the service are draining', async () => {
    const ask = await client.open(vip, 80);
    expect((await ask()).server).toBe('s1');
    await lb.reload(
      routedService(family, mode, { servers: [{ name: 's1', address: ROUTED[family].server(1), drain: true }] }),
    );
    expect(await client.call('tcp', vip, 80)).toEqual({ error: 'ECONNREFUSED' });
    expect((await ask()).server).toBe('s1');
  });
});
