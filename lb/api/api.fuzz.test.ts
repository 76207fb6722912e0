import fc from 'fast-check';
import { callApi } from '../testing/api-client.ts';
import { soundConfig, spoilt } from '../testing/arbitrary-config.ts';
import { NetnsLab, ROUTER } from '../testing/netns-lab.ts';
import '../testing/patience.ts';
import { RunningLb } from '../testing/running-lb.ts';

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
/** Without what changes rules in its own time: health checks, draining, MACs that are looked for. */
const quiet = soundConfig.map((config) => ({
  ...config,
  services: config.services.map((service) => ({
    ...service,
    sourceMac: 'rewrite' as const,
    check: { ...service.check, type: 'none' as const },
    servers: service.servers.map((server) => ({ ...server, drain: false })),
  })),
}));
/** Together 10,000 requests. */
const [BATCHES, BATCH, CONFIGS] = [980, 10, 200];

describe('API, asked for anything', () => {
  let lab: NetnsLab;
  let lb: RunningLb;
  let socket: string;

  beforeAll(async () => {
    lab = await NetnsLab.create({
      l4: { links: { peer: '203.0.113.2/24 2001:db8::2/64' }, sysctls: ROUTER },
      peer: { links: { l4: '203.0.113.1/24 2001:db8::1/64' } },
    });
    socket = lab.file('api.sock');
    lb = await RunningLb.start(lab, 'l4', { ...CONFIG, api: { socket } });
  });
  afterAll(async () => {
    await lb.stop();
    await lab.close();
  });

  /** Everything that the load balancer makes in its host. */
  const made = async () => [
    await lab.exec('l4', 'nft', '-s', 'list', 'ruleset'),
    await lab.exec('l4', 'ip', 'addr'),
    await lab.exec('l4', 'ip', 'route', 'show', 'table', 'all'),
    await lab.exec('l4', 'ip', 'neigh', 'show', 'proxy'),
  ];

  it('answers, refuses with a reason, and changes nothing then', async () => {
    const before = await made();
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
    expect(await made()).toEqual(before);
  });

  it('puts a configuration in force as a whole, or not at all', async () => {
    let before = await made();
    let run = 0;
    const spoiltText = spoilt(quiet).map((config) => JSON.stringify(config));
    await fc.assert(
      fc.asyncProperty(
        spoiltText.filter((text) => !text.includes('"drain":true')),
        async (text) => {
          // Other names, so that no server of the former services stays to drain.
          const { status, body } = await callApi(
            socket,
            'PUT',
            '/v1/config',
            text.replaceAll('service-', `n${run++}-`),
          );
          const [former, now] = [before, await made()];
          before = now;
          if (status !== 200) {
            expect([status, body]).toEqual([400, expect.stringContaining('bad-config')]);
            expect(now).toEqual(former);
          }
        },
      ),
      { numRuns: CONFIGS },
    );
  });
});
