import type { ServiceStatus } from './api/status.ts';
import { callApi } from './netns/api-client.ts';
import type { Endpoint } from './netns/endpoint.ts';
import type { NetnsLab } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { ROUTED, routedLab, routedService } from './testing/routed-lab.ts';
import { RunningLb } from './netns/running-lb.ts';

const CASES = (['IPv4', 'IPv6'] as const).flatMap((family) =>
  (['dnat', 'proxy'] as const).map((mode) => [family, mode] as const),
);

describe.each(CASES)('traffic over %s in %s', (family, mode) => {
  const { vip, proxyIp } = ROUTED[family];
  const headers = family === 'IPv4' ? 20 + 8 : 40 + 8;
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;
  let socket: string;

  const start = async () => {
    lb = await RunningLb.start(lab, 'l4', { ...routedService(family, mode, { protocol: 'udp' }), api: { socket } });
  };
  const counted = async () => {
    const [service] = JSON.parse((await callApi(socket, 'GET', '/v1/services')).body) as ServiceStatus[];
    return service!.servers.map(({ name, newFlows, packets, bytes }) => ({ name, newFlows, packets, bytes }));
  };
  let localPort = 20_000;
  /** So many answered calls with one byte each. A port that is used twice would make two calls one flow. */
  const calls = async (times: number) => {
    const answers = [];
    for (let i = 0; i < times; i++) {
      const answer = await client.call('udp', vip, 80, { localPort: ++localPort });
      if (answer.error !== undefined) throw new Error(`a call was not answered: ${answer.error}`);
      answers.push(answer);
    }
    return answers;
  };
  /** What is to be counted of them. */
  const sums = (answers: Awaited<ReturnType<typeof calls>>) =>
    ['s1', 's2'].map((name) => {
      const own = answers.filter(({ server }) => server === name);
      const lengths = own.map(({ source, sourcePort }) => `${name} ${source} ${sourcePort}`.length);
      const bytes = lengths.reduce((sum, length) => sum + headers + 1 + headers + length, 0);
      return { name, newFlows: own.length, packets: 2 * own.length, bytes };
    });

  beforeAll(async () => {
    lab = await routedLab(2);
    socket = lab.file('api.sock');
    client = await lab.endpoint('client');
    for (const name of ['s1', 's2']) {
      const endpoint = await lab.endpoint(name);
      await endpoint.listen('udp', 80, family === 'IPv4' ? '0.0.0.0' : '::');
    }
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  it('is counted in both directions, also after a crash', async () => {
    await start();
    const before = await calls(3);
    expect(await counted()).toEqual(sums(before));
    lb.kill();
    await lb.ended;
    const between = await calls(3);
    await start();
    const after = await calls(3);
    expect(await counted()).toEqual(sums([...before, ...between, ...after]));
  });

  it('is counted, and its source is rewritten, if the host masquerades it', async () => {
    const own = 'table inet own { chain post { type nat hook postrouting priority srcnat; oif "sw" masquerade; }; }';
    await start();
    await lab.exec('l4', 'nft', own);
    const answers = await calls(4);
    await lab.exec('l4', 'nft', 'delete table inet own');
    const seen = mode === 'proxy' ? proxyIp : family === 'IPv4' ? '203.0.113.1' : '2001:db8:2::1';
    expect(answers.map(({ source }) => source)).toEqual(answers.map(() => seen));
    expect(await counted()).toEqual(sums(answers));
  });
});
