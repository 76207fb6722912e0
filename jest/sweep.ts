import { findEngine } from '../harness/fabric/engine.ts';
import { sweep } from '../harness/fabric/sweep.ts';

const [owner = ''] = process.argv.slice(2);
const { docker } = await findEngine();
// What was asked for last may come into being after a look.
for (;;) {
  const { containers, networks } = await sweep(docker, { owner });
  if (containers + networks === 0) break;
}
process.exit();
