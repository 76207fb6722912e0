import type Docker from 'dockerode';
import { followProgress } from './progress.ts';
import { SetupError } from './setup-error.ts';

/** Says of an image by which name its content goes. */
export const CONTENT_LABEL = 'org.l4lab.image';

/**
 * The name by which the lab image is pushed and pulled: with the tag that says what is in it, where it has none of its own.
 * @param name such as `registry.example/l4lab`
 * @param tag of the lab image, as dist/image.json has it
 */
export function pushedName(name: string, tag: string): string {
  return /:[^/]+$/.test(name) ? name : `${name}:${split(tag).version}`;
}

/**
 * Pulls a lab image that was pushed, and gives it the name that labs ask for.
 * @throws SetupError where it cannot be had, or is that of another version
 */
export async function pullPushed(
  docker: Docker,
  { name, tag }: { name: string; tag: string },
  say: (line: string) => void,
): Promise<void> {
  const pushed = pushedName(name, tag);
  const advice = `Push this version's: npx l4lab image --push ${name}`;
  say(`image: pulling ${pushed}`);
  try {
    const progress: NodeJS.ReadableStream = await docker.pull(pushed);
    await followProgress(docker, progress);
  } catch (error) {
    throw new SetupError(`The lab image ${pushed} cannot be pulled: ${(error as Error).message}\n${advice}`);
  }
  const { Config } = await docker.getImage(pushed).inspect();
  const content = Config.Labels?.[CONTENT_LABEL];
  if (content !== tag) {
    throw new SetupError(
      `The image ${pushed} is ${content ?? 'not a lab image'}, but this version of l4lab needs ${tag}.\n${advice}`,
    );
  }
  const { repo, version } = split(tag);
  await docker.getImage(pushed).tag({ repo, tag: version });
}

function split(tag: string): { repo: string; version: string } {
  const at = tag.lastIndexOf(':');
  return { repo: tag.slice(0, at), version: tag.slice(at + 1) };
}
