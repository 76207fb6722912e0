import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { run } from './host/run.ts';
import { callApi } from './netns/api-client.ts';
import type { Endpoint } from './netns/endpoint.ts';
import { NetnsLab, QUIET_ARP, ROUTER } from './netns/netns-lab.ts';
import './testing/test-timeout.ts';
import { RunningLb } from './netns/running-lb.ts';

const LAN = {
  IPv4: { net: '203.0.113.', prefix: 24, host: 32 },
  IPv6: { net: '2001:db8::', prefix: 64, host: 128 },
};
const FAMILIES = ['IPv4', 'IPv6'] as const;
/** Name of a process; of one that has ended, nothing. */
const nameOf = async (pid: string) => (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
const CASES = FAMILIES.flatMap((family) =>
  (['proxy', 'dsr'] as const).flatMap((mode) => [true, false].map((vipOwner) => [family, mode, vipOwner] as const)),
);

describe('changes of the host while the load balancer runs', () => {
  let lab: NetnsLab;
  let client: Endpoint;
  let lb: RunningLb;

  const addresses = (host: number) => FAMILIES.map((f) => `${LAN[f].net}${host}/${LAN[f].prefix}`).join(' ');
  const start = async (family: keyof typeof LAN, mode: string, vipOwner: boolean, programs?: string, root = {}) => {
    const { net } = LAN[family];
    const servers = [11, 12].map((host) => ({ name: `s${host - 10}`, address: `${net}${host}` }));
    const proxy = mode === 'proxy' ? { proxyIp: `${net}90` } : {};
    const service = { name: 'web', vip: `${net}80`, port: 80, mode, servers, ...proxy };
    lb = await RunningLb.start(lab, 'l4', { version: 1, vipOwner, services: [service], ...root }, programs);
  };
  /** A wrapper of a program, first in PATH; its shell runs `first` before the program. */
  const preceded = async (name: string, first: string): Promise<string> => {
    const folder = lab.file('programs');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const own = (await run('ip-failed', 'which', [name])).trim();
    await writeFile(join(folder, name), `#!/bin/sh\n${first}\nexec ${own} "$@"\n`, { mode: 0o755 });
    return folder;
  };
  /** Process ids of the programs of a name that the load balancer's node runs. */
  const running = async (program: string): Promise<number[]> => {
    const pids = (await run('ip-failed', 'ip', ['netns', 'pids', lab.namespace('l4')])).trim().split('\n');
    const names = await Promise.all(pids.map(async (pid) => [pid, await nameOf(pid)] as const));
    return names.filter(([, name]) => name === program).map(([pid]) => Number(pid));
  };
  const removeInterface = () => lab.exec('l4', 'ip', 'link', 'del', 'sw');
  const makeInterface = async () => {
    const peer = ['type', 'veth', 'peer', 'name', 'l4', 'netns', lab.namespace('sw')];
    await lab.exec('l4', 'ip', 'link', 'add', 'sw', ...peer);
    await lab.exec('sw', 'ip', 'link', 'set', 'l4', 'master', 'br0', 'up');
    await lab.exec('l4', 'ip', 'link', 'set', 'sw', 'up');
    for (const cidr of addresses(2).split(' ')) await lab.exec('l4', 'ip', 'addr', 'add', cidr, 'dev', 'sw');
  };
  const served = (family: keyof typeof LAN) =>
    lb.until(async () => {
      const calls = [1, 2].map(() => client.call('tcp', `${LAN[family].net}80`, 80, { timeoutMs: 500 }));
      const names = (await Promise.all(calls)).map(({ server }) => server);
      return names.includes('s1') && names.includes('s2');
    });

  beforeAll(async () => {
    const server = (host: number) => ({
      links: { sw: addresses(host) },
      loopback: FAMILIES.map((f) => `${LAN[f].net}80/${LAN[f].host}`),
      sysctls: QUIET_ARP,
    });
    lab = await NetnsLab.create({
      client: { links: { sw: addresses(100) } },
      sw: { bridge: '', links: { client: '', l4: '', s1: '', s2: '' } },
      l4: { links: { sw: addresses(2) }, sysctls: ROUTER },
      s1: server(11),
      s2: server(12),
    });
    client = await lab.endpoint('client');
    for (const name of ['s1', 's2']) await (await lab.endpoint(name)).listen('tcp', 80, '::');
  });
  afterEach(() => lb.stop());
  afterAll(() => lab.close());

  it.each(CASES)(
    '%s, %s, vipOwner %s: an interface that is added, or removed and added again, carries traffic',
    async (...how) => {
      await removeInterface();
      await start(...how);
      await makeInterface();
      await served(how[0]);
      await removeInterface();
      await makeInterface();
      await served(how[0]);
      const before = (await lab.exec('l4', 'nft', 'list', 'ruleset')).length;
      await lb.stop();
      expect(before).toBeGreaterThan(0);
      expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).toBe('');
      expect(await lab.exec('l4', 'ip', 'addr')).not.toContain(`${LAN[how[0]].net}80/`);
      expect(await lab.exec('l4', 'ip', 'neigh', 'show', 'proxy')).toBe('');
    },
  );

  it.each(CASES)('%s, %s, vipOwner %s: a renamed interface keeps its traffic and addresses', async (...how) => {
    const vip = `${LAN[how[0]].net}80/`;
    await start(...how);
    await served(how[0]);
    const delay = '/proc/sys/net/ipv4/neigh/sw/proxy_delay';
    await lab.exec('l4', 'ip', 'link', 'set', 'sw', 'name', 'other');
    await lb.line(({ event }) => event === 'host-changed');
    await served(how[0]);
    expect((await lab.exec('l4', 'ip', 'addr', 'show', 'other')).includes(vip)).toBe(how[2]);
    await lb.stop();
    await lab.exec('l4', 'ip', 'link', 'set', 'other', 'name', 'sw');
    expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).toBe('');
    expect(await lab.exec('l4', 'ip', 'addr')).not.toContain(vip);
    expect(await lab.exec('l4', 'ip', 'neigh', 'show', 'proxy')).toBe('');
    expect(await lab.exec('l4', 'cat', delay)).not.toBe('0\n');
  });

  it.each(FAMILIES)('%s: neighbours immediately learn a new MAC of the interface', async (family) => {
    await start(family, 'proxy', true);
    await served(family);
    await lab.exec('l4', 'ip', 'link', 'set', 'sw', 'address', '02:00:00:00:00:42');
    await lb.until(async () =>
      (await lab.exec('client', 'ip', 'neigh', 'show', `${LAN[family].net}80`)).includes('02:00:00:00:00:42'),
    );
  });

  it.each(FAMILIES)('%s: static neighbour entries survive the announcement of the VIP', async (family) => {
    const neighbour = `${LAN[family].net}99`;
    const set = ['lladdr', '02:00:00:00:00:99', 'dev', 'sw', 'nud', 'permanent'];
    await lab.exec('l4', 'ip', 'neigh', 'replace', neighbour, ...set);
    await start(family, 'proxy', true);
    const kept = await lab.exec('l4', 'ip', 'neigh', 'show', neighbour);
    await lab.exec('l4', 'ip', 'neigh', 'del', neighbour, 'dev', 'sw').catch(() => undefined);
    expect(kept).toContain('lladdr 02:00:00:00:00:99 PERMANENT');
  });

  it.each(FAMILIES)('%s: a VIP that another program removes is added again', async (family) => {
    await start(family, 'proxy', true);
    const vip = `${LAN[family].net}80/${LAN[family].host}`;
    await lab.exec('l4', 'ip', 'addr', 'del', vip, 'dev', 'sw');
    await lb.until(async () => (await lab.exec('l4', 'ip', 'addr')).includes(vip));
  });

  it('a change is handled as soon as traffic needs it, even if the monitor starts late', async () => {
    await start('IPv4', 'dsr', true, await preceded('ip', 'case "$*" in *monitor*) sleep 1;; esac'));
    await removeInterface();
    await makeInterface();
    await served('IPv4');
  });

  it('another change while the host is read is no error', async () => {
    const moment = lab.file('moment');
    const other = '198.51.100.77/32';
    const failsOnce = `case "$*" in "-batch -") test -e ${moment} && rm ${moment} && ip addr add ${other} dev lo && exit 2;; esac`;
    await start('IPv4', 'proxy', true, await preceded('ip', failsOnce));
    await writeFile(moment, '');
    await removeInterface();
    await makeInterface();
    await served('IPv4');
    await expect(readFile(moment)).rejects.toThrow('ENOENT');
    expect(lb.lines.filter(({ event }) => event === 'error')).toEqual([]);
    await lab.exec('l4', 'ip', 'addr', 'del', other, 'dev', 'lo');
  });

  it('retries after a failed change of rules', async () => {
    const broken = lab.file('broken');
    const script = lab.file('script');
    // Without an interactive mode, each change starts its own nft.
    const failing = `case "$*" in -i) exit 1;; "-f -") cat > ${script}; test -e ${broken} && exit 1; exec < ${script};; esac`;
    await start('IPv4', 'dsr', true, await preceded('nft', failing));
    await served('IPv4');
    await writeFile(broken, '');
    await lab.exec('l4', 'ip', 'link', 'set', 'sw', 'name', 'other');
    await lb.line(({ event }) => event === 'error');
    await rm(broken);
    await served('IPv4');
    await lb.stop();
    await lab.exec('l4', 'ip', 'link', 'set', 'other', 'name', 'sw');
  });

  describe('the nft session', () => {
    const socket = () => lab.file('api.sock');
    const patch = (weight: number) => callApi(socket(), 'PATCH', '/v1/services/web/servers/s1', { weight });
    const change = async (weight: number) => expect(await patch(weight)).toMatchObject({ status: 200 });
    const slots = () => lab.exec('l4', 'nft', 'list', 'map', 'netdev', 'l4lab', 'slots.web');
    /** How often the load balancer has started an nft. */
    const started = async () => (await readFile(lab.file('started'), 'utf8')).split('\n').length;

    beforeEach(async () => {
      const programs = await preceded('nft', `echo "$*" >> ${lab.file('started')}`);
      await start('IPv4', 'dsr', true, programs, { api: { socket: socket() } });
      await lb.until(async () => {
        const before = await started();
        await change(2);
        await change(1);
        return (await started()) === before;
      });
    });

    it('is used for several changes', async () => {
      const before = await started();
      for (const weight of [3, 4, 5]) await change(weight);
      expect(await slots()).toContain(' 5 : ');
      expect(await started()).toBe(before);
    });

    it('reports an error in a change, of which nothing is applied', async () => {
      await change(2);
      await lab.exec('l4', 'nft', 'delete element netdev l4lab slots.web { 2 }');
      const before = await lab.exec('l4', 'nft', 'list', 'ruleset');
      const { status, body } = await patch(1);
      expect(status).toBe(500);
      expect(body).toMatch(/"nft-failed".*nft -i: .*Error: Could not process rule: No such file/);
      expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).toBe(before);
      await lab.exec('l4', 'nft', 'add element netdev l4lab slots.web { 2 : 0 }');
      await change(1);
    });

    it('is replaced after it was killed', async () => {
      const [pid] = await running('nft');
      process.kill(pid!, 'SIGKILL');
      await lb.until(async () => (await running('nft')).length === 0);
      for (const weight of [2, 3]) {
        await change(weight);
        await lb.until(async () => (await running('nft')).length === 1);
      }
      expect(await slots()).toContain(' 3 : ');
      expect(await running('nft')).not.toEqual([pid]);
    });

    it.each(['SIGTERM', 'SIGINT'] as const)(
      'ignores %s, and runs until the load balancer has finished',
      async (signal) => {
        const session = await running('nft');
        const before = await started();
        for (const pid of session) process.kill(pid, signal);
        await change(2);
        expect(await running('nft')).toEqual(session);
        expect(await started()).toBe(before);
        lb.signal(signal);
        expect(await lb.ended).toBe(0);
        expect(await lab.exec('l4', 'nft', 'list', 'ruleset')).toBe('');
      },
    );
  });

  describe('an nft session that dies when it loads a script', () => {
    const socket = () => lab.file('api.sock');
    const patch = (weight: number) => callApi(socket(), 'PATCH', '/v1/services/web/servers/s1', { weight });
    /** Rules without counters, sorted: their order is irrelevant. */
    const rules = async () => (await lab.exec('l4', 'nft', '-s', 'list', 'ruleset')).split('\n').toSorted();
    /** An nft whose session is a shell script; if the file `dies` exists, it kills itself before or after it loads a script. */
    const mortal = async (when: 'before' | 'after') => {
      const load = `${(await run('ip-failed', 'which', ['nft'])).trim()} -f /proc/self/fd/3`;
      const die = `if test -e ${lab.file('dies')}; then kill -9 $$; fi`;
      const include = when === 'before' ? `${die}; ${load}` : `${load}; ${die}`;
      const describes = 'echo "datatype ipv4_addr (IPv4 address)"';
      const session = `while read -r line; do case "$line" in include*) ${include};; *) ${describes};; esac; done; exit`;
      return preceded('nft', `case "$*" in -i) echo >> ${lab.file('sessions')}; ${session};; esac`);
    };
    const sessions = async () => (await readFile(lab.file('sessions'), 'utf8')).length;

    afterEach(() => Promise.all(['dies', 'sessions'].map((name) => rm(lab.file(name), { force: true }))));

    it.each(['before', 'after'] as const)(
      '%s it: the change is applied once, flows continue, and another session starts',
      async (when) => {
        await start('IPv4', 'dsr', true, await mortal(when), { api: { socket: socket() } });
        await lb.until(async () => (await running('nft')).length === 1);
        const ask = await client.open(`${LAN.IPv4.net}80`, 80);
        const { server } = await ask();
        expect(await patch(3)).toMatchObject({ status: 200 });
        const wanted = await rules();
        expect(await patch(2)).toMatchObject({ status: 200 });
        expect(await rules()).not.toEqual(wanted);
        await writeFile(lab.file('dies'), '');
        expect(await patch(3)).toMatchObject({ status: 200 });
        expect(await rules()).toEqual(wanted);
        expect(await ask()).toMatchObject({ server });
        await rm(lab.file('dies'));
        await lb.until(async () => (await running('nft')).length === 1);
        expect(await patch(1)).toMatchObject({ status: 200 });
        expect(await sessions()).toBe(2);
      },
    );

    it('every time: then no session is started any more', async () => {
      await writeFile(lab.file('dies'), '');
      await start('IPv4', 'dsr', true, await mortal('after'), { api: { socket: socket() } });
      await lb.until(async () => (await running('nft')).length === 1);
      for (const weight of [2, 3, 4, 5]) expect(await patch(weight)).toMatchObject({ status: 200 });
      expect((await rules()).join('\n')).toContain(' 5 : ');
      expect(await sessions()).toBe(1);
      await served('IPv4');
    });
  });

  it('reports that it has no free file descriptor, and continues once it has', async () => {
    const socket = lab.file('api.sock');
    await start('IPv4', 'dsr', true, undefined, { api: { socket } });
    // It also holds open files, and must not start later.
    await lb.until(async () => (await running('nft')).length === 1);
    const { pid } = lb;
    const open = (await readdir(`/proc/${pid}/fd`)).length;
    await run('ip-failed', 'prlimit', ['--pid', String(pid), `--nofile=${open + 12}`]);
    const reload = async () => {
      const seen = lb.lines.length;
      lb.signal('SIGHUP');
      return (await lb.line(({ event }) => event === 'reloaded' || event === 'error', seen)).event;
    };
    const hold = () => connect(socket).on('error', () => undefined);
    const held = Array.from({ length: 6 }, hold);
    // Files that it closes in the meantime leave room for more.
    await lb.until(async () => {
      held.push(hold());
      return (await reload()) === 'error';
    });
    for (const one of held) one.destroy();
    await lb.until(async () => (await reload()) === 'reloaded');
    await served('IPv4');
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('leaves no process behind after %s', async (signal) => {
    await start('IPv4', 'proxy', true);
    lb.signal(signal);
    await lb.ended;
    await lb.until(async () => (await run('ip-failed', 'ip', ['netns', 'pids', lab.namespace('l4')])).trim() === '');
  });
});
