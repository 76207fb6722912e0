import { execa } from 'execa';

/** Runs a program of the image; `input` goes to its stdin. @throws Error with what it said when it fails */
export async function program(argv: [string, ...string[]], input = ''): Promise<string> {
  const [file, ...args] = argv;
  const result = await execa(file, args, { input, reject: false });
  if (result.failed) throw new Error(`${argv.join(' ')}: ${result.stderr || result.message || 'failed'}`);
  return result.stdout;
}

/** Runs lines of ip(8) in one process. */
export async function ipBatch(lines: string[], force = false): Promise<void> {
  if (lines.length === 0) return;
  try {
    await program(['ip', ...(force ? ['-force'] : []), '-batch', '-'], `${lines.join('\n')}\n`);
  } catch (error) {
    if (!force) throw new Error(`${(error as Error).message}\nwhile running:\n${lines.join('\n')}`, { cause: error });
  }
}
