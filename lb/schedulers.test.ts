import type { Endpoint } from './netns/endpoint.ts';
import type { NetnsLab } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { ROUTED, routedLab, routedService } from './testing/routed-lab.ts';
import { RunningLb } from './netns/running-lb.ts';

const NAMES = ['s1', 's2', 's3'];
const CASES = (['IPv4', 'IPv6'] as const).flatMap((family) =>
  ['dnat', 'proxy', 'dsr', 'l3dsr'].map((mode) => [family, mode] as const),
);

describe('schedulers', () => {
  let lab: NetnsLab;
  let client: Endpoint;

  beforeAll(async () => {
    lab = await routedLab(NAMES.length);
    client = await lab.endpoint('client');
    for (const name of NAMES) await (await lab.endpoint(name)).listen('tcp', 80, '::');
  });
  afterAll(() => lab.close());

  describe.each(CASES)('over %s in %s', (family, mode) => {
    const { vip, server } = ROUTED[family];
    const [s1, s2, s3] = NAMES.map((name, i) => ({ name, address: server(i + 1) }));
    let lb: RunningLb;

    const use = (scheduler: string, ...servers: unknown[]) =>
      lb.reload(routedService(family, mode, { scheduler, servers }));
    /** Flows by server. */
    const served = async (times: number) => {
      const counts: Record<string, number> = {};
      for (const { server: name, error } of await client.calls(times, 'tcp', vip, 80))
        counts[name ?? error] = (counts[name ?? error] ?? 0) + 1;
      return counts;
    };

    beforeAll(async () => {
      lb = await RunningLb.start(lab, 'l4', routedService(family, mode));
    });
    afterEach(() => client.closeAll());
    afterAll(() => lb.stop());

    it('round robin shares new flows by weight', async () => {
      await use('round-robin', { ...s1, weight: 3 }, s2);
      expect(await served(8)).toEqual({ s1: 6, s2: 2 });
    });

    it('random spreads flows', async () => {
      await use('random', s1, s2);
      // Chances that one of them gets none are 1 in 10^11.
      expect(Object.keys(await served(40)).toSorted()).toEqual(['s1', 's2']);
    });

    it('a source hash keeps a client on one server', async () => {
      await use('source-hash', s1, s2);
      expect([{ s1: 6 }, { s2: 6 }]).toContainEqual(await served(6));
    });

    it('maglev spreads flows, also to an added server', async () => {
      await use('maglev', s1, s2);
      expect(Object.keys(await served(40)).toSorted()).toEqual(['s1', 's2']);
      await use('maglev', s1, s2, s3);
      // Chances that one of them gets none are 1 in 10^10.
      expect(Object.keys(await served(60)).toSorted()).toEqual(NAMES);
    });

    it('least connections gives new flows to the server with fewer', async () => {
      await use('least-connections', s1);
      for (let i = 0; i < 6; i++) await (await client.open(vip, 80))();
      await use('least-connections', s1, s2);
      const table = mode === 'dsr' || mode === 'l3dsr' ? 'netdev' : 'inet';
      // The next flows are planned, and go to one server once those that there are have been counted.
      await lb.until(async () => {
        const rules = await lab.exec('l4', 'nft', 'list', 'chain', table, 'l4lab', 'to.web');
        return /map \{ 0 : ([^,]+), 1 : \1, 2 : \1, 3 : \1,/.test(rules.replaceAll(/\s+/g, ' '));
      });
      const names = [];
      for (let i = 0; i < 4; i++) names.push((await (await client.open(vip, 80))()).server);
      expect(names).toEqual(Array(4).fill('s2'));
    });
  });
});
