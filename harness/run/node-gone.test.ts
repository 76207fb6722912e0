import { findEngine } from '../fabric/engine.ts';
import { builtImage } from '../fabric/testing/built-image.ts';
import { shippedScenario } from '../project/testing/here.ts';
import { runAttempt } from './attempt.ts';
import { LabPool } from './lab-pool.ts';
import { plansOf } from '../scenario/resolve/plans.ts';

/** A loaded machine boots labs slowly. */
const DEADLINE_MS = 240_000;

test(
  'a flow that fails while a node dies is not judged, even if the node is not on its path',
  async () => {
    const loaded = shippedScenario('failures/unreachable');
    const { plan } = plansOf(loaded, { variants: ['l3-does-not-forward'], flows: ['client-to-vip'] })[0]!;
    await using pool = new LabPool({ engine: await findEngine(), image: builtImage() });
    const pooled = await pool.acquire(plan);
    await pooled.lab.configure(plan);
    const attempt = runAttempt(plan.flows[0]!, plan, pooled);
    await Promise.all([
      expect(attempt).rejects.toMatchObject({
        code: 'node-failed',
        fault: { code: 'node-gone', params: { node: 'b1', exitCode: 137, output: '' } },
      }),
      pooled.lab.node('b1').container.kill(),
    ]);
  },
  DEADLINE_MS,
);
