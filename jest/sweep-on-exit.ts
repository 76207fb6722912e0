import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE } from '../api/package.ts';
import type { Engine } from '../harness/fabric/engine.ts';
import { ownerLabel } from '../harness/fabric/labels.ts';

const DEADLINE_MS = 60_000;

/**
 * Removes this process's labs if it ends: on Ctrl-C in watch mode jest exits immediately, and only another process can
 * still call engines.
 * @param more engines besides the default one
 * @returns a function that disables this
 */
export function sweepOnExit(more: Engine[]): () => void {
  const program = join(PACKAGE, 'dist/jest-sweep.js');
  const onExit = (): void =>
    void spawnSync(process.execPath, [program, ownerLabel(), ...more.map(({ endpoint }) => endpoint)], {
      stdio: 'ignore',
      timeout: DEADLINE_MS,
    });
  process.once('exit', onExit);
  return () => process.off('exit', onExit);
}
