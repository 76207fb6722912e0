import { execa } from 'execa';

/** Runs a program of the image; `input` goes to its stdin. @throws Error with what it said when it fails */
export async function program(argv: [string, ...string[]], input = ''): Promise<string> {
  const [file, ...args] = argv;
  const result = await execa(file, args, { input, reject: false });
  if (result.failed) throw new Error(`${argv.join(' ')}: ${result.stderr || result.message || 'failed'}`);
  return result.stdout;
}

/** Runs lines of ip(8) in one process. @throws Error with the lines when one of them fails */
export async function ipBatch(lines: string[]): Promise<void> {
  if (lines.length === 0) return;
  try {
    await program(['ip', '-batch', '-'], `${lines.join('\n')}\n`);
  } catch (error) {
    throw new Error(`${(error as Error).message}\nwhile running:\n${lines.join('\n')}`, { cause: error });
  }
}

/** Runs lines of ip(8) in one process, going on after one that fails. @returns what they print, a line for each thing */
export async function ipTolerantBatch(lines: string[]): Promise<string> {
  const { stdout } = await execa('ip', ['-o', '-force', '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
    reject: false,
  });
  return stdout;
}
