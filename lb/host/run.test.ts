import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../netns/bundle.ts';
import '../testing/test-timeout.ts';
import { run } from './run.ts';

/** Leaves as many free file descriptors as its first argument, tries to run a program, and prints the result. */
const SCRIPT = `
  import { closeSync, openSync, readdirSync } from 'node:fs';
  import { run } from './run.mjs';
  await run('ip-failed', 'true', []);
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  const taken = [];
  try { for (;;) taken.push(openSync('/dev/null')); } catch {}
  for (let i = 0; i < Number(process.argv[2]); i++) closeSync(taken.pop());
  const outcome = await run('ip-failed', 'true', []).then(() => 'ran', ({ code, message }) => code + ': ' + message);
  taken.forEach((file) => closeSync(file));
  await run('ip-failed', 'true', []);
  console.log(JSON.stringify({ outcome, left: open() - before }));
`;

it('leaves no file open if the limit of open files is reached, and reports that limit', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'l4lab-run-test-'));
  const script = join(folder, 'script.mjs');
  try {
    await bundle('host/run.ts', join(folder, 'run.mjs'));
    await writeFile(script, SCRIPT);
    const command = (room: number) => `ulimit -n 64; exec ${process.execPath} ${script} ${room}`;
    const outcomes: { outcome: string; left: number }[] = [];
    for (let room = 0; room <= 9; room++)
      outcomes.push(JSON.parse(await run('internal', 'sh', ['-c', command(room)])) as (typeof outcomes)[number]);
    expect(outcomes.map(({ left }) => left)).toEqual(outcomes.map(() => 0));
    expect(outcomes[0]!.outcome).toMatch(/^ip-failed: true cannot be run.*EMFILE/);
    expect(outcomes.at(-1)!.outcome).toBe('ran');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
