import type { Endpoint, LoadResult } from './testing/endpoint.ts';
import { NetnsLab, QUIET_ARP, ROUTER } from './testing/netns-lab.ts';
import './testing/patience.ts';
import { RunningLb } from './testing/running-lb.ts';

const VIP = '203.0.113.80';
const NAMES = ['s1', 's2', 's3'];
const CHECK = { type: 'tcp', intervalMs: 100, timeoutMs: 100, fall: 2 };

function servers(...names: string[]) {
  return names.map((name) => ({ name, address: `203.0.113.1${name.slice(1)}` }));
}

describe.each(['dsr', 'proxy'])('faults and changes under load, in %s', (mode) => {
  let lab: NetnsLab;
  let client: Endpoint;
  let endpoints: Record<string, Endpoint>;
  let lb: RunningLb;

  const config = (list: unknown[], fields = {}) => ({
    version: 1,
    services: [{ name: 'web', vip: VIP, port: 80, mode, check: CHECK, servers: list, ...fields }],
  });
  const loadDuring = async (what: () => Promise<unknown>): Promise<LoadResult> => {
    const end = await client.load(VIP, 80);
    await what();
    return end();
  };

  beforeAll(async () => {
    const links = Object.fromEntries(['client', 'l4', ...NAMES].map((name) => [name, '']));
    const node = (host: string) => ({ links: { sw: `203.0.113.${host}/24` } });
    const server = (name: string) => ({ ...node(`1${name.slice(1)}`), loopback: [`${VIP}/32`], sysctls: QUIET_ARP });
    lab = await NetnsLab.create({
      sw: { bridge: '', links },
      client: node('100'),
      l4: { ...node('2'), sysctls: ROUTER },
      ...Object.fromEntries(NAMES.map((name) => [name, server(name)])),
    });
    client = await lab.endpoint('client');
    endpoints = Object.fromEntries(
      await Promise.all(NAMES.map(async (name) => [name, await lab.endpoint(name)] as const)),
    );
    for (const endpoint of Object.values(endpoints)) await endpoint.listen('tcp', 80);
  });
  beforeEach(async () => {
    lb = await RunningLb.start(lab, 'l4', config(servers('s1', 's2')));
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  it('no request fails while servers are added, weighted, drained and removed', async () => {
    const result = await loadDuring(async () => {
      await lb.reload(config(servers('s1', 's2', 's3')));
      await lb.line(({ event, server }) => event === 'server-state' && server === 's3');
      await lb.reload(config([...servers('s1', 's2'), { ...servers('s3')[0], weight: 5 }]));
      await lb.reload(config([...servers('s1', 's3'), { ...servers('s2')[0], drain: true }]));
      await lb.line(({ event }) => event === 'drained');
      await lb.reload(config(servers('s1', 's3')));
    });
    expect(result).toEqual({ answered: expect.any(Number) as number, failed: {} });
  });

  it('no request fails while the configuration is reloaded a hundred times', async () => {
    const result = await loadDuring(async () => {
      for (let i = 0; i < 100; i++)
        await lb.reload(config(servers('s1', 's2'), i % 2 ? { scheduler: 'source-hash' } : {}));
    });
    expect(result.failed).toEqual({});
    expect(result.answered).toBeGreaterThan(100);
  });

  it('no request fails while the process is killed and started again', async () => {
    const result = await loadDuring(async () => {
      lb.kill();
      await lb.ended;
      lb = await RunningLb.start(lab, 'l4', config(servers('s1', 's2')));
    });
    expect(result.failed).toEqual({});
  });

  it('no request fails once a killed server has been noticed', async () => {
    const before = await loadDuring(async () => {
      await endpoints['s2']!.unlisten('tcp', 80);
      await lb.line(({ event, server, up }) => event === 'server-state' && server === 's2' && up === false);
    });
    const after = await loadDuring(() => client.calls(10, 'tcp', VIP, 80));
    await endpoints['s2']!.listen('tcp', 80);
    expect(Object.keys(before.failed).filter((error) => !['ECONNREFUSED', 'ECONNRESET'].includes(error))).toEqual([]);
    expect(after.failed).toEqual({});
  });
});
