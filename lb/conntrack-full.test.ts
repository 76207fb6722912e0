import { readFile } from 'node:fs/promises';
import { callApi } from './netns/api-client.ts';
import { FlowSource } from './netns/flow-source.ts';
import { NetnsLab, ROUTER } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { RunningLb } from './netns/running-lb.ts';

const VIP = '203.0.113.80';
const SERVER = '203.0.113.2';
/** Flows more than conntrack may have; so few that one in a thousand new ones may find nothing to evict. */
const MORE = 1000;

it('when conntrack is full, existing flows continue, new ones replace unanswered ones, and this is counted', async () => {
  const lab = await NetnsLab.create({
    client: { links: { l4: '198.51.100.2/24' }, gateway: '198.51.100.1' },
    l4: { links: { client: '198.51.100.1/24', server: '203.0.113.1/24' }, sysctls: ROUTER },
    server: { links: { l4: `${SERVER}/24` }, gateway: '203.0.113.1' },
  });
  const socket = lab.file('api.sock');
  const metric = async (name: string) => {
    const { body } = await callApi(socket, 'GET', '/metrics');
    return Number(new RegExp(`^l4lab_lb_conntrack_${name} (.*)$`, 'm').exec(body)?.[1]);
  };
  try {
    const client = await lab.endpoint('client');
    await (await lab.endpoint('server')).listen('tcp', 80);
    const servers = [{ name: 's1', address: SERVER }];
    const service = { vip: VIP, protocol: 'tcp', servers };
    await RunningLb.start(lab, 'l4', {
      version: 1,
      api: { socket },
      services: [
        { ...service, name: 'web', port: 80, mode: 'dnat' },
        { ...service, name: 'full', port: 81, mode: 'proxy', servers: [{ ...servers[0], port: 80 }] },
        { ...service, name: 'dns', port: 53, protocol: 'udp', mode: 'dnat' },
      ],
    });
    const established = [await client.open(VIP, 80), await client.open(VIP, 81)];
    for (const ask of established) expect((await ask()).server).toBe('server');
    expect([await metric('evicted_flows_total'), await metric('dropped_packets_total')]).toEqual([0, 0]);

    const limit = Number(await readFile('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8'));
    expect(await metric('limit')).toBe(limit);
    await (await FlowSource.create(lab)).send(VIP, 53, limit + MORE);

    expect(await metric('evicted_flows_total')).toBeGreaterThan(0);
    for (const ask of established) expect((await ask()).server).toBe('server');
    for (const port of [80, 81]) expect((await client.call('tcp', VIP, port)).server).toBe('server');
  } finally {
    await lab.close();
  }
});
