import type { Answer, Endpoint } from './netns/endpoint.ts';
import { NetnsLab, QUIET_ARP, ROUTER } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { RunningLb } from './netns/running-lb.ts';

const VIP = '203.0.113.80';
const PROXY_IP = '203.0.113.254';
const NAMES = ['s1', 's2', 's3'];

function server(name: string, fields: Record<string, unknown> = {}) {
  return { name, address: `203.0.113.1${name.slice(1)}`, ...fields };
}

function config(
  mode: string,
  servers: unknown[],
  fields: Record<string, unknown> = {},
  root: Record<string, unknown> = {},
) {
  return { version: 1, ...root, services: [{ name: 'web', vip: VIP, port: 80, mode, servers, ...fields }] };
}

function tally(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { server: name, error } of answers) counts[name ?? error] = (counts[name ?? error] ?? 0) + 1;
  return counts;
}

describe.each(['dsr', 'proxy'])('flows in %s', (mode) => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;

  const start = async (
    ...args: [servers: unknown[], fields?: Record<string, unknown>, root?: Record<string, unknown>]
  ) => {
    lb = await RunningLb.start(lab, 'l4', config(mode, ...args));
  };
  const reload = async (...args: [servers: unknown[], fields?: Record<string, unknown>]) => {
    await lb.reload(config(mode, ...args));
  };
  const calls = async (times: number) => tally(await client.calls(times, 'tcp', VIP, 80));
  /** An open connection and the server it is on. */
  const openOn = async (name: string) => {
    for (;;) {
      const ask = await client.open(VIP, 80);
      if ((await ask()).server === name) return ask;
    }
  };

  beforeAll(async () => {
    lab = await NetnsLab.create({
      client: { links: { sw: '203.0.113.100/24' } },
      sw: { bridge: '', links: { client: '', l4: '', s1: '', s2: '', s3: '' } },
      l4: { links: { sw: '203.0.113.2/24' }, sysctls: ROUTER },
      ...Object.fromEntries(
        NAMES.map((name) => [
          name,
          { links: { sw: `${server(name).address}/24` }, loopback: [`${VIP}/32`], sysctls: QUIET_ARP },
        ]),
      ),
    });
    client = await lab.endpoint('client');
    for (const name of NAMES) await (await lab.endpoint(name)).listen('tcp', 80);
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  const both = [server('s1'), server('s2')];
  const proxyIp = mode === 'proxy' ? { proxyIp: PROXY_IP } : {};

  it('persistence keeps a client on its server, but not on a removed one', async () => {
    const fields = { ...proxyIp, persistence: { timeoutMs: 60_000 } };
    await start(both, fields);
    expect(await calls(4)).toEqual({ s1: 4 });
    await reload([server('s2'), server('s3')], fields);
    expect(Object.values(await calls(4))).toEqual([4]);
  });

  it('flows stay on their servers when servers, weights and scheduler change', async () => {
    await start(both, proxyIp);
    const ask = await openOn('s2');
    await reload([server('s3'), server('s2', { weight: 9 }), server('s1')], { ...proxyIp, scheduler: 'maglev' });
    expect((await ask()).server).toBe('s2');
    await reload([server('s1')], proxyIp);
    expect((await ask()).server).toBe('s2');
    expect(await calls(4)).toEqual({ s1: 4 });
  });

  it('a draining server finishes its flows, gets no new ones, and is removed', async () => {
    await start(both, proxyIp);
    const ask = await openOn('s2');
    await reload([server('s1'), server('s2', { drain: true })], proxyIp);
    expect((await ask()).server).toBe('s2');
    expect(await calls(4)).toEqual({ s1: 4 });
    expect(lb.lines.some(({ event }) => event === 'drained')).toBe(false);
    await client.closeAll();
    expect(await lb.line(({ event }) => event === 'drained')).toMatchObject({ server: 's2', reason: 'drained' });
  });

  it('flows of a draining server are cut at its deadline', async () => {
    await start(both, proxyIp);
    const ask = await openOn('s2');
    await reload([server('s1'), server('s2', { drain: true })], { ...proxyIp, drainDeadlineMs: 0 });
    await lb.line(({ event, reason }) => event === 'drained' && String(reason).includes('cut'));
    await lb.until(async () => (await ask()).error === 'ECONNRESET');
    expect(await calls(2)).toEqual({ s1: 2 });
  });

  it('flows continue when the process is killed and started again', async () => {
    await start(both, proxyIp);
    const asks = [await openOn('s1'), await openOn('s2')];
    lb.kill();
    await lb.ended;
    expect((await asks[0]!()).server).toBe('s1');
    await start([server('s2'), server('s1'), server('s3')], proxyIp);
    expect((await asks[0]!()).server).toBe('s1');
    expect((await asks[1]!()).server).toBe('s2');
    await lb.stop();
    expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).toBe('');
    expect(await lab.exec('l4', 'ip', 'addr')).not.toContain(VIP);
  });

  it('a reload with a bad configuration is refused with its position; the old one stays in force', async () => {
    await start(both, proxyIp);
    const seen = lb.lines.length;
    await lb.rewrite({ version: 1, services: [{ name: 'web' }] });
    lb.signal('SIGHUP');
    expect(await lb.line(({ event }) => event === 'error', seen)).toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(/lb\.json:1:\d+: services\.0\.vip/) as string,
    });
    expect(await calls(2)).toEqual({ s1: 1, s2: 1 });
  });

  it('uses all servers as a last resort, if configured', async () => {
    const check = { type: 'tcp', intervalMs: 50, timeoutMs: 50 };
    const dead = [server('s1', mode === 'dsr' ? {} : { port: 81 })];
    const port = mode === 'dsr' ? 81 : 80;
    await start(dead, { ...proxyIp, port, check, whenNoneUp: 'last-resort' });
    const error = (await client.call('tcp', VIP, port)).error;
    const counters = await lab.exec('l4', 'nft', 'list', 'ruleset');
    expect(error).toBe('ECONNREFUSED');
    expect(counters).toMatch(/203\.0\.113\.80 \. .*counter packets 1 /);
  });
});
