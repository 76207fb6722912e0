import { findEngine } from '../fabric/engine.ts';
import { builtImage } from '../fabric/testing/built-image.ts';
import { shippedScenario } from '../project/testing/here.ts';
import { LabPool } from './lab-pool.ts';
import { plansOf } from '../scenario/resolve/plans.ts';
import { runVariant } from './variant.ts';

/** A loaded machine boots labs slowly. */
const DEADLINE_MS = 240_000;

/** An nft whose kernel refuses what forwards at ingress. */
const NFT = `#!/bin/sh
case "$*" in
  -i) exit 1 ;;
  *"-f -")
    cat > /tmp/script.$$
    if grep -q ' fwd ' /tmp/script.$$; then
      echo 'Error: Could not process rule: No such file or directory' >&2
      exit 1
    fi
    exec < /tmp/script.$$ ;;
esac
exec /usr/sbin/nft "$@"
`;

test(
  'flows whose load balancer needs a missing kernel feature are not run, and name the feature',
  async () => {
    const loaded = shippedScenario('proxy-and-dsr/dsr');
    const { variant, plan } = plansOf(loaded, { variants: [], flows: ['client-to-vip'] })[0]!;
    await using pool = new LabPool({ engine: await findEngine(), image: builtImage() });
    const pooled = await pool.acquire(plan);
    const install: [string, ...string[]] = ['sh', '-c', 'cat > /usr/local/sbin/nft && chmod +x /usr/local/sbin/nft'];
    await pooled.lab.node('l4').call('run', { argv: install, input: NFT });
    const { result } = await runVariant(variant, plan, pooled, () => undefined);
    expect(result.flows).toMatchObject([
      {
        verdict: 'not-run',
        outcome: null,
        reasons: [
          {
            code: 'call-failed',
            params: {
              node: 'l4',
              fault: {
                code: 'balancer-failed',
                params: {
                  error: expect.stringMatching(/needs nft-fwd: the kernel, .* has no forwarding at ingress/) as unknown,
                  code: 'kernel-lacks',
                },
              },
            },
          },
        ],
      },
    ]);
  },
  DEADLINE_MS,
);
