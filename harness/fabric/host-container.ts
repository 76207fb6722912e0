import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Dockerode from 'dockerode';
import { L4labError } from '../errors.ts';
import { LAB_LABEL, OWNER_LABEL, ownerLabel } from './labels.ts';
import { isGone } from './sweep.ts';

const DEADLINE_MS = 30_000;

/** The last line of a script that came to its end. */
const DONE = 'l4lab-done';

/**
 * Runs a shell script in a short-lived container on the network of the engine's host, which may be another machine.
 * @param options.args the script's arguments, `$1` and on
 * @param options.admin whether it may change that network, or see its rules
 * @returns what it printed
 * @throws L4labError `engine-unavailable` when it does not get there, or a command fails
 */
export async function onHostNetwork(
  docker: Dockerode,
  image: string,
  { script, args = [], admin }: { script: string; args?: string[]; admin: boolean },
): Promise<string> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['sh', '-c', `set -e\n${script}\necho ${DONE}`, 'sh', ...args],
    Labels: { [LAB_LABEL]: 'probe', [OWNER_LABEL]: ownerLabel() },
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      NetworkMode: 'host',
      AutoRemove: true,
      CapDrop: ['ALL'],
      CapAdd: admin ? ['NET_ADMIN'] : [],
      LogConfig: { Type: 'none', Config: {} },
    },
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
    const [said, complaints] = await within(Promise.all([text(stdout), text(stderr)]));
    if (!said.endsWith(`${DONE}\n`)) throw new Error(complaints.trim());
    return said.slice(0, -DONE.length - 1);
  } catch (error) {
    throw new L4labError(
      'engine-unavailable',
      `a container on the host's network did not do what a lab needs there: ${(error as Error).message}`,
      { cause: error },
    );
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
