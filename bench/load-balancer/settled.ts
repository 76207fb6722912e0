import { setTimeout as delay } from 'node:timers/promises';
import type { NetnsLab } from '../../lb/netns/netns-lab.ts';

const DEADLINE_MS = 90_000;
const POLL_MS = 1000;

/**
 * Waits until a load balancer in dsr or l3dsr lets used ports return to their server, a minute after its last change
 * (lb/settling.ts). Measurements begin after that.
 */
export async function untilSettled(lab: NetnsLab, node: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await lab.exec(node, 'nft', 'list', 'set', 'netdev', 'l4lab', 'again.tcp4')).includes('elements')) {
    if (performance.now() > deadline)
      throw new Error(`in ${node} used ports did not return to their server within 90 s`);
    await delay(POLL_MS);
  }
}
