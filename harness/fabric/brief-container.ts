import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Dockerode from 'dockerode';
import { withDeadline } from '../with-deadline.ts';
import { isGone } from './sweep.ts';

const DEADLINE_MS = 30_000;

/**
 * Runs a container until it exits, and removes it.
 * @returns its output
 * @throws Error if the engine refuses or after a deadline
 */
export async function runBriefly(
  docker: Dockerode,
  options: Dockerode.ContainerCreateOptions,
): Promise<{ stdout: string; stderr: string }> {
  const container = await docker.createContainer({
    ...options,
    AttachStdin: false,
    OpenStdin: false,
    AttachStdout: true,
    AttachStderr: true,
  });
  try {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    (container.modem as { demuxStream(s: NodeJS.ReadableStream, o: PassThrough, e: PassThrough): void }).demuxStream(
      stream,
      stdout,
      stderr,
    );
    stream.on('close', () => [stdout, stderr].map((end) => end.end()));
    await container.start();
    const read = await withDeadline(Promise.all([text(stdout), text(stderr)]), DEADLINE_MS);
    if (read === null) throw new Error(`no answer within ${DEADLINE_MS} ms`);
    const [output, errors] = read;
    return { stdout: output, stderr: errors };
  } finally {
    await container.remove({ force: true }).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }
}
