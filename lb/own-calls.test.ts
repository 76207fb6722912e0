import { callApi } from './netns/api-client.ts';
import type { Endpoint } from './netns/endpoint.ts';
import type { NetnsLab } from './netns/netns-lab.ts';
import { RunningLb } from './netns/running-lb.ts';
import type { ServiceStatus } from './api/status.ts';
import { ROUTED, routedLab, routedService } from './testing/routed-lab.ts';
import './testing/test-timeout.ts';

const CASES = (['IPv4', 'IPv6'] as const).flatMap((family) =>
  (['dnat', 'proxy'] as const).flatMap((mode) =>
    (['tcp', 'udp'] as const).map((protocol) => [family, mode, protocol] as const),
  ),
);
/** Address of the load balancer's host toward the servers. */
const OWN = { IPv4: '203.0.113.1', IPv6: '2001:db8:2::1' };

describe.each(CASES)("the host's own calls over %s in %s by %s", (family, mode, protocol) => {
  const { vip, proxyIp } = ROUTED[family];
  let lab: NetnsLab;
  let l4: Endpoint;
  let lb: RunningLb;
  let socket: string;
  const plain = (address: string) => address.replace(/^::ffff:/, '');

  const config = (fields: Record<string, unknown> = {}) => ({
    ...routedService(family, mode, { protocol, ...fields }),
    vipOwner: true,
    api: { socket },
  });
  const start = async (fields?: Record<string, unknown>) => {
    lb = await RunningLb.start(lab, 'l4', config(fields));
  };
  const servers = async (times: number) => (await l4.calls(times, protocol, vip, 80)).map(({ server }) => server);

  beforeAll(async () => {
    lab = await routedLab(2);
    socket = lab.file('api.sock');
    l4 = await lab.endpoint('l4');
    for (const name of ['s1', 's2']) {
      await (await lab.endpoint(name)).listen(protocol, 80, family === 'IPv4' ? '0.0.0.0' : '::');
    }
  });
  afterEach(async () => {
    expect(await lb.stop()).toBe(0);
    expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).toBe('');
  });
  afterAll(() => lab.close());

  it('reach no server unless `ownCalls` is set', async () => {
    await start();
    expect(await l4.call(protocol, vip, 80)).toEqual({ error: 'ECONNREFUSED' });
  });

  it('are balanced and counted, and their source is not the VIP', async () => {
    await start({ ownCalls: true });
    const answers = await l4.calls(4, protocol, vip, 80);
    expect(answers.map(({ server }) => server)).toEqual(['s1', 's2', 's1', 's2']);
    const source = mode === 'proxy' ? proxyIp : OWN[family];
    expect(answers.map((answer) => plain(answer.source ?? ''))).toEqual(Array(4).fill(source));
    const [service] = JSON.parse((await callApi(socket, 'GET', '/v1/services')).body) as ServiceStatus[];
    expect(service!.servers.map(({ newFlows }) => newFlows)).toEqual([2, 2]);
  });

  it('stay on one server with persistence', async () => {
    await start({ ownCalls: true, persistence: { timeoutMs: 60_000 } });
    expect(new Set(await servers(3)).size).toBe(1);
  });

  it('are refused if no server is up, although the host listens on that port', async () => {
    await l4.listen(protocol, 80, family === 'IPv4' ? '0.0.0.0' : '::');
    const down = [{ name: 's1', address: ROUTED[family].server(1), port: 81 }];
    await start({ ownCalls: true, servers: down, check: { type: 'tcp', intervalMs: 50, timeoutMs: 50 } });
    const answer = await l4.call(protocol, vip, 80);
    await l4.unlisten(protocol, 80);
    expect(answer).toEqual({ error: 'ECONNREFUSED' });
  });

  it('follow changes of the configuration', async () => {
    await start();
    await lb.reload(config({ ownCalls: true }));
    expect(await servers(2)).toEqual(['s1', 's2']);
    await lb.reload(config());
    expect(await l4.call(protocol, vip, 80)).toEqual({ error: 'ECONNREFUSED' });
  });
});

describe("the host's own flows to a removed server", () => {
  const { vip, server } = ROUTED.IPv4;
  let lab: NetnsLab;
  let l4: Endpoint;
  let lb: RunningLb;

  const config = (protocol: string, drain: boolean) => {
    const [s1, s2] = [1, 2].map((n) => ({ name: `s${n}`, address: server(n) }));
    const servers = [{ ...s1, drain, drainDeadlineMs: 0 }, s2];
    return { ...routedService('IPv4', 'dnat', { protocol, ownCalls: true, servers }), vipOwner: true };
  };
  const drain = async (protocol: string) => {
    await lb.reload(config(protocol, true));
    await lb.line(({ event }) => event === 'drained');
  };

  beforeAll(async () => {
    lab = await routedLab(2);
    l4 = await lab.endpoint('l4');
    for (const name of ['s1', 's2']) {
      for (const protocol of ['tcp', 'udp'] as const) await (await lab.endpoint(name)).listen(protocol, 80);
    }
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  it('are reset', async () => {
    lb = await RunningLb.start(lab, 'l4', config('tcp', false));
    const ask = await l4.open(vip, 80);
    expect((await ask()).server).toBe('s1');
    await drain('tcp');
    await lb.until(async () => (await ask()).error === 'ECONNRESET');
    expect((await l4.call('tcp', vip, 80)).server).toBe('s2');
  });

  it('are refused if they have no connection', async () => {
    lb = await RunningLb.start(lab, 'l4', config('udp', false));
    const localPort = 20_000;
    expect((await l4.call('udp', vip, 80, { localPort })).server).toBe('s1');
    await drain('udp');
    await lb.until(async () => (await l4.call('udp', vip, 80, { localPort })).error === 'ECONNREFUSED');
    expect((await l4.call('udp', vip, 80)).server).toBe('s2');
  });
});
