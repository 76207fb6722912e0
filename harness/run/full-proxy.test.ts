import { findEngine } from '../fabric/engine.ts';
import { builtImage } from '../fabric/testing/built-image.ts';
import { until } from '../fabric/testing/remnants.ts';
import { shippedScenario } from '../project/testing/here.ts';
import type { FlowPlan } from '../terms/plan.ts';
import { runAttempt } from './attempt.ts';
import { LabPool } from './lab-pool.ts';
import { plansOf } from '../scenario/resolve/plans.ts';

/** A loaded machine boots labs slowly. */
const DEADLINE_MS = 240_000;

/** Ends the caller's connection and makes its own to the server, as a proxy in user space does. */
const RELAY = `require('node:net').createServer((near) => {
  const far = require('node:net').connect(80, '203.0.113.11');
  near.pipe(far).pipe(near);
  for (const end of [near, far]) end.on('error', () => [near, far].map((socket) => socket.destroy()));
}).listen(8080)`;

test(
  'a full proxy: the walk crosses both of its connections, in both directions',
  async () => {
    const loaded = shippedScenario('proxy-and-dsr/dsr');
    const { plan } = plansOf(loaded, { variants: [], flows: [] })[0]!;
    await using pool = new LabPool({ engine: await findEngine(), image: builtImage() });
    const pooled = await pool.acquire(plan);
    await pooled.lab.configure(plan);
    // It ends with its node.
    const relay = pooled.lab.node('l4').call('run', { argv: ['node', '-e', RELAY] });
    relay.catch(() => undefined);
    await until('the proxy to listen', async () => {
      const { stdout } = await pooled.lab.node('l4').call('run', { argv: ['ss', '-Hltn', 'sport', '=', ':8080'] });
      return stdout !== '';
    });

    const flow: FlowPlan = {
      ...plan.flows[0]!,
      from: 'client',
      to: { node: 'l4' },
      address: '203.0.113.2',
      protocol: 'http',
      port: 8080,
    };
    const { outcome, servedBy, sourceSeen, observed } = await runAttempt(flow, plan, pooled);
    expect({ outcome, servedBy, sourceSeen }).toEqual({ outcome: 'works', servedBy: 's1', sourceSeen: '203.0.113.2' });
    const nodes = (hops: typeof observed.request): string[] =>
      hops.map(({ node }) => node).filter((node, index, all) => node !== all[index - 1]);
    expect(nodes(observed.request)).toEqual(['client', 'l3', 'l2', 'l4', 'l2', 's1']);
    expect(nodes(observed.reply)).toEqual(['s1', 'l2', 'l4', 'l2', 'l3', 'client']);
  },
  DEADLINE_MS,
);
