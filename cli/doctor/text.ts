import type { Finding, Level, Params, SetupAction } from './findings.ts';

const MARKS: Record<Level, string> = { ok: '✓', warn: '!', fail: '✗' };
const COLORS: Record<Level, number> = { ok: 32, warn: 33, fail: 31 };

const ACTIONS: Record<SetupAction, string> = {
  'install-engine': 'install docker.io with apt-get, which needs about 400 MB',
  'start-engine': 'start the Docker engine of this machine',
  'build-image': 'build the lab image',
};

/** Text of a finding: one line, and a remedy for problems. */
type FindingText = [line: string, remedy?: string];

const TEXTS: { [Code in keyof Params]: (params: Params[Code], level: Level) => FindingText } = {
  'node-version': ({ version, wanted }) => [
    `Node ${version}`,
    `Node ${wanted} or later is needed: install a newer one.`,
  ],
  'no-engine': ({ reason }) => ['no Docker engine', reason],
  engine: ({ endpoint, name, api, os, cpus }) => [`${name} (API ${api}) at ${endpoint}: ${os}, ${cpus} CPUs`],
  'engine-unfit': ({ reason }) => ['this engine cannot run labs', reason],
  'engine-parts': ({ storage, cgroups, firewall, security }) => [
    `storage ${storage}, cgroups ${cgroups}, firewall backend ${firewall}, security ${security}`,
  ],
  kernel: ({ release, oldest }) => [`Linux ${release}`, `Linux ${oldest} or later is needed.`],
  'kernel-features': ({ count }) => [`the kernel has ${count} features that labs and load balancer use`],
  'kernel-lacks': ({ code, name, neededBy, options, output }) => [
    `the kernel has no ${name} (${code}): ${output}`,
    `Needed by ${neededBy}. Flows that need it are not run. Requires ${options}.`,
  ],
  'trunk-tags': ({ made, options }) => [
    made
      ? 'trunks carry VLANs with 802.1Q tags'
      : `trunks carry no 802.1Q tags; each VLAN uses a separate wire: the kernel has no ${options}`,
  ],
  tunnels: ({ made, options }) => [
    made
      ? 'the kernel provides the tunnels of mode ipip'
      : `programs provide the tunnels of mode ipip: the kernel has no ${options}`,
  ],
  lab: ({ bootMs }) => [
    `a lab of two nodes boots in ${(bootMs / 1000).toFixed(1)} s, and its wire carries IPv4 and IPv6`,
  ],
  'lab-fails': ({ reason }) => ['no lab boots', reason],
  'bridge-filters': ({ on }) => [
    on.length === 0
      ? 'the firewall does not filter bridged frames'
      : `the firewall filters bridged frames (${on.join(', ')})`,
  ],
  'host-filter': ({ chain, how, owner }, level) => [
    `${chain}: ${how} (${owner})${level === 'ok' ? '; it lets labs through' : ''}`,
    'It may prevent labs from booting: see below.',
  ],
  'hairpin-port': ({ port }) => [
    `the engine's networks return frames to their sender (hairpin mode on ${port})`,
    'Start dockerd with --userland-proxy=true.',
  ],
  'address-in-use': ({ lab, owner, address, iface }) => [
    `${address} (${owner} in ${lab}) is in use on the host (${iface})`,
    'Its flows are not run. Give that lab other addresses, or run it on another host.',
  ],
  'addresses-free': () => ['no lab uses an address of the host'],
  'open-files': ({ limit, least }) => [
    `a node may open ${limit ?? 'any number of'} files`,
    `Fewer than ${least} may be too few: raise LimitNOFILE of the engine.`,
  ],
  processes: ({ limit, least }) => [
    `a node may have ${limit ?? 'any number of'} processes`,
    `Fewer than ${least} may be too few: raise the engine's default for pids.`,
  ],
  'disk-free': ({ bytes, least }) => [
    `${gigabytes(bytes)} free where the engine keeps images`,
    `The lab image and its base need up to ${gigabytes(least)}: free some space (docker system df).`,
  ],
  image: ({ name, present }) => [
    `lab image ${name} ${present ? 'is present' : 'is missing'}`,
    'npx l4lab setup builds it.',
  ],
  'not-asked': ({ reason }) => ['kernel features, firewall, addresses and limits are not checked', reason],
  'setup-would': ({ actions }) =>
    actions.length === 0
      ? ['npx l4lab setup has nothing to do']
      : [
          `npx l4lab setup would ${actions.map((action) => ACTIONS[action]).join(', then ')}`,
          '`npx l4lab run` also does this.',
        ],
  'test-tools': ({ missing, installs }) =>
    missing === ''
      ? ['all programs that npm test needs']
      : [
          `npm test also needs ${missing}; npm start does not`,
          installs ? 'npm test installs them.' : 'Install them; npm test does so as root on Debian and Ubuntu.',
        ],
};

/** The findings as text. */
export function doctorText(findings: Finding[], { color }: { color: boolean }): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines = findings.map((finding) => {
    const [line, remedy] = textOf(finding);
    const mark = paint(COLORS[finding.level], MARKS[finding.level]);
    return [`${mark} ${line}`, ...(finding.level === 'ok' || !remedy ? [] : [indent(remedy)])].join('\n');
  });
  return `${[...lines, '', conclusion(findings)].join('\n')}\n`;
}

function conclusion(findings: Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  if (count('fail') > 0) return 'Labs cannot run here yet: see ✗ above.';
  return count('warn') > 0 ? 'Labs can run here; see ! above.' : 'Labs can run here.';
}

function textOf({ code, params, level }: Finding): FindingText {
  return (TEXTS[code] as (params: unknown, level: Level) => FindingText)(params, level);
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
