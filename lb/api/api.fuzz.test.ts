import fc from 'fast-check';
import { checkConfig } from '../config/load-config.ts';
import { callApi } from '../netns/api-client.ts';
import { validConfig, corrupted } from '../testing/arbitrary-config.ts';
import { madeIn } from '../testing/made.ts';
import { kernelHasTunnels } from '../testing/tunnel-ends.ts';
import { NetnsLab, ROUTER } from '../netns/netns-lab.ts';
import '../testing/test-timeout.ts';
import { RunningLb } from '../netns/running-lb.ts';

const CONFIG = {
  version: 1,
  services: [
    {
      name: 'web',
      vip: '203.0.113.80',
      port: 80,
      mode: 'proxy',
      servers: [
        { name: 's1', address: '203.0.113.11' },
        { name: 's2', address: '203.0.113.12' },
      ],
    },
  ],
};
/** Without asynchronous changes of rules: health checks, draining, neighbour discovery. */
const quiet = validConfig.map((config) => ({
  ...config,
  services: config.services.map((service) => ({
    ...service,
    sourceMac: 'rewrite' as const,
    check: { ...service.check, type: 'none' as const },
    servers: service.servers.map((server) => ({ ...server, drain: false })),
  })),
}));
/** Together 10,000 requests. */
const [BATCHES, BATCH, CONFIGS] = [990, 10, 100];

describe('API with random requests', () => {
  let lab: NetnsLab;
  let socket: string;
  let freshSocket: string;

  beforeAll(async () => {
    const node = { links: { peer: '203.0.113.2/24 2001:db8::2/64' }, sysctls: ROUTER };
    lab = await NetnsLab.create({
      l4: node,
      fresh: node,
      peer: { links: { l4: '203.0.113.1/24 2001:db8::1/64', fresh: '' } },
    });
    // Rules have the host's own MAC, by which two hosts would differ.
    for (const name of ['l4', 'fresh'])
      await lab.exec(name, 'ip', 'link', 'set', 'peer', 'address', '02:00:00:00:00:02');
    [socket, freshSocket] = [lab.file('api.sock'), lab.file('fresh.sock')];
    await RunningLb.start(lab, 'l4', { ...CONFIG, api: { socket } });
    await RunningLb.start(lab, 'fresh', { version: 1, api: { socket: freshSocket }, services: [] });
  });
  afterAll(() => lab.close());

  it('answers or refuses with a reason; a refusal changes nothing', async () => {
    const before = await madeIn(lab, 'l4');
    const path = fc.oneof(
      fc.constantFrom('/v1/config', '/v1/services/web/servers/s1', '/v1/services', '/v1/flows?limit=x', '/metrics'),
      fc.webPath().map((text) => text || '/'),
    );
    const body = fc.oneof(fc.string(), fc.json(), fc.constantFrom('{"weight":0}', '{"drain":1}', '{"weight":1e9}'));
    const request = fc.tuple(fc.constantFrom('PUT', 'PATCH', 'DELETE', 'POST', 'GET'), path, body);
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: BATCH, maxLength: BATCH }), async (requests) => {
        const replies = await Promise.all(requests.map((asked) => callApi(socket, ...asked)));
        for (const { status, body: answer } of replies) {
          expect(status).toBeLessThan(500);
          if (status !== 200) expect(JSON.parse(answer)).toHaveProperty('error.code');
        }
      }),
      { numRuns: BATCHES },
    );
    expect(await madeIn(lab, 'l4')).toEqual(before);
  });

  it('applies a configuration completely or not at all', async () => {
    const lacksTunnels = !(await kernelHasTunnels(lab, 'l4'));
    let before = await madeIn(lab, 'l4');
    let run = 0;
    const wanted = fc
      .oneof({ arbitrary: quiet, weight: 1 }, { arbitrary: corrupted(quiet), weight: 3 })
      .map((config) => JSON.stringify(config));
    await fc.assert(
      fc.asyncProperty(
        wanted.filter((text) => !text.includes('"drain":true')),
        async (text) => {
          // Other names, so that no server of the former services stays to drain.
          const named = text.replaceAll('service-', `n${run++}-`);
          const { status, body } = await callApi(socket, 'PUT', '/v1/config', named);
          const [former, now] = [before, await madeIn(lab, 'l4')];
          before = now;
          if (status !== 200) {
            const services = checkConfig(JSON.parse(named)).value?.services ?? [];
            const isLacking = lacksTunnels && services.some(({ mode }) => mode === 'ipip');
            const [expected, code] = isLacking ? [500, 'kernel-lacks'] : [400, 'bad-config'];
            expect([status, body]).toEqual([expected, expect.stringContaining(code)]);
            expect(now).toEqual(former);
            return;
          }
          expect(JSON.parse(body)).toEqual({ ...checkConfig(JSON.parse(named)).value, api: undefined });
          // The same, put into a host that had nothing before.
          await callApi(freshSocket, 'PUT', '/v1/config', { version: 1, services: [] });
          await callApi(freshSocket, 'PUT', '/v1/config', named);
          expect(now).toEqual(await madeIn(lab, 'fresh'));
        },
      ),
      // What went before matters as well, so that nothing is gained by looking for a shorter one.
      { numRuns: CONFIGS, endOnFailure: true },
    );
  });
});
