import { findEngine } from '../harness/fabric/engine.ts';
import { sweep } from '../harness/fabric/sweep.ts';

const [owner = '', ...more] = process.argv.slice(2);

/** What was asked for last may come into being after a look. */
async function sweepAll(endpoint?: string): Promise<void> {
  const { docker } = await findEngine(endpoint === undefined ? undefined : { DOCKER_HOST: endpoint });
  for (;;) {
    const { containers, networks } = await sweep(docker, { owner });
    if (containers + networks === 0) return;
  }
}

// An engine that has gone away keeps nothing from being removed on the others.
await Promise.allSettled([sweepAll(), ...more.map(sweepAll)]);
process.exit();
