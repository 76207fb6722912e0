import { EXIT, L4labError } from '../harness/errors.ts';
import { firstEngine } from '../api/engine.ts';
import { keptLabs } from '../harness/fabric/kept-labs.ts';
import { interfacesOf, NodeCapture } from '../harness/fabric/node-capture.ts';
import { pcapngFrame, pcapngHead } from '../reports/pcapng.ts';
import { commandLineError } from './shared/command-line-error.ts';
import type { Project } from '../harness/project/project.ts';
import { chooseLab, chooseNode } from './kept-lab.ts';
import type { CommandLine } from './shared/command-line.ts';

interface CaptureCommandOptions {
  scenario?: string;
  /** Number of frames, as text; unlimited by default. */
  count?: string;
}

export function registerCapture({ program, inProject, signal }: CommandLine): void {
  program
    .command('capture <node> [interface]')
    .description('capture the packets of a node of a running lab, and write pcapng to stdout until Ctrl-C')
    .option('--scenario <name>', 'use the lab of this scenario; required if several are up')
    .option('--count <n>', 'stop after n frames')
    .action((node: string, iface: string | undefined, options: CaptureCommandOptions) =>
      inProject((project) => captureCommand(project, { node, iface }, options, signal), { endsInNode: true }),
    );
}

/** `l4lab capture`: captures a node's wires in a running lab, as pcapng on stdout, until interrupted. */
async function captureCommand(
  project: Project,
  { node, iface }: { node: string; iface: string | undefined },
  { scenario, count }: CaptureCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const limit = count === undefined ? Infinity : Number(count);
  if (count !== undefined && !(Number.isInteger(limit) && limit > 0))
    throw commandLineError(`--count: \`${count}\` is not a number of frames`);
  if (process.stdout.isTTY)
    throw commandLineError(
      `a capture is binary: pipe it (\`l4lab capture ${node} | wireshark -k -i -\`) or redirect it to a file (\`> ${node}.pcapng\`)`,
    );
  const { docker } = await firstEngine(project);
  const chosen = chooseNode(chooseLab(await keptLabs(docker, project.root), scenario), node);
  const ifaces = await interfacesOf(docker, chosen, iface);
  const names = ifaces.map((name) => `${node}/${name}`);
  process.stdout.write(pcapngHead(names));

  let left = limit;
  let enough: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    enough = resolve;
    signal.addEventListener('abort', () => resolve());
    if (signal.aborted) resolve();
  });
  const starting = ifaces.map((name) =>
    NodeCapture.start(docker, chosen.container, name, (frames) => {
      for (const [time, length, bytes] of frames.slice(0, left)) {
        const frame = { time: BigInt(time), iface: `${node}/${name}`, bytes: Buffer.from(bytes, 'base64'), length };
        process.stdout.write(pcapngFrame(frame, names));
      }
      left -= Math.min(left, frames.length);
      if (left === 0) enough();
    }),
  );
  try {
    const captures = await Promise.all(starting);
    process.stderr.write(`capturing on ${names.join(', ')}; Ctrl-C stops it\n`);
    const gone = Promise.race(captures.map(({ ended }) => ended)).then(() => {
      throw new L4labError(
        'node-failed',
        `the capture of ${node} ended: the lab was taken down, or the interface is gone`,
      );
    });
    gone.catch(() => undefined);
    await Promise.race([stopped, gone]);
  } finally {
    // Failed starts are already reported.
    await Promise.all(starting.map((one) => one.then((capture) => capture.stop()).catch(() => undefined)));
  }
  return EXIT.ok;
}
