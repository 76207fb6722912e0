import { findEngine } from '../fabric/engine.ts';
import { builtImage } from '../fabric/testing/built-image.ts';
import { shippedScenario } from '../project/testing/here.ts';
import { runAttempt } from './attempt.ts';
import { readCounters } from './query-nodes.ts';
import { LabPool } from './lab-pool.ts';
import { plansOf } from '../scenario/resolve/plans.ts';

/** A loaded machine boots labs slowly. */
const DEADLINE_MS = 240_000;

/** How long conntrack remembers a datagram: longer than the test takes. */
const TAKEN_S = 600;

/** Comes before the load balancer's own source NAT and leaves one port of the same proxy IP: all of them would take long. */
const ONE_PORT = `table ip one_port {
  chain postrouting {
    type nat hook postrouting priority srcnat - 20
    ct status dnat meta l4proto udp snat to 203.0.113.254:40000
  }
}`;

test(
  'a flow without a free proxy port fails with ports-exhausted',
  async () => {
    const loaded = shippedScenario('proxy-and-dsr/client-address');
    const { plan } = plansOf(loaded, { variants: [], flows: [] })[0]!;
    await using pool = new LabPool({ engine: await findEngine(), image: builtImage() });
    const pooled = await pool.acquire(plan);
    await pooled.lab.configure(plan);
    const l4 = pooled.lab.node('l4');
    await l4.call('run', { argv: ['nft', '-f', '-'], input: ONE_PORT });
    await l4.call('run', { argv: ['sh', '-c', `echo ${TAKEN_S} > /proc/sys/net/netfilter/nf_conntrack_udp_timeout`] });

    const flow = plan.flows.find(({ to }) => 'service' in to && to.service === 'names')!;
    const call = () =>
      runAttempt(flow, plan, pooled, { countersBefore: () => readCounters(plan, pooled), predicted: [] });
    // The port is taken once for each server.
    const served = [(await call()).servedBy, (await call()).servedBy];
    expect(served.sort()).toEqual(['s1', 's2']);
    const { outcome, cause } = await call();
    expect({ outcome, code: cause?.code, node: cause?.node }).toEqual({
      outcome: 'fails',
      code: 'ports-exhausted',
      node: 'l4',
    });
  },
  DEADLINE_MS,
);
