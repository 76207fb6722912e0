import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './host/run.ts';
import type { Endpoint } from './netns/endpoint.ts';
import { NetnsLab, QUIET_ARP, ROUTER } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { RunningLb } from './netns/running-lb.ts';

const LAN = {
  IPv4: {
    net: '203.0.113.',
    prefix: 24,
    host: 32,
    notify: 'net.ipv4.conf.all.arp_notify',
    former: '02:00:00:00:00:44',
  },
  IPv6: {
    net: '2001:db8::',
    prefix: 64,
    host: 128,
    notify: 'net.ipv6.conf.all.ndisc_notify',
    former: '02:00:00:00:00:66',
  },
};
const FAMILIES = ['IPv4', 'IPv6'] as const;

describe('with a read-only /proc/sys, as in a container', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;
  let programs: string;

  const vipOf = (family: keyof typeof LAN) => `${LAN[family].net}80`;
  const addresses = (host: number) => FAMILIES.map((f) => `${LAN[f].net}${host}/${LAN[f].prefix}`).join(' ');
  const start = async (family: keyof typeof LAN, vipOwner: boolean) => {
    const servers = [{ name: 's1', address: `${LAN[family].net}11` }];
    const service = { name: 'web', vip: vipOf(family), port: 80, mode: 'dsr', servers };
    lb = await RunningLb.spawn(lab, 'l4', { version: 1, vipOwner, services: [service] }, programs);
    await lb.line(({ event }) => event === 'ready');
  };
  const served = async (family: keyof typeof LAN) =>
    (await client.call('tcp', vipOf(family), 80, { timeoutMs: 2000 })).server;
  /** The client has the MAC of another machine for the VIP. */
  const mislead = (family: keyof typeof LAN) =>
    lab.exec(
      'client',
      'ip',
      'neigh',
      'replace',
      vipOf(family),
      'lladdr',
      LAN[family].former,
      'dev',
      'sw',
      'nud',
      'stale',
    );
  const sysctl = (value: string) => lab.exec('l4', 'sysctl', '-q', '-w', value);

  beforeAll(async () => {
    lab = await NetnsLab.create({
      client: { links: { sw: addresses(100) } },
      sw: { bridge: '', links: { client: '', l4: '', s1: '' } },
      l4: { links: { sw: addresses(2) }, sysctls: ROUTER },
      s1: {
        links: { sw: addresses(11) },
        loopback: FAMILIES.map((f) => `${vipOf(f)}/${LAN[f].host}`),
        sysctls: QUIET_ARP,
      },
    });
    client = await lab.endpoint('client');
    await (await lab.endpoint('s1')).listen('tcp', 80, '::');
    // `ip netns exec NAME PROGRAM`: the program gets a read-only /proc/sys.
    programs = lab.file('programs');
    await mkdir(programs);
    const own = (await run('ip-failed', 'which', ['ip'])).trim();
    const readOnly = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"';
    await writeFile(
      join(programs, 'ip'),
      `#!/bin/sh
if [ "$1 $2" = "netns exec" ]; then
  namespace=$3; shift 3
  exec ${own} netns exec "$namespace" unshare -m sh -c '${readOnly}' sh "$@"
fi
exec ${own} "$@"
`,
    );
    await chmod(join(programs, 'ip'), 0o755);
  });
  afterEach(async () => {
    await lb.stop();
    for (const family of FAMILIES) await sysctl(`${LAN[family].notify}=0`);
    await sysctl('net.ipv6.conf.all.proxy_ndp=0');
  });
  afterAll(() => lab.close());

  it.each(FAMILIES.flatMap((family) => [true, false].map((vipOwner) => [family, vipOwner] as const)))(
    '%s, vipOwner %s: serves, and announces its VIP if the settings of the host allow it',
    async (family, vipOwner) => {
      await sysctl(`${LAN[family].notify}=1`);
      await sysctl('net.ipv6.conf.all.proxy_ndp=1');
      await mislead(family);
      await start(family, vipOwner);
      await lb.until(
        async () => !(await lab.exec('client', 'ip', 'neigh', 'show', vipOf(family))).includes(LAN[family].former),
      );
      expect(await served(family)).toBe('s1');
      expect(lb.lines.filter(({ event }) => event === 'sysctl-refused').map((line) => line['sysctl'])).toEqual(
        vipOwner ? [] : [`net.${family.toLowerCase()}.neigh.sw.proxy_delay`],
      );
    },
  );

  it.each(FAMILIES)('%s: serves without an announcement, and reports which setting is missing', async (family) => {
    await start(family, true);
    expect(await served(family)).toBe('s1');
    const sysctl = `net.${family.toLowerCase()}.conf.sw.${family === 'IPv4' ? 'arp' : 'ndisc'}_notify`;
    expect(lb.lines).toContainEqual(expect.objectContaining({ event: 'sysctl-refused', sysctl, value: '1' }));
  });

  it('keeps its configuration if a new one has a VIP for which the kernel would not answer ARP', async () => {
    await start('IPv4', false);
    // Chains that are made again come in another order.
    const rules = async () => (await lab.exec('l4', 'nft', '-s', 'list', 'ruleset')).split('\n').sort();
    const before = await rules();
    const servers = [{ name: 's1', address: '2001:db8::11' }];
    const service = { name: 'web6', vip: '2001:db8::80', port: 80, mode: 'dsr', servers };
    await expect(lb.reload({ version: 1, vipOwner: false, services: [service] })).rejects.toThrow('proxy_ndp=1');
    expect(await rules()).toEqual(before);
    expect(await served('IPv4')).toBe('s1');
  });

  it('does not start if the kernel would not answer ARP for a VIP', async () => {
    const lb = await RunningLb.spawn(
      lab,
      'l4',
      {
        version: 1,
        vipOwner: false,
        services: [
          {
            name: 'web',
            vip: '2001:db8::80',
            port: 80,
            mode: 'dsr',
            servers: [{ name: 's1', address: '2001:db8::11' }],
          },
        ],
      },
      programs,
    );
    expect(await lb.ended).toBe(1);
    expect(lb.lines).toContainEqual(
      expect.objectContaining({
        event: 'error',
        code: 'sysctl-refused',
        message: expect.stringContaining('net.ipv6.conf.all.proxy_ndp=1') as unknown,
      }),
    );
    expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).toBe('');
  });
});
