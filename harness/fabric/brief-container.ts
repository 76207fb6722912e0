import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Dockerode from 'dockerode';
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
    const [output, errors] = await within(Promise.all([text(stdout), text(stderr)]));
    return { stdout: output, stderr: errors };
  } finally {
    await container.remove({ force: true }).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
