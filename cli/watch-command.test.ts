import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { findEngine } from '../harness/fabric/engine.ts';
import { OWNER_LABEL } from '../harness/fabric/labels.ts';
import { NOTHING, remnants, until, type Remnants } from '../harness/fabric/testing/remnants.ts';
import type { Results } from '../harness/terms/results.ts';
import { temporaryProject, twoByTwo } from './testing/temporary-project.ts';

/** A loaded machine boots labs slowly. */
const DEADLINE_MS = 240_000;
const PROGRAM = resolve('setup/l4lab.mjs');

/** `l4lab watch` in a folder, without a terminal, and what it says. */
class Watch implements AsyncDisposable {
  output = '';
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;

  constructor(folder: string) {
    this.child = spawn(process.execPath, [PROGRAM, 'watch'], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on('data', (piece: Buffer) => (this.output += piece.toString()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }

  /** Output from now on, up to a text. */
  async until(text: string, doing: () => void = () => undefined): Promise<string> {
    const from = this.output.length;
    doing();
    await until(`the watch to say ${text}`, () => Promise.resolve(this.output.slice(from).includes(text))).catch(
      (error: unknown) => {
        throw new Error(`${(error as Error).message}; output: ${this.output.slice(from)}`);
      },
    );
    return this.output.slice(from);
  }
}

function l4lab(folder: string, ...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...words], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}

test(
  'a lab stays warm for every save, for keys and for a concurrent run, and is removed after the watch',
  async () => {
    const engine = await findEngine();
    using temporary = await temporaryProject();
    const { folder, write } = temporary;
    write('scenarios/one.yaml', twoByTwo());
    await using watch = new Watch(folder);
    const owned = (): Promise<Remnants> => remnants(engine.docker, OWNER_LABEL, `${hostname()} ${watch.child.pid!} `);
    const results = (): Results =>
      JSON.parse(readFileSync(join(folder, 'reports/latest/results.json'), 'utf8')) as Results;
    const WAITS = 'waiting for changes';
    expect(await watch.until(WAITS)).toContain('✓ one: 4 of 4 passed');
    expect(readFileSync(join(folder, 'reports/latest/latest.js'), 'utf8')).toContain(results().startedAt);
    const lab = await owned();
    expect(lab).toEqual({ containers: 2, running: 2, networks: 1 });

    const broken = twoByTwo().replace('listeners: [81/tcp]', 'listeners: [80/tcp]');
    const saved = await watch.until(WAITS, () => write('scenarios/one.yaml', broken));
    expect(saved).toMatch(/^scenarios\/one\.yaml: deaf\n {2}\[deaf] one: refused → works, not as expected\n/);
    expect(saved).toContain('✗ one [deaf] one: Expected to fail (refused), but worked.');
    expect(saved).toContain('✗ one [deaf] two: Expected to work, but failed. refused at s1');
    expect(saved).not.toContain('as-is');
    expect(results().scenarios[0]!.variants.map(({ ranAt }) => typeof ranAt)).toEqual(['string', 'undefined']);

    const mistaken = await watch.until('s7', () => write('scenarios/one.yaml', twoByTwo().replace('to: s1', 'to: s7')));
    expect(mistaken).toMatch(/^scenarios\/one\.yaml:5:\d+: flows\.one\.to: unknown service or node `s7`/);

    await watch.until(WAITS, () => write('scenarios/one.yaml', twoByTwo()));
    expect(await watch.until(WAITS, () => watch.child.stdin.write('pas-is\r'))).toContain('✓ one [as-is] two: works');

    const beside = await l4lab(folder, 'run', '--variant', 'deaf', '--report', 'beside');
    expect(beside).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('✓ one: 2 of 2 passed') as unknown,
      stderr: 'using the warm labs of the running `watch`\n',
    });
    expect(await owned()).toEqual(lab);
    expect(readFileSync(join(folder, 'beside/index.html'), 'utf8')).toContain('<!doctype html>');

    const ended = once(watch.child, 'exit');
    watch.child.kill('SIGTERM');
    expect(await ended).toEqual([130, null]);
    expect(await owned()).toEqual(NOTHING);
    expect(existsSync(join(folder, 'node_modules/.cache/l4lab/watch.json'))).toBe(false);
    expect(readFileSync(join(folder, 'reports/latest/latest.js'), 'utf8')).toContain('null');
  },
  DEADLINE_MS,
);
