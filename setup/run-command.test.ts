import { join } from 'node:path';
import { execa } from 'execa';

const MODULE = join(import.meta.dirname, 'run-command.mjs');

/** Runs a script as the command of a new process. */
async function ran(script: string): Promise<{ exitCode: number | undefined; stderr: string }> {
  const program = `import { runCommand } from ${JSON.stringify(MODULE)};
    process.exitCode = await runCommand([process.execPath, '-e', ${JSON.stringify(script)}]);`;
  const { exitCode, stderr } = await execa(process.execPath, ['--input-type=module', '-e', program], { reject: false });
  return { exitCode, stderr };
}

test.each([0, 1, 3])('exits like the command: %d', async (code) => {
  expect(await ran(`process.exitCode = ${code}`)).toEqual({ exitCode: code, stderr: '' });
});

test('a command that a signal ended is no silent failure', async () => {
  const { exitCode, stderr } = await ran(`process.kill(process.pid, 'SIGKILL')`);
  expect(exitCode).toBe(137);
  expect(stderr).toContain('was ended by SIGKILL before it was finished');
});
