import type Docker from 'dockerode';

interface ProgressEvent {
  stream?: string;
  status?: string;
  error?: string;
}

/** A failed build, pull or import, with the engine's output so far. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
  readonly output: string;

  constructor(message: string, output: string) {
    super(message);
    this.output = output;
  }
}

/**
 * Follows the engine's work until it is done.
 * @returns the last status line: after an import, the image's id
 * @throws EngineFailure if the work failed, which the engine reports in the stream with HTTP status 200
 */
export async function followProgress(docker: Docker, stream: NodeJS.ReadableStream): Promise<string> {
  const events = await new Promise<ProgressEvent[]>((resolve, reject) => {
    docker.modem.followProgress(stream, (error, list: ProgressEvent[]) => (error ? reject(error) : resolve(list)));
  });
  const failure = events.find(({ error }) => error !== undefined);
  if (failure?.error !== undefined) {
    const output = events.map((event) => event.stream ?? '').join('');
    throw new EngineFailure(failure.error.trim(), output);
  }
  return events.at(-1)?.status ?? '';
}
