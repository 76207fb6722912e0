import { runBriefly } from './brief-container.ts';
import { findEngine } from './engine.ts';
import { builtImage } from './testing/built-image.ts';

const DEADLINE_MS = 120_000;

test.each([
  ['goes on from its snapshot on the processor that it was made on', 'true', '--snapshot-blob agent.blob'],
  ['is loaded as usual on any other processor', 'echo other >processor', 'agent.cjs'],
])(
  'a program of the image %s',
  async (_, before, how) => {
    const { docker } = await findEngine();
    // The shell waits for the agent's greeting, looks at every command line, and ends, with it the agent's input.
    const look = "read -r hello; echo $hello; cat /proc/[0-9]*/cmdline | tr '\\0' ' '";
    const script = `cd /opt/l4lab; ${before}; mkfifo in; ./start.sh agent <in | { exec 3>in; ${look}; }`;
    const { stdout } = await runBriefly(docker, {
      Image: builtImage(),
      Cmd: ['sh', '-c', script],
      HostConfig: { NetworkMode: 'none', AutoRemove: true },
    });
    expect(stdout).toContain('{"event":"hello"}');
    expect(stdout).toContain(how);
  },
  DEADLINE_MS,
);
