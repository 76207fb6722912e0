import type { Endpoint } from './netns/endpoint.ts';
import type { NetnsLab } from './netns/netns-lab.ts';
import { ROUTED, routedLab, routedService } from './testing/routed-lab.ts';
import './testing/test-timeout.ts';
import { markOf } from './terms/mark.ts';
import { RunningLb } from './netns/running-lb.ts';

const FAMILIES = ['IPv4', 'IPv6'] as const;
const MODES = ['dnat', 'proxy', 'dsr', 'l3dsr'];
const NAMES = ['s1', 's2'];
/** MTU of the link between router and client, which neither end knows. */
const NARROW_MTU = '1300';
/** A datagram of this size arrives in three fragments. */
const LARGE = 4000;
/** Of no node in the lab. */
const OTHER_MAC = '02:00:00:00:99:99';

describe('fragments, ICMP, frames for others, and packets of changed services', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;

  const start = async (...args: Parameters<typeof routedService>) => {
    lb = await RunningLb.start(lab, 'l4', routedService(...args));
  };

  beforeAll(async () => {
    lab = await routedLab(NAMES.length);
    client = await lab.endpoint('client');
    for (const [i, name] of NAMES.entries()) {
      const endpoint = await lab.endpoint(name);
      await endpoint.listen('tcp', 80);
      for (const family of FAMILIES) {
        await endpoint.listen('udp', 53, ROUTED[family].vip);
        await endpoint.listen('udp', 53, ROUTED[family].server(i + 1));
      }
    }
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  describe.each(FAMILIES)('%s', (family) => {
    const { vip } = ROUTED[family];

    it.each(MODES)('%s: all fragments of a datagram reach the server of their flow', async (mode) => {
      await start(family, mode, { port: 53, protocol: 'udp' });
      // Different in each mode, because conntrack remembers what it translated.
      const base = 7000 + 10 * MODES.indexOf(mode);
      const ask = (bytes: number, flow: number) =>
        client.call('udp', vip, 53, { bytes, localPort: base + flow, timeoutMs: 1000 });
      const small = [await ask(1, 1), await ask(1, 2), await ask(LARGE, 1), await ask(LARGE, 2)];
      expect(small.map(({ server }) => server)).toEqual(['s1', 's2', 's1', 's2']);
      const large = [await ask(LARGE, 3), await ask(LARGE, 4)];
      expect(large.map(({ error }) => error)).toEqual([undefined, undefined]);
      const after = [await ask(1, 3), await ask(1, 4)];
      expect(after.map(({ server }) => server)).toEqual(large.map(({ server }) => server));
    });

    it.each(MODES)('%s: a datagram that finds no slot during a change is still sent to a server', async (mode) => {
      await start(family, mode, { port: 53, protocol: 'udp' });
      const table = mode.endsWith('dsr') ? 'netdev' : 'inet';
      await lab.exec('l4', 'nft', 'delete', 'element', table, 'l4lab', 'slots.web', '{ 1 }');
      const answers = await client.calls(4, 'udp', vip, 53);
      expect(answers.map(({ server }) => server)).toEqual(['s1', 's1', 's1', 's1']);
    });

    // In IPv6 an id has 32 bits: too many to use most of them.
    if (family === 'IPv4') {
      it.each(['dsr', 'l3dsr'] as const)(
        '%s: fragments follow their first one, even if its id was used before',
        async (mode) => {
          await start(family, mode, { port: 53, protocol: 'udp' });
          const ask = (bytes: number) => client.call('udp', vip, 53, { bytes, localPort: 7200, timeoutMs: 1000 });
          const { server } = await ask(1);
          const other = markOf(ROUTED[family].server(server === 's1' ? 2 : 1));
          const [from, to] = [markOf('198.51.100.100'), markOf(vip)];
          const ids = `seq 0 65000 | sed 's/.*/add element netdev l4lab fragments4 { ${from} . ${to} . & : ${other} }/'`;
          await lab.exec('l4', 'sh', '-c', `${ids} | nft -f -`);
          expect(await ask(LARGE)).toMatchObject({ server });
        },
      );
    }

    it.each(MODES)('%s: a flooded frame for another host is ignored', async (mode) => {
      await start(family, mode, { port: 53, protocol: 'udp' });
      const [gateway, ip] = { IPv4: ['198.51.100.130', '-4'], IPv6: ['2001:db8:3::2', '-6'] }[family] as [
        string,
        string,
      ];
      const neighbour = (...words: string[]) => lab.exec('l3', 'ip', ip, 'neigh', ...words, gateway, 'dev', 'l4');
      const ask = () => client.call('udp', vip, 53, { timeoutMs: 300 });
      expect((await ask()).error).toBeUndefined();
      await lab.exec('l3', 'ip', ip, 'neigh', 'replace', gateway, 'lladdr', OTHER_MAC, 'dev', 'l4', 'nud', 'permanent');
      try {
        expect((await ask()).error).toBeDefined();
      } finally {
        await neighbour('del');
      }
      expect((await ask()).error).toBeUndefined();
    });

    it('a flow is answered immediately after its service has changed its mode', async () => {
      const fields = { port: 53, protocol: 'udp', servers: [{ name: 's1', address: ROUTED[family].server(1) }] };
      await start(family, 'proxy', fields);
      for (const mode of ['dsr', 'dnat', 'l3dsr', 'dnat', 'dsr', 'proxy', 'l3dsr', 'proxy', 'dsr']) {
        await lb.reload(routedService(family, mode, fields));
        const answer = await client.call('udp', vip, 53, { localPort: 7100, timeoutMs: 1000 });
        expect([mode, answer.server ?? answer.error]).toEqual([mode, 's1']);
      }
    });

    it('a packet of a flow in the dsr table has no mark after its service has become dnat', async () => {
      const service = (name: string, port: number, mode: string) => ({
        ...routedService(family, mode, { port, protocol: 'udp' }).services[0]!,
        name,
      });
      const config = (mode: string) => ({
        ...routedService(family, mode),
        services: [service('names', 53, mode), service('others', 54, 'dsr')],
      });
      const ask = () => client.call('udp', vip, 53, { localPort: 7150, timeoutMs: 1000 });
      lb = await RunningLb.start(lab, 'l4', config('dsr'));
      expect((await ask()).error).toBeUndefined();
      await lb.reload(config('dnat'));
      const marked = `table inet probe {
        counter marked { }
        chain early {
          type filter hook prerouting priority raw
          udp dport 53 meta mark != 0 counter name marked
        }
      }`;
      await lab.exec('l4', 'nft', marked);
      try {
        expect((await ask()).error).toBeUndefined();
        expect(await lab.exec('l4', 'nft', 'list', 'counter', 'inet', 'probe', 'marked')).toContain('packets 0 ');
      } finally {
        await lab.exec('l4', 'nft', 'delete', 'table', 'inet', 'probe');
      }
    });

    it.each(MODES)(
      '%s: an ICMP error to the VIP reaches the server of its flow, which learns the path MTU',
      async (mode) => {
        for (const name of NAMES) {
          await lab.exec(name, 'ip', 'route', 'flush', 'cache');
          await lab.exec(name, 'ip', '-6', 'route', 'flush', 'cache');
        }
        await lab.exec('l3', 'ip', 'link', 'set', 'client', 'mtu', NARROW_MTU);
        await start(family, mode);
        for (let i = 0; i < NAMES.length; i++) {
          const answer = await (await client.open(vip, 80))(8000);
          expect(answer.error).toBeUndefined();
        }
        // In proxy mode the server talks to the load balancer, which translates the error for it as well.
        const peer = mode === 'proxy' ? ROUTED[family].proxyIp : ROUTED[family].client;
        for (const name of NAMES) {
          const route = await lab.exec(name, 'ip', family === 'IPv4' ? '-4' : '-6', 'route', 'get', peer);
          expect(route).toContain(`mtu ${NARROW_MTU}`);
        }
        await lab.exec('l3', 'ip', 'link', 'set', 'client', 'mtu', '1500');
      },
    );

    it.each(MODES)('%s: an echo request to the VIP is answered', async (mode) => {
      await start(family, mode);
      const output = await lab.exec('client', 'ping', '-n', '-c', '1', '-W', '2', vip);
      expect(output).toContain(`from ${vip}`);
    });
  });
});
