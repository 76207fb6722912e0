import { release } from 'node:os';
import { LbError } from '../terms/errors.ts';
import { isTooOld, OLDEST_KERNEL } from './oldest-kernel.ts';
import { run } from './run.ts';

/** A feature that rules need and that a kernel may be built without. */
export interface KernelFeature {
  code: string;
  /** Completes `the kernel has no …`. */
  name: string;
  /** Modes or functions that need it. */
  neededBy: string;
  /** Kernel build options that provide it. */
  options: string;
  /** Matches rules that use it. */
  usedIn: RegExp;
  /** Minimal rules that need it, for `nft -c -f -`, which checks them in the kernel and changes nothing. */
  probe: string;
}

const inet = (hook: string, rule: string): string => `table inet l4lab_probe { chain c { type ${hook}; ${rule}; }; }`;
const netdev = (rule: string, before = ''): string =>
  `table netdev l4lab_probe { ${before} chain c { type filter hook ingress device "lo" priority filter; ${rule}; }; }`;

/** Everything that the load balancer's rules need beyond plain nftables. */
export const KERNEL_FEATURES: readonly KernelFeature[] = [
  {
    code: 'nft-nat',
    name: 'NAT by nftables',
    neededBy: 'modes dnat and proxy',
    options: 'CONFIG_NFT_NAT',
    usedIn: /\b[ds]nat ip6? to\b/,
    probe: inet('nat hook prerouting priority dstnat', 'meta l4proto tcp dnat ip to 192.0.2.1'),
  },
  {
    code: 'nft-ct',
    name: 'connection tracking in nftables',
    neededBy: 'modes dnat and proxy, and forwarded replies of dsr servers',
    options: 'CONFIG_NFT_CT',
    usedIn: /\bct \w|\bnotrack\b/,
    probe: inet('filter hook prerouting priority raw', 'ct mark 1 notrack'),
  },
  {
    code: 'nft-reject',
    name: 'refusals by nftables',
    neededBy: 'services without a server, in all modes',
    options: 'CONFIG_NFT_REJECT_INET',
    usedIn: /\breject with\b/,
    probe: inet('filter hook input priority filter', 'meta l4proto tcp reject with tcp reset'),
  },
  {
    code: 'nft-ingress',
    name: 'nftables at ingress',
    neededBy: 'modes dsr, l3dsr and ipip',
    options: 'CONFIG_NF_TABLES_NETDEV and CONFIG_NETFILTER_INGRESS',
    usedIn: /\bhook ingress\b/,
    probe: netdev('accept'),
  },
  {
    code: 'nft-egress',
    name: 'nftables at egress (Linux 5.16)',
    neededBy: 'health checks in mode dsr',
    options: 'CONFIG_NETFILTER_EGRESS',
    usedIn: /\bhook egress\b/,
    probe: 'table netdev l4lab_probe { chain c { type filter hook egress device "lo" priority filter; accept; }; }',
  },
  {
    code: 'nft-fwd',
    name: 'forwarding at ingress',
    neededBy: 'modes dsr and l3dsr',
    options: 'CONFIG_NFT_FWD_NETDEV',
    usedIn: /\bfwd (ip6? )?to\b/,
    probe: netdev('fwd to "lo"'),
  },
  {
    code: 'nft-flow-map',
    name: 'maps that rules add to',
    neededBy: 'the flow table of modes dsr, l3dsr and ipip, persistence',
    options: 'CONFIG_NF_TABLES',
    usedIn: /\b(update|add) @/,
    probe: netdev(
      'update @m { ip saddr : meta mark }',
      'map m { typeof ip saddr : meta mark; flags dynamic,timeout; timeout 1s; size 16; };',
    ),
  },
  {
    code: 'nft-counting-set',
    name: 'sets that count (Linux 5.7)',
    neededBy: 'packets and flows by server, in all modes',
    options: 'CONFIG_NF_TABLES',
    usedIn: /^\s*counter\s*$/m,
    probe: 'table inet l4lab_probe { set s { type mark; counter; }; }',
  },
  {
    code: 'nft-numgen',
    name: 'number generators of nftables',
    neededBy: 'schedulers round-robin and random',
    options: 'CONFIG_NFT_NUMGEN',
    usedIn: /\bnumgen\b/,
    probe: netdev('meta mark set numgen inc mod 3'),
  },
  {
    code: 'nft-hash',
    name: 'hashes of nftables',
    neededBy: 'schedulers source-hash and maglev, and flows of dsr whose port was used before',
    options: 'CONFIG_NFT_HASH',
    usedIn: /\bjhash\b/,
    probe: netdev('meta mark set jhash ip saddr mod 3'),
  },
];

/**
 * Explains an error of nft that is due to the kernel's build or age.
 * @param script the rules that nft rejected
 * @returns an LbError `kernel-lacks`, or the error itself
 */
export async function explainRefusal(error: unknown, script: string): Promise<unknown> {
  if (!(error instanceof LbError) || error.code !== 'nft-failed') return error;
  const used = KERNEL_FEATURES.filter(({ usedIn }) => usedIn.test(script));
  const missing = (await Promise.all(used.map(async (one) => ((await isThere(one)) ? [] : [one])))).flat();
  const kernel = release();
  if (missing.length > 0) {
    const codes = missing.map(({ code }) => code).join(', ');
    const lacks = missing.map(({ name, neededBy, options }) => `${name} (for ${neededBy}; ${options})`).join(', ');
    return new LbError('kernel-lacks', `needs ${codes}: the kernel, ${kernel}, has no ${lacks}`, { cause: error });
  }
  if (!isTooOld(kernel)) return error;
  const message = `needs linux-${OLDEST_KERNEL}: the kernel, ${kernel}, is older, and refuses rules: ${error.message}`;
  return new LbError('kernel-lacks', message, { cause: error });
}

function isThere({ probe }: KernelFeature): Promise<boolean> {
  return run('nft-failed', 'nft', ['-c', '-f', '-'], probe).then(
    () => true,
    () => false,
  );
}
