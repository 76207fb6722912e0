import type Docker from 'dockerode';
import { followProgress } from './progress.ts';
import { SetupError } from './setup-error.ts';

/** Label with the name of an image's content. */
export const CONTENT_LABEL = 'org.l4lab.image';

/**
 * The name for pushing and pulling the lab image: with the content's tag, unless it has a tag.
 * @param name such as `registry.example/l4lab`
 * @param tag of the lab image, from dist/image.json
 */
export function pushedName(name: string, tag: string): string {
  return /:[^/]+$/.test(name) ? name : `${name}:${split(tag).version}`;
}

/**
 * Pulls a lab image and tags it with the name that labs use.
 * @throws SetupError if it is unavailable, or belongs to another version
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
