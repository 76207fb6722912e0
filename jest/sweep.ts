import { findEngine } from '../harness/fabric/engine.ts';
import { sweep } from '../harness/fabric/sweep.ts';

const [owner = '', ...more] = process.argv.slice(2);

/** Repeated, because the last requests may take effect after a sweep. */
async function sweepAll(endpoint?: string): Promise<void> {
  const { docker } = await findEngine(endpoint === undefined ? undefined : { DOCKER_HOST: endpoint });
  for (;;) {
    const { containers, networks } = await sweep(docker, { owner });
    if (containers + networks === 0) return;
  }
}

// A lost engine does not prevent cleaning up the others.
await Promise.allSettled([sweepAll(), ...more.map(sweepAll)]);
process.exit();
