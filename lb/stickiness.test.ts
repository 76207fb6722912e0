import { isDirect } from './terms/mode.ts';
import { familyOf } from './render/family.ts';
import { markOf } from './terms/mark.ts';
import { callApi } from './netns/api-client.ts';
import type { Endpoint } from './netns/endpoint.ts';
import type { NetnsLab } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { ROUTED, routedLab, routedService } from './testing/routed-lab.ts';
import { RunningLb } from './netns/running-lb.ts';

const NAMES = ['s1', 's2', 's3'];
const CASES = (['IPv4', 'IPv6'] as const).flatMap((family) =>
  (['dnat', 'proxy', 'dsr', 'l3dsr'] as const).map((mode) => [family, mode] as const),
);

describe.each(CASES)('flows over %s in %s stay on their server', (family, mode) => {
  const { vip, server: addressOf } = ROUTED[family];
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;

  const server = (name: string, fields = {}) => ({ name, address: addressOf(Number(name.slice(1))), ...fields });
  const config = (servers: unknown[], fields = {}, root = {}) => ({
    ...routedService(family, mode, { servers, ...fields }),
    ...root,
  });
  const both = [server('s1'), server('s2')];
  const table = isDirect({ mode }) ? 'netdev' : 'inet';
  const start = async (...args: Parameters<typeof config>) => {
    lb = await RunningLb.start(lab, 'l4', config(...args));
  };
  const served = async (times: number) => {
    const names = (await client.calls(times, 'tcp', vip, 80)).map(({ server: name, error }) => name ?? error);
    return [...new Set(names)].toSorted();
  };
  /** An open connection and the server it is on. */
  const openOn = async (name: string) => {
    for (;;) {
      const ask = await client.open(vip, 80);
      if ((await ask()).server === name) return ask;
    }
  };

  beforeAll(async () => {
    lab = await routedLab(NAMES.length);
    client = await lab.endpoint('client');
    for (const name of NAMES) await (await lab.endpoint(name)).listen('tcp', 80, '::');
  });
  afterEach(async () => {
    await client.closeAll();
    await lb.stop();
  });
  afterAll(() => lab.close());

  it('when servers, weights and scheduler change', async () => {
    await start(both);
    const ask = await openOn('s2');
    await lb.reload(config([server('s3'), server('s2', { weight: 9 }), server('s1')], { scheduler: 'maglev' }));
    expect((await ask()).server).toBe('s2');
    await lb.reload(config([server('s1')]));
    expect((await ask()).server).toBe('s2');
    expect(await served(4)).toEqual(['s1']);
  });

  it('also if they begin during a change, between old rules and new slots', async () => {
    await start([...both, server('s3')]);
    await lab.exec('l4', 'nft', 'delete', 'element', table, 'l4lab', 'slots.web', '{ 2 }');
    for (let i = 0; i < 4; i++) {
      const ask = await client.open(vip, 80);
      const [first, second] = [await ask(), await ask()];
      expect(NAMES).toContain(first.server);
      expect(second).toMatchObject({ server: first.server });
    }
  });

  it('while it drains, until its deadline', async () => {
    await start(both);
    const ask = await openOn('s2');
    await lb.reload(config([server('s1'), server('s2', { drain: true })]));
    expect((await ask()).server).toBe('s2');
    expect(await served(4)).toEqual(['s1']);
    await lb.reload(config([server('s1'), server('s2', { drain: true })], { drainDeadlineMs: 0 }));
    await lb.line(({ event, reason }) => event === 'drained' && String(reason).includes('cut'));
    await lb.until(async () => (await ask()).error === 'ECONNRESET');
    expect(await served(2)).toEqual(['s1']);
  });

  it('until the last one ends; then a draining server is removed', async () => {
    await start(both);
    await openOn('s2');
    await lb.reload(config([server('s1'), server('s2', { drain: true })]));
    await client.closeAll();
    expect(await lb.line(({ event }) => event === 'drained')).toMatchObject({ server: 's2', reason: 'drained' });
  });

  if (isDirect({ mode })) {
    const left = async () => {
      const kept = await lab.exec(
        'l4',
        'nft',
        '-j',
        'list',
        'map',
        table,
        'l4lab',
        `flows.tcp${familyOf(vip).version}`,
      );
      return [...kept.matchAll(/"expires": ?(\d+)/g)].map(([, seconds]) => Number(seconds));
    };

    it('for the idle timeout once they are established, and at most a minute before', async () => {
      await start([server('s1')], { port: 81 }, { flowTable: { tcpIdleMs: 600_000 } });
      const refused = () => client.call('tcp', vip, 81, { localPort: 7200 });
      expect([await refused(), await refused()]).toEqual([{ error: 'ECONNREFUSED' }, { error: 'ECONNREFUSED' }]);
      expect((await left()).map((seconds) => seconds <= 60)).toEqual([true]);
      const server81 = await lab.endpoint('s1');
      try {
        await server81.listen('tcp', 81, '::');
        await client.open(vip, 81);
        expect((await left()).map((seconds) => seconds <= 60).toSorted()).toEqual([false, true]);
      } finally {
        await server81.close();
      }
    });

    it('not longer before they are established than after', async () => {
      await start([server('s1')], { port: 82 }, { flowTable: { tcpIdleMs: 20_000 } });
      expect(await client.call('tcp', vip, 82)).toEqual({ error: 'ECONNREFUSED' });
      expect((await left()).map((seconds) => seconds <= 20)).toEqual([true]);
    });

    it('until they are closed, although an earlier flow from the same port had another server', async () => {
      await start(both);
      const { server: before } = await client.call('tcp', vip, 80, { localPort: 7300 });
      const { server: now } = await (await client.open(vip, 80, { localPort: 7300 }))();
      expect([before, now].toSorted()).toEqual(['s1', 's2']);
      await client.closeAll();
      // Otherwise it keeps sending FIN, because the acknowledgements go to the earlier server.
      const left = () => lab.exec(now!, 'ss', '-Htn', 'dport', '= :7300');
      await lb.until(async () => (await left()) === '');
    });
  }

  if (isDirect({ mode })) {
    it('and so do later ones from the same port, if nothing has changed', async () => {
      await start(both);
      const call = async () => (await client.call('tcp', vip, 80, { localPort: 7400 })).server;
      const first = await call();
      // The load balancer adds these elements a minute after its last change.
      const { version } = familyOf(vip);
      const keys = both.map(({ address }) => `${vip} . 80 . ${markOf(address)}`).join(', ');
      await lab.exec('l4', 'nft', 'add', 'element', table, 'l4lab', `again.tcp${version}`, `{ ${keys} }`);
      expect([await call(), await call(), await call()]).toEqual([first, first, first]);
      expect(await served(4)).toEqual(['s1', 's2']);
    });
  }

  if (mode === 'l3dsr') {
    it('when the SYN is retransmitted, also beside a dsr service', async () => {
      const { services, ...root } = routedService(family, mode, { port: 81 });
      const plain = { ...routedService(family, 'dsr', { name: 'plain' }).services[0]!, vip: `${vip.slice(0, -1)}1` };
      lb = await RunningLb.start(lab, 'l4', { ...root, services: [...services, plain] });
      const refused = () => client.call('tcp', vip, 81, { localPort: 7500 });
      expect([await refused(), await refused()]).toEqual([{ error: 'ECONNREFUSED' }, { error: 'ECONNREFUSED' }]);
      const counts = await lab.exec('l4', 'nft', 'list', 'set', table, 'l4lab', `new.tcp${familyOf(vip).version}`);
      const given = [...counts.matchAll(/packets (\d+)/g)].map(([, packets]) => Number(packets));
      expect(given.filter((packets) => packets > 0)).toEqual([1]);
    });
  }

  it('with persistence, like all flows of their client, until the timeout', async () => {
    await start(both, { persistence: { timeoutMs: 1000 } });
    expect(await served(4)).toEqual(['s1']);
    await lb.until(
      async () => !(await lab.exec('l4', 'nft', 'list', 'map', table, 'l4lab', 'sticky.web')).includes('0x'),
    );
    expect(await served(1)).toEqual(['s2']);
  });

  it('when the process is killed and started again', async () => {
    await start(both);
    const asks = [await openOn('s1'), await openOn('s2')];
    lb.kill();
    await lb.ended;
    await start([server('s2'), server('s1'), server('s3')]);
    expect([(await asks[0]!()).server, (await asks[1]!()).server]).toEqual(['s1', 's2']);
  });

  if (mode === 'dnat' || mode === 'proxy') return;

  it('when the flow table is full: by hash, and counted', async () => {
    const socket = lab.file('api.sock');
    await start(both, {}, { flowTable: { limit: 16 }, api: { socket } });
    const asks = [];
    for (let i = 0; i < 20; i++) asks.push(await client.open(vip, 80));
    const first = await Promise.all(asks.map((ask) => ask()));
    const second = await Promise.all(asks.map((ask) => ask()));
    expect(first.map(({ error }) => error)).toEqual(asks.map(() => undefined));
    expect(second.map(({ server: name }) => name)).toEqual(first.map(({ server: name }) => name));
    const { body } = await callApi(socket, 'GET', '/v1/services/web');
    expect((JSON.parse(body) as { forgottenPackets: number }).forgottenPackets).toBeGreaterThan(0);
  });
});
