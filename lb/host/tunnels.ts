import { LbError } from '../terms/errors.ts';
import { run } from './run.ts';
import { release } from 'node:os';

/** The kernel's own answers to `ip link add` of a type that it does not have. */
const NO_SUCH_TYPE = /Unknown device type|Operation not supported/;

/** An error of ip(8), as one that says what the kernel lacks where that is tunnels. */
export function explainTunnels(error: unknown): unknown {
  if (!(error instanceof LbError) || !NO_SUCH_TYPE.test(error.message)) return error;
  return new LbError(
    'kernel-lacks',
    `needs ipip: the kernel, ${release()}, has no IP-in-IP tunnels (for mode ipip; CONFIG_NET_IPIP, CONFIG_IPV6_TUNNEL, CONFIG_IPV6_SIT)`,
    { cause: error },
  );
}

/**
 * Lines for `ip -batch` that put rules before that of the local table, which leads packets to the host's own addresses, as a
 * VIP is. Nothing comes before priority 0, and of rules with one priority the later comes last: so the local table's rule is
 * added again after them. Another one stands in meanwhile, so that no packet finds it missing.
 */
export async function beforeLocal(rules: string[], flags: string[]): Promise<string[]> {
  const text = await run('ip-failed', 'ip', [...flags, '-j', 'rule', 'show']);
  const found = JSON.parse(text) as { priority: number; table: string; fwmark?: string }[];
  const isFirst = found.some(({ priority, table, fwmark }) => priority === 0 && table === 'local' && !fwmark);
  if (!isFirst) return rules;
  const local = (verb: string, priority: number) => `rule ${verb} pref ${priority} lookup local\n`;
  return [local('add', 1), local('del', 0), ...rules, local('add', 0), local('del', 1)];
}
