import type { Endpoint } from './netns/endpoint.ts';
import type { NetnsLab } from './netns/netns-lab.ts';
import { RunningLb } from './netns/running-lb.ts';
import { ROUTED, routedLab, routedService } from './testing/routed-lab.ts';
import './testing/test-timeout.ts';

const CASES = (['IPv4', 'IPv6'] as const).flatMap((family) =>
  (['dnat', 'proxy', 'dsr', 'l3dsr'] as const).map((mode) => [family, mode] as const),
);
const HEADERS = { IPv4: 40, IPv6: 60 };
const NARROW = 1400;

describe.each(CASES)('MSS of connections over %s in %s', (family, mode) => {
  const { vip } = ROUTED[family];
  const sees = { both: !mode.endsWith('dsr') };
  const whole = 1500 - HEADERS[family];
  const narrow = NARROW - HEADERS[family];
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;

  const start = async (mssClamp: unknown) => {
    lb = await RunningLb.start(lab, 'l4', routedService(family, mode, { mssClamp, servers: [SERVER] }));
  };
  const SERVER = { name: 's1', address: ROUTED[family].server(1) };
  /** The MSS that server and client receive from each other. */
  const received = async () => {
    const rules = [1200, narrow, whole]
      .map((size) => `tcp flags syn tcp option maxseg size ${size} counter`)
      .join('; ');
    const table = `table inet seen { chain in { type filter hook input priority 0; ${rules}; }; }`;
    for (const node of ['s1', 'client'])
      await lab.exec(node, 'nft', `table inet seen; delete table inet seen; ${table}`);
    expect(await client.call('tcp', vip, 80)).toMatchObject({ server: 's1' });
    const at = async (node: string) => {
      const found = (await lab.exec(node, 'nft', 'list', 'table', 'inet', 'seen')).matchAll(
        /size (\d+) counter packets [1-9]/gu,
      );
      return [...found].map(([, size]) => Number(size)).join();
    };
    return { server: await at('s1'), client: await at('client') };
  };
  const setMtu = async (mtu: number) => {
    await lab.exec('l4', 'ip', 'link', 'set', 'sw', 'mtu', String(mtu));
    await lab.exec('sw', 'ip', 'link', 'set', 'l4', 'mtu', String(mtu));
  };

  beforeAll(async () => {
    lab = await routedLab(1);
    client = await lab.endpoint('client');
    await (await lab.endpoint('s1')).listen('tcp', 80, family === 'IPv4' ? '0.0.0.0' : '::');
  });
  afterEach(async () => {
    expect(await lb.stop()).toBe(0);
    expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).toBe('');
  });
  afterAll(() => lab.close());

  it('is that of the ends by default', async () => {
    await start(undefined);
    expect(await received()).toEqual({ server: `${whole}`, client: `${whole}` });
  });

  it('is clamped to a number, also for the client if replies cross the load balancer', async () => {
    await start(1200);
    expect(await received()).toEqual({ server: '1200', client: sees.both ? '1200' : `${whole}` });
  });

  it('is never raised', async () => {
    await start(9000);
    expect(await received()).toEqual({ server: `${whole}`, client: `${whole}` });
  });

  it('follows the MTU of the host with `auto`', async () => {
    await start('auto');
    expect(await received()).toEqual({ server: `${whole}`, client: `${whole}` });
    await setMtu(NARROW);
    await lb.until(async () => (await received()).server === `${narrow}`);
    expect(await received()).toEqual({ server: `${narrow}`, client: sees.both ? `${narrow}` : `${whole}` });
    await setMtu(1500);
  });
});
