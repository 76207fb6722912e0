import './testing/test-timeout.ts';
import { NetnsLab, ROUTER } from './netns/netns-lab.ts';
import { RunningLb } from './netns/running-lb.ts';

test.each(['proxy', 'dsr'])(
  'a VIP of %s works on an interface without a MAC, where it cannot be announced',
  async (mode) => {
    const lab = await NetnsLab.create({ l4: { sysctls: ROUTER } });
    try {
      await lab.exec('l4', 'ip', 'tuntap', 'add', 'tun', 'mode', 'tun');
      for (const change of [
        ['addr', 'add', '203.0.113.2/24', 'dev', 'tun'],
        ['addr', 'add', '2001:db8::2/64', 'dev', 'tun'],
        ['link', 'set', 'tun', 'up'],
      ])
        await lab.exec('l4', 'ip', ...change);
      const service = (name: string, net: string) => ({
        name,
        vip: `${net}80`,
        port: 80,
        mode,
        servers: [{ name: 's1', address: `${net}11` }],
      });
      const services = [service('web', '203.0.113.'), service('web6', '2001:db8::')];
      const lb = await RunningLb.start(lab, 'l4', { version: 1, services });
      expect(lb.lines.map(({ event }) => event)).toEqual(['ready']);
      expect(await lb.stop()).toBe(0);
    } finally {
      await lab.close();
    }
  },
);
