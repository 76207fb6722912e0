/**
 * Measures the load balancer with large configurations: `npm run bench:lb-scale -- [--rounds N] [--json FILE]`.
 *
 * With a thousand services of ten servers each: the time from the start of the process to `ready`, from a change of one weight
 * to the response of the API, and from the failure of a server to the new rules. Then the cost of a new flow by number of
 * services, servers and known flows. Needs root; prints medians.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import { L4labError } from '../harness/errors.ts';
import { changeTimes } from './lb-scale/change-times.ts';
import { flowCosts } from './lb-scale/flow-costs.ts';
import { MODES } from './lb-scale/large-config.ts';
import { spread } from './shared/spread.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, json: { type: 'string' } } });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new L4labError('invalid-input', '--rounds must be a whole number above 0');
  }
  const machine = { kernel: release(), cpus: cpus().length, model: cpus()[0]?.model, loadBefore: loadavg()[0]! };
  const changes = [];
  for (const mode of MODES) {
    const times = await changeTimes(mode, rounds, signal);
    const medians = Object.fromEntries(Object.entries<number[]>(times).map(([what, list]) => [what, spread(list)]));
    for (const [what, { min, median, max }] of Object.entries(medians)) {
      const range = `(${min.toFixed(0)}–${max.toFixed(0)})`;
      console.log(`${mode.padEnd(6)} ${what.padEnd(30)} ${median.toFixed(0).padStart(5)} ms ${range}`);
    }
    changes.push({ mode, ms: medians });
  }
  const costs = [];
  for (const mode of MODES) {
    for await (const cost of flowCosts(mode, signal)) {
      const { services, servers, flows, family, costUs, directUs } = cost;
      console.log(
        `${mode.padEnd(6)} ${String(services).padStart(5)} services × ${String(servers).padStart(4)} servers, ` +
          `${String(flows).padStart(7)} flows known, ${family}: ${costUs.toFixed(2)} µs of CPU for a new flow, ${directUs.toFixed(2)} without the load balancer`,
      );
      costs.push({ mode, ...cost });
    }
  }
  console.log(
    `kernel ${machine.kernel}, ${machine.cpus} × ${machine.model}, load average before: ${machine.loadBefore.toFixed(1)}`,
  );
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine, rounds, changes, costs }, null, 2)}\n`);
  return 0;
}

await untilInterrupted(main);
