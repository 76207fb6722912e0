import { execFile } from 'node:child_process';
import { KERNEL_REQUIREMENTS, parseProbe, TRUNK_TAGS, TUNNEL_DEVICES } from '../../harness/fabric/kernel-features.ts';
import type { Facts } from './facts.ts';
import { findingsOf, type Level } from './findings.ts';
import { doctorText } from './text.ts';

const ENGINE = {
  name: 'Docker 99.1',
  api: '9.9',
  kernel: '6.12.1',
  os: 'Own OS',
  cpus: 2,
  storage: 'overlay2',
  cgroups: 'systemd, v2',
  firewall: 'iptables',
  apparmor: true,
  rootless: false,
  podman: false,
};
const FILTERS = { 'net.bridge.bridge-nf-call-iptables': '1', 'net.bridge.bridge-nf-call-ip6tables': '1' };
const WELL = {
  node: { version: '22.1.0', wanted: '20.19', newEnough: true },
  engine: { endpoint: 'unix:///own.sock', facts: ENGINE, unfit: null },
  kernel: '6.1.0',
  image: { name: 'l4lab:1', present: true },
  inside: { lacks: {}, openFiles: null, processes: null, diskFree: 5e9 },
  network: { filters: [], bridgeFilters: FILTERS, hairpinPort: null, clashes: [] },
  lab: { bootMs: 1234 },
  unasked: null,
  setup: { tools: [], installs: true, dockerd: true },
} satisfies Facts;
const FILTER = { chain: 'table inet filter, chain forward', how: 'policy drop', owner: 'nftables' };
const CLASH = { lab: 'one-arm', owner: 'node s1', address: '203.0.113.11', iface: 'eth0' };

const text = (facts: Facts) => doctorText(findingsOf(facts), { color: false });
const worst = (facts: Facts): Level => {
  const levels = findingsOf(facts).map(({ level }) => level);
  return levels.includes('fail') ? 'fail' : levels.includes('warn') ? 'warn' : 'ok';
};

test('a kernel without 802.1Q is reported, but is no problem', () => {
  const without: Facts = { ...WELL, inside: { ...WELL.inside, lacks: { 'vlan-tags': 'Operation not supported' } } };
  expect(text(WELL)).toContain('trunks carry VLANs with 802.1Q tags');
  expect(text(without)).toContain('trunks carry no 802.1Q tags; each VLAN uses a separate wire');
  expect(worst(without)).toBe('ok');
});

test('tunnels are provided by the kernel or by programs; with neither, doctor reports what mode ipip lacks', () => {
  const lacking = (...codes: string[]): Facts => ({
    ...WELL,
    inside: { ...WELL.inside, lacks: Object.fromEntries(codes.map((code) => [code, 'Unknown device type.'])) },
  });
  expect(text(WELL)).toContain('the kernel provides the tunnels of mode ipip');
  expect(text(lacking('ipip'))).toContain('programs provide the tunnels of mode ipip');
  expect(worst(lacking('ipip'))).toBe('ok');
  expect(text(lacking('ipip', 'tun'))).toMatch(/! .*TUN devices/);
  expect(text(lacking('ipip', 'tun'))).not.toContain('programs provide the tunnels');
  expect(worst(lacking('ipip', 'tun'))).toBe('warn');
});

test('a machine without problems has only ticks', () => {
  expect(worst(WELL)).toBe('ok');
  expect(text(WELL)).toMatch(/^(✓ [^\n]+\n)+\nLabs can run here\.\n$/);
  expect(text(WELL)).toContain(`the kernel has ${KERNEL_REQUIREMENTS.length} features`);
});

const CASES: [what: string, level: Level, says: RegExp, facts: Facts][] = [
  [
    'an old Node',
    'fail',
    /✗ Node 18[^]*20\.19 or later/,
    { ...WELL, node: { ...WELL.node, version: '18.0.0', newEnough: false } },
  ],
  [
    'no engine, which setup can install',
    'fail',
    /✗ no Docker engine\n {4}nobody there[^]*! npx l4lab setup would install docker\.io[^]*, then build the lab image/,
    {
      ...WELL,
      engine: { endpoint: null, reason: 'nobody there' },
      ...{
        image: null,
        inside: null,
        network: null,
        lab: null,
        unasked: 'later',
        setup: { ...WELL.setup, dockerd: false },
      },
    },
  ],
  [
    'an engine that labs cannot use',
    'fail',
    /✗ this engine cannot run labs\n {4}it is Podman/,
    { ...WELL, engine: { ...WELL.engine, unfit: 'it is Podman' } },
  ],
  [
    'an old kernel, which is said once',
    'fail',
    /✗ Linux 5\.10[^]*6\.1 or later/,
    { ...WELL, engine: { ...WELL.engine, facts: { ...ENGINE, kernel: '5.10.0-46-amd64' }, unfit: 'too old' } },
  ],
  [
    'a kernel without something',
    'warn',
    /has no hashes of nftables \(nft-hash\): No such file[^]*maglev[^]*CONFIG_NFT_HASH/,
    { ...WELL, inside: { ...WELL.inside, lacks: { 'nft-hash': 'No such file' } } },
  ],
  [
    'a host that lets no lab through',
    'fail',
    /! table inet filter, chain forward: policy drop \(nftables\)\n[^]*✗ no lab boots\n {4}nothing comes through/,
    { ...WELL, network: { ...WELL.network, filters: [FILTER] }, lab: { reason: 'nothing comes through' } },
  ],
  [
    'a filter that lets labs through',
    'ok',
    /✓ table inet filter, chain forward: policy drop \(nftables\); it lets labs through/,
    { ...WELL, network: { ...WELL.network, filters: [FILTER] } },
  ],
  ['hairpin mode', 'fail', /--userland-proxy=true/, { ...WELL, network: { ...WELL.network, hairpinPort: 'veth1' } }],
  [
    'an address of a lab that the host has',
    'warn',
    /203\.0\.113\.11 \(node s1 in one-arm\) is in use on the host \(eth0\)/,
    { ...WELL, network: { ...WELL.network, clashes: [CLASH] } },
  ],
  [
    'a small limit of open files',
    'warn',
    /a node may open 256 files/,
    { ...WELL, inside: { ...WELL.inside, openFiles: 256 } },
  ],
  [
    'a small limit of processes',
    'warn',
    /may have 100 processes/,
    { ...WELL, inside: { ...WELL.inside, processes: 100 } },
  ],
  ['a full disk', 'warn', /0\.5 GB free/, { ...WELL, inside: { ...WELL.inside, diskFree: 5e8 } }],
  [
    'a missing image',
    'warn',
    /are not checked[^]*l4lab:1 is missing[^]*would build the lab image/,
    {
      ...WELL,
      image: { name: 'l4lab:1', present: false },
      inside: null,
      network: null,
      lab: null,
      unasked: 'npx l4lab setup',
    },
  ],
  [
    'missing programs of the tests',
    'warn',
    /npm test also needs chromium, nft/,
    { ...WELL, setup: { ...WELL.setup, tools: ['chromium', 'nft'] } },
  ],
];

test.each(CASES)('%s: %s, with instructions', (_, level, says, facts) => {
  expect(worst(facts)).toBe(level);
  expect(text(facts)).toMatch(says);
  const count = findingsOf(facts).filter((finding) => finding.level === 'fail').length;
  expect(count).toBe(level === 'fail' ? 1 : 0);
});

test('reads what the container found', () => {
  const output = `bridge yes
nft-hash no Error: Could not process rule: No such file or directory
openFiles yes 1024
processes yes max
diskFree yes 2000000
`;
  expect(parseProbe(output)).toEqual({
    lacks: { 'nft-hash': 'Error: Could not process rule: No such file or directory' },
    openFiles: 1024,
    processes: null,
    diskFree: 2_048_000_000,
  });
});

/** A loaded machine starts containers slowly. */
const DEADLINE_MS = 120_000;

function doctor(env: Record<string, string> = {}): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      'node',
      ['setup/l4lab.mjs', 'doctor', '--json'],
      { env: { ...process.env, ...env } },
      (error, ...output) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout: output[0], stderr: output[1] });
      },
    );
  });
}

test(
  'queries the real engine and kernel, in containers that it removes',
  async () => {
    const { code, stdout } = await doctor();
    const { findings, facts } = JSON.parse(stdout) as { findings: { code: string; level: Level }[]; facts: Facts };
    expect(facts.unasked).toBeNull();
    expect(
      Object.keys(facts.inside!.lacks).filter((code) => ![TRUNK_TAGS.code, TUNNEL_DEVICES.code].includes(code)),
    ).toEqual([]);
    expect(facts.inside!.diskFree).toBeGreaterThan(0);
    expect(facts.lab).toMatchObject({ bootMs: expect.any(Number) as unknown });
    expect(findings).toContainEqual(expect.objectContaining({ code: 'addresses-free', level: 'ok' }));
    expect(code).toBe(0);
  },
  DEADLINE_MS,
);

test(
  'without an engine it reports that, and all other facts',
  async () => {
    const { code, stdout, stderr } = await doctor({ DOCKER_HOST: 'unix:///nothing.sock' });
    const { findings } = JSON.parse(stdout) as { findings: { code: string; level: Level }[] };
    expect(findings).toContainEqual(expect.objectContaining({ code: 'no-engine', level: 'fail' }));
    expect(findings).toContainEqual(expect.objectContaining({ code: 'node-version', level: 'ok' }));
    expect([code, stderr]).toEqual([3, '']);
  },
  DEADLINE_MS,
);
