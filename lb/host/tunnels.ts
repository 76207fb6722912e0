import { LbError } from '../terms/errors.ts';
import { NO_SUCH_TYPE } from '../terms/tunnel.ts';
import { run } from './run.ts';
import { release } from 'node:os';

/** Replaces an error of ip(8) if the kernel has no tunnels: the new one says which options it needs. */
export function explainMissingTunnels(error: unknown): unknown {
  if (!(error instanceof LbError) || !NO_SUCH_TYPE.test(error.message)) return error;
  return new LbError(
    'kernel-lacks',
    `needs ipip: the kernel, ${release()}, has no IP-in-IP tunnels (for mode ipip; CONFIG_NET_IPIP, CONFIG_IPV6_TUNNEL, CONFIG_IPV6_SIT)`,
    { cause: error },
  );
}

/**
 * Lines for `ip -batch` that put rules before the rule for the local table, which delivers packets for the host's own
 * addresses, such as a VIP. No priority is below 0, and rules with equal priority apply in the order they were added: so
 * the local table's rule is added again after them. A temporary rule replaces it meanwhile, so that no packet misses it.
 */
export async function beforeLocalTable(rules: string[], flags: string[]): Promise<string[]> {
  const text = await run('ip-failed', 'ip', [...flags, '-j', 'rule', 'show']);
  const found = JSON.parse(text) as { priority: number; table: string; fwmark?: string }[];
  const isFirst = found.some(({ priority, table, fwmark }) => priority === 0 && table === 'local' && !fwmark);
  if (!isFirst) return rules;
  const local = (verb: string, priority: number) => `rule ${verb} pref ${priority} lookup local\n`;
  return [local('add', 1), local('del', 0), ...rules, local('add', 0), local('del', 1)];
}
