import type { Endpoint, LoadResult } from './netns/endpoint.ts';
import type { NetnsLab } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { ROUTED, routedLab, routedService } from './testing/routed-lab.ts';
import { RunningLb } from './netns/running-lb.ts';

const NAMES = ['s1', 's2', 's3'];
/** Connections at a time. */
const PARALLEL = 4;
const CHECK = { type: 'tcp', intervalMs: 1000, timeoutMs: 250, fall: 2 };
/** The load balancer's own address toward the servers. */
const CHECKER = { IPv4: '203.0.113.1', IPv6: '2001:db8:2::1' };
const CASES = (['IPv4', 'IPv6'] as const).flatMap((family) =>
  ['dnat', 'proxy', 'dsr', 'l3dsr'].map((mode) => [family, mode] as const),
);

describe.each(CASES)('faults and changes under load, over %s in %s', (family, mode) => {
  const { vip, server } = ROUTED[family];
  let lab: NetnsLab;
  let client: Endpoint;
  let endpoints: Record<string, Endpoint>;
  let lb: RunningLb;

  const servers = (...names: string[]) => names.map((name) => ({ name, address: server(Number(name.slice(1))) }));
  const config = (list: unknown[], fields = {}) =>
    routedService(family, mode, { check: CHECK, servers: list, ...fields });
  const loadDuring = async (what: () => Promise<unknown>): Promise<LoadResult> => {
    const end = await client.load(vip, 80, PARALLEL);
    await what();
    return end();
  };
  const down = (name: string, seen: number) =>
    lb.line((line) => line.event === 'server-state' && line['server'] === name && line['up'] === false, seen);

  beforeAll(async () => {
    lab = await routedLab(NAMES.length);
    client = await lab.endpoint('client');
    endpoints = Object.fromEntries(
      await Promise.all(NAMES.map(async (name) => [name, await lab.endpoint(name)] as const)),
    );
    for (const endpoint of Object.values(endpoints)) await endpoint.listen('tcp', 80, '::');
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

  it('requests to a killed server fail only until it is detected', async () => {
    const seen = lb.lines.length;
    const before = await loadDuring(async () => {
      await endpoints['s2']!.unlisten('tcp', 80);
      await down('s2', seen);
    });
    const after = await loadDuring(() => client.calls(10, 'tcp', vip, 80));
    await endpoints['s2']!.listen('tcp', 80, '::');
    expectFew(before, ['ECONNREFUSED', 'ECONNRESET']);
    expect(after).toEqual({ answered: expect.any(Number) as number, failed: {} });
  });

  it('a silent server is removed after at least `fall` checks, and no request fails after that', async () => {
    const seen = lb.lines.length;
    let checks = '';
    const before = await loadDuring(async () => {
      await lab.exec('s2', 'nft', silence(CHECKER[family]));
      await down('s2', seen);
      checks = await lab.exec('s2', 'nft', 'list', 'counter', 'inet', 'silence', 'checks');
    });
    const after = await loadDuring(() => client.calls(10, 'tcp', vip, 80));
    await lab.exec('s2', 'nft', 'delete', 'table', 'inet', 'silence');
    expectFew(before, ['timeout', 'ECONNREFUSED', 'ECONNRESET']);
    expect(after).toEqual({ answered: expect.any(Number) as number, failed: {} });
    // More checks may be counted; balancer.test.ts tests the exact number.
    expect(Number(/packets (\d+)/.exec(checks)?.[1])).toBeGreaterThanOrEqual(CHECK.fall);
  });
});

/** Every second call goes to the failed server; one call in flight may fail on each connection of the load. */
function expectFew({ answered, failed }: LoadResult, errors: string[]): void {
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0);
  expect(Object.keys(failed).filter((error) => !errors.includes(error))).toEqual([]);
  expect(failures).toBeLessThanOrEqual((answered + failures) / 2 + PARALLEL);
}

/** Drops everything that comes, without a word, and counts the checks among it. */
function silence(checker: string): string {
  const ip = checker.includes(':') ? 'ip6' : 'ip';
  return `table inet silence {
    counter checks { }
    chain input {
      type filter hook input priority filter; policy accept;
      ${ip} saddr ${checker} tcp flags & (syn | ack) == syn counter name checks
      meta l4proto tcp drop
    }
  }`;
}
