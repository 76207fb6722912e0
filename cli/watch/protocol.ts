import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Project } from '../../harness/project/project.ts';
import type { RunEvent } from '../../harness/run/events.ts';
import type { Results } from '../../harness/terms/results.ts';
import type { Fault } from '../../harness/terms/fault.ts';
import type { ErrorCode } from '../../harness/errors.ts';
import { labImage, version } from '../../api/package.ts';

/** Requests of `run` to a watch. */
export type Request = { ask: 'run'; flows: WantedFlow[] } | { ask: 'stop' };

/** A flow of a variant of a scenario file (an absolute path). */
export interface WantedFlow {
  file: string;
  variant: string;
  flow: string;
}

/** What a watch answers; `hello` comes first, and `results` or `failed` last. */
export type Answer =
  | { answer: 'hello'; build: string }
  | { answer: 'event'; event: RunEvent }
  | { answer: 'results'; results: Results }
  | { answer: 'failed'; code: ErrorCode; message: string; fault: Fault | null };

/** Requests and answers are lines of JSON. */
export function lineOf(message: Request | Answer): string {
  return `${JSON.stringify(message)}\n`;
}

/** Contents of a file in the project's cache folder while a watch serves. */
export interface SocketFile {
  socket: string;
}

export function socketFilePath(cache: string): string {
  return join(cache, 'watch.json');
}

/**
 * Identifies build and engine: processes with the same value understand each other and give the same verdicts. A watch
 * reports the build that it was started from.
 */
export function thisBuild({ engines }: Project): string {
  const program = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  return [version(), labImage(), process.env['DOCKER_HOST'] ?? '', ...engines, program.digest('hex')].join(' ');
}
