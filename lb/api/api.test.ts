import { once } from 'node:events';
import { connect } from 'node:net';
import { stat } from 'node:fs/promises';
import { callApi } from '../netns/api-client.ts';
import type { Endpoint } from '../netns/endpoint.ts';
import { NetnsLab, QUIET_ARP, ROUTER } from '../netns/netns-lab.ts';
import '../testing/test-timeout.ts';
import { RunningLb } from '../netns/running-lb.ts';

const VIP = '203.0.113.80';
const SERVICE = {
  name: 'web',
  vip: VIP,
  port: 80,
  mode: 'proxy',
  servers: [
    { name: 's1', address: '203.0.113.11' },
    { name: 's2', address: '203.0.113.12' },
  ],
};
const CONFIG = { version: 1, services: [SERVICE] };

describe('API', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;
  let socket: string;

  const call = (method: string, path: string, body?: unknown) => callApi(socket, method, path, body);

  beforeAll(async () => {
    const node = (host: number) => ({ links: { sw: `203.0.113.${host}/24` } });
    lab = await NetnsLab.create({
      sw: { bridge: '', links: { client: '', l4: '', s1: '', s2: '' } },
      client: node(100),
      l4: { ...node(2), sysctls: ROUTER },
      s1: { ...node(11), loopback: [`${VIP}/32`], sysctls: QUIET_ARP },
      s2: { ...node(12), loopback: [`${VIP}/32`], sysctls: QUIET_ARP },
    });
    socket = lab.file('api.sock');
    client = await lab.endpoint('client');
    for (const name of ['s1', 's2']) await (await lab.endpoint(name)).listen('tcp', 80);
  });
  beforeEach(async () => {
    lb = await RunningLb.start(lab, 'l4', { ...CONFIG, api: { socket } });
  });
  afterEach(async () => {
    await client.closeAll();
    await lb.stop();
  });
  afterAll(() => lab.close());

  const served = async (times: number) => (await client.calls(times, 'tcp', VIP, 80)).map(({ server }) => server);

  it('only its owner may use the socket; it is removed at the end', async () => {
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const connect = `require('node:net').connect('${socket}').on('error', (error) => console.log(error.code))`;
    expect(await lab.exec('l4', ...nobody, process.execPath, '-e', connect)).toBe('EACCES\n');
    await lb.stop();
    await expect(stat(socket)).rejects.toThrow('ENOENT');
  });

  it('drains a server and undrains it', async () => {
    expect((await call('PATCH', '/v1/services/web/servers/s1', { drain: true })).status).toBe(200);
    expect(await served(2)).toEqual(['s2', 's2']);
    expect((await call('PATCH', '/v1/services/web/servers/s1', { drain: false })).status).toBe(200);
    expect(new Set(await served(4)).size).toBe(2);
  });

  it('changes weights', async () => {
    await call('PATCH', '/v1/services/web/servers/s2', { weight: 3 });
    expect((await served(8)).filter((name) => name === 's2')).toHaveLength(6);
  });

  describe('values that it sets for a server', () => {
    const config = (first = {}) => ({
      ...CONFIG,
      api: { socket },
      services: [{ ...SERVICE, servers: [{ ...SERVICE.servers[0], ...first }, SERVICE.servers[1]] }],
    });
    const server = async () => {
      const { services } = JSON.parse((await call('GET', '/v1/config')).body) as { services: (typeof SERVICE)[] };
      return services[0]!.servers[0];
    };
    const dropped = () => lb.lines.filter(({ event }) => event === 'override-dropped');

    beforeEach(async () => {
      const changes = { drain: true, weight: 3 };
      expect((await call('PATCH', '/v1/services/web/servers/s1', changes)).status).toBe(200);
    });

    it('survive reloads until the file changes the same value, which is logged', async () => {
      await call('POST', '/v1/reload');
      expect(await lb.reload(config())).toMatchObject({ overrides: 2 });
      expect(await served(2)).toEqual(['s2', 's2']);
      expect(await lb.reload(config({ weight: 5 }))).toMatchObject({ overrides: 1 });
      expect(await server()).toMatchObject({ drain: true, weight: 5 });
      expect(dropped()).toMatchObject([{ server: 's1', field: 'weight', value: 3 }]);
      await call('PATCH', '/v1/services/web/servers/s1', { drain: false });
      expect(await lb.reload(config({ weight: 1 }))).toMatchObject({ overrides: 0 });
      expect(new Set(await served(4)).size).toBe(2);
      expect(dropped()).toHaveLength(1);
    });

    it.each(['proxy', 'dsr'])('survive a crash in %s, unless the file has changed since', async (mode) => {
      const services = [{ ...SERVICE, mode }];
      await lb.reload({ ...config(), services });
      lb.kill();
      await lb.ended;
      lb = await RunningLb.start(lab, 'l4', {
        ...config({ weight: 5 }),
        services: [{ ...config({ weight: 5 }).services[0], mode }],
      });
      expect(lb.lines.at(-1)).toMatchObject({ event: 'ready', overrides: 1 });
      expect(await server()).toMatchObject({ drain: true, weight: 5 });
      expect(await served(2)).toEqual(['s2', 's2']);
      expect(dropped()).toMatchObject([{ server: 's1', field: 'weight', value: 3 }]);
    });

    it('end with a configuration from the API, which is logged', async () => {
      await call('PUT', '/v1/config', { version: 1, services: config({ weight: 3 }).services });
      expect(await server()).toEqual({ ...SERVICE.servers[0], weight: 3 });
      expect(dropped()).toMatchObject([{ server: 's1', field: 'drain', value: true }]);
    });

    it('end with the load balancer, which is logged', async () => {
      await lb.stop();
      expect(dropped()).toMatchObject([{ field: 'weight' }, { field: 'drain' }]);
      lb = await RunningLb.start(lab, 'l4', config());
      expect(lb.lines.at(-1)).toMatchObject({ event: 'ready', overrides: 0 });
    });
  });

  it('counts flows, packets and bytes by server', async () => {
    await served(4);
    await (
      await client.open(VIP, 80)
    )();
    const [service] = JSON.parse((await call('GET', '/v1/services')).body) as { servers: Record<string, number>[] }[];
    expect(service!.servers[0]).toMatchObject({ name: 's1', role: 'new', up: true, newFlows: 3, activeFlows: 1 });
    expect(service!.servers[1]).toMatchObject({ name: 's2', newFlows: 2, activeFlows: 0 });
    expect(service!.servers[0]!['bytes']).toBeGreaterThan(300);
    expect(JSON.parse((await call('GET', '/v1/services/web/servers/s1')).body)).toMatchObject({
      name: 's1',
      newFlows: 3,
    });
  });

  it('counts only flows if packets are not counted, without a lookup per packet', async () => {
    await call('PUT', '/v1/config', { version: 1, countPackets: false, services: [SERVICE] });
    await served(2);
    const [service] = JSON.parse((await call('GET', '/v1/services')).body) as { servers: Record<string, number>[] }[];
    expect(service!.servers[0]).toMatchObject({ newFlows: 1, packets: null, bytes: null });
    const metrics = (await call('GET', '/metrics')).body;
    expect(metrics).toMatch(/^l4lab_lb_new_flows_total\{service="web",server="s1"\} 1$/m);
    expect(metrics).not.toMatch(/^l4lab_lb_(packets|bytes)_total\{/m);
    expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).not.toMatch(/chain traffic|ct mark/);
  });

  it.each(['proxy', 'dsr'])('lists flows in %s, in pages, optionally of one server', async (mode) => {
    await call('PUT', '/v1/config', { version: 1, services: [{ ...SERVICE, mode }] });
    for (let i = 0; i < 3; i++) {
      await (
        await client.open(VIP, 80)
      )();
    }
    const flows = async (query = '') =>
      JSON.parse((await call('GET', `/v1/flows${query}`)).body) as { total: number; flows: Record<string, unknown>[] };
    const { total, flows: all } = await flows();
    expect(total).toBe(3);
    expect(all.map(({ server }) => server)).toEqual(['s1', 's1', 's2']);
    expect(all[0]).toEqual({
      service: 'web',
      server: 's1',
      client: '203.0.113.100',
      clientPort: expect.any(Number) as number,
    });
    expect(await flows('?limit=2')).toEqual({ total: 3, flows: all.slice(0, 2) });
    expect(await flows('?limit=2&offset=2')).toEqual({ total: 3, flows: all.slice(2) });
    expect(await flows('?service=web&server=s2')).toEqual({ total: 1, flows: all.slice(2) });
    expect(await flows('?service=other')).toEqual({ total: 0, flows: [] });
  });

  it('drains a server with its own deadline, also one that is already draining', async () => {
    const path = '/v1/services/web/servers/s1';
    const [first, second] = [await client.open(VIP, 80), await client.open(VIP, 80)];
    expect([(await first()).server, (await second()).server]).toEqual(['s1', 's2']);
    await call('PATCH', path, { drain: true });
    expect((await first()).server).toBe('s1');
    await call('PATCH', path, { drainDeadlineMs: 0 });
    expect(await lb.line(({ event }) => event === 'drained')).toMatchObject({ reason: '1 flows cut at the deadline' });
    await lb.until(async () => (await first()).error === 'ECONNRESET');
    expect((await second()).server).toBe('s2');
  });

  it('exports the same figures to Prometheus', async () => {
    await served(4);
    const { body } = await call('GET', '/metrics');
    expect(body).toContain('# TYPE l4lab_lb_new_flows_total counter');
    expect(body).toContain('l4lab_lb_new_flows_total{service="web",server="s1"} 2\n');
    expect(body).toMatch(/l4lab_lb_rule_change_seconds 0\.\d+/);
    expect(samplesOf(body)).toEqual(new Set(body.split('\n').filter((line) => line !== '' && !line.startsWith('#'))));
  });

  it('replaces the configuration; a bad one is refused and changes nothing', async () => {
    const rules = (await call('GET', '/v1/rules')).body;
    const bad = {
      version: 1,
      services: [
        { ...SERVICE, port: 0 },
        { ...SERVICE, name: 'Web' },
      ],
    };
    const refused = await call('PUT', '/v1/config', bad);
    expect(refused.status).toBe(400);
    expect(refused.body).toMatch(/services\.0\.port: .*services\.1\.name: /);
    expect((await call('GET', '/v1/rules')).body).toBe(rules);
    const good = { version: 1, services: [{ ...SERVICE, servers: SERVICE.servers.slice(1) }] };
    expect((await call('PUT', '/v1/config', good)).status).toBe(200);
    expect(await served(2)).toEqual(['s2', 's2']);
    expect((await call('POST', '/v1/reload')).status).toBe(200);
    expect(new Set(await served(4)).size).toBe(2);
  });

  it.each([
    ['GET', '/v1/nothing', undefined, 404],
    ['DELETE', '/v1/services', undefined, 405],
    ['PATCH', '/v1/services/web/servers/s9', { weight: 1 }, 404],
    ['GET', '/v1/services/web/servers/s9', undefined, 404],
    ['GET', '/v1/services/other/servers/s1', undefined, 404],
    ['PATCH', '/v1/services/web/servers/s1', { weight: 0 }, 400],
    ['PATCH', '/v1/services/web/servers/s1', { name: 'x' }, 400],
    ['GET', '/v1/flows?limit=0', undefined, 400],
    ['GET', '/v1/flows?since=1', undefined, 400],
    ['PUT', '/v1/config', '{', 400],
    ['PUT', '/v1/config', undefined, 400],
  ])('%s %s with %j answers %i with a reason', async (method, path, body, status) => {
    const reply = await call(method, path, body);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toMatchObject({ error: { message: expect.any(String) as string } });
  });

  it.each([
    ['POST', '/v1/nothing', 404],
    ['DELETE', '/v1/config', 405],
    ['PATCH', '/v1/services/web/servers/s1', 400],
  ])(
    '%s %s is answered %i after its body is read, so that the client sees no broken pipe',
    async (method, path, status) => {
      const connection = connect(socket);
      const ended = once(connection, 'end');
      let answer = '';
      connection.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      connection.write(
        `${method} ${path} HTTP/1.1\r\nhost: lb\r\nconnection: close\r\ncontent-length: 20\r\n\r\n0123456789`,
      );
      // Another answer shows that the load balancer had its time.
      await call('GET', '/v1/openapi.json');
      expect(answer).toBe('');
      connection.write('0123456789');
      await ended;
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    },
  );

  it('refuses a body that is too large', async () => {
    expect((await call('PUT', '/v1/config', 'x'.repeat(17_000_000))).status).toBe(413);
  });

  it('describes every route', async () => {
    const { paths } = JSON.parse((await call('GET', '/v1/openapi.json')).body) as {
      paths: Record<string, Record<string, { summary?: string }>>;
    };
    const summaries = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ summary }) => summary));
    expect(summaries).toHaveLength(11);
    expect(summaries).not.toContain(undefined);
  });

  it('a second load balancer in the same namespace is refused and changes nothing', async () => {
    const second = await RunningLb.spawn(lab, 'l4', CONFIG);
    expect(await second.ended).toBe(1);
    expect(second.lines.at(-1)).toMatchObject({ event: 'error', code: 'already-running' });
    expect(await served(2)).toEqual(['s1', 's2']);
  });

  it('the API on a port requires the token', async () => {
    await lb.stop();
    lb = await RunningLb.start(lab, 'l4', { ...CONFIG, api: { port: 9000, token: 'a-token-of-some-length' } });
    const status = async (...headers: string[]) =>
      lab.exec('l4', process.execPath, '-e', ASK, ...headers).then((text) => text.trim());
    expect(await status()).toBe('401');
    expect(await status('Bearer a-token-of-some-lengtH')).toBe('401');
    expect(await status('Bearer a-token-of-some-length')).toBe('200');
  });
});

/** Samples below the HELP and TYPE of their metric, which occur once, as the text format requires. */
function samplesOf(exposition: string): Set<string> {
  const name = '[a-z][a-z0-9_]*';
  const labels = '(?:\\{(?:[a-z]+="[a-z0-9-]*",?)+\\})?';
  const family = new RegExp(
    `# HELP (${name}) [^\\n]+\\n# TYPE \\1 (?:counter|gauge)\\n((?:\\1${labels} [0-9.e+-]+\\n)*)`,
    'g',
  );
  const families = [...exposition.matchAll(family)];
  const names = families.map(([, metric]) => metric);
  if (new Set(names).size < names.length) throw new Error(`a metric comes twice: ${names.join()}`);
  return new Set(families.flatMap(([, , samples]) => samples!.split('\n').filter(Boolean)));
}

const ASK = `fetch('http://127.0.0.1:9000/v1/services', { headers: process.argv[1] ? { authorization: process.argv[1] } : {} })
  .then((response) => console.log(response.status))`;
