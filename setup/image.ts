import type Docker from 'dockerode';
import { basename, join } from 'node:path';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { IMAGE_FILES } from './build.mjs';
import { ensureBase, isPresent } from './base-image.ts';
import { clientOptions, engineGet, type Endpoint } from './endpoint.ts';
import { EngineFailure, followProgress } from './progress.ts';
import { CONTENT_LABEL, pullPushed } from './pushed-image.ts';
import { SetupError } from './setup-error.ts';
import { surplusImages } from './surplus-images.ts';

/** Name of the latest image, as used in docker-compose.yml. */
const LATEST = { repo: 'l4lab', tag: 'latest' };

/** Whether the engine has this image, tagged as the latest. */
export async function hasImage(endpoint: Endpoint, tag: string): Promise<boolean> {
  const { status, body } = await engineGet(endpoint, `/images/${tag}/json`);
  if (status !== 200) return false;
  const { RepoTags } = JSON.parse(body) as { RepoTags?: string[] };
  return RepoTags?.includes(`${LATEST.repo}:${LATEST.tag}`) === true;
}

/** The lab image that is wanted. */
export interface WantedImage {
  /** Folder with image/ and dist/ to build it from. */
  root: string;
  /** Its name, from dist/image.json. */
  tag: string;
  /** Name to pull instead of building it. */
  pull?: string | undefined;
}

/** Builds or pulls the lab image if it is missing, and removes those that it replaces. */
export async function ensureImage(wanted: WantedImage, endpoint: Endpoint, say: (line: string) => void): Promise<void> {
  if (await hasImage(endpoint, wanted.tag)) return;
  const { default: Dockerode } = await import('dockerode');
  const docker = new Dockerode(clientOptions(endpoint));
  if (!(await isPresent(docker, wanted.tag))) {
    if (wanted.pull === undefined) await make(docker, wanted, say);
    else await pullPushed(docker, { name: wanted.pull, tag: wanted.tag }, say);
  }
  await docker.getImage(wanted.tag).tag(LATEST);
  await prune(docker, say);
}

async function make(docker: Docker, { root, tag }: WantedImage, say: (line: string) => void): Promise<void> {
  const base = await ensureBase(docker, say);
  say(`image: building ${tag} on ${base}`);
  await buildFrom(docker, root, tag, base);
}

/** The build context only contains the image's files. */
async function buildFrom(docker: Docker, root: string, tag: string, base: string): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'l4lab-image-'));
  try {
    for (const name of IMAGE_FILES) {
      copyFileSync(join(root, name), join(context, basename(name)));
    }
    await build(docker, context, tag, base);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

async function build(docker: Docker, context: string, tag: string, base: string): Promise<void> {
  const src = readdirSync(context);
  const attempt = async (networkmode: 'host' | 'default') => {
    const options = {
      t: tag,
      buildargs: { BASE: base },
      labels: { [CONTENT_LABEL]: tag },
      networkmode,
      rm: true,
      forcerm: true,
    };
    await followProgress(docker, await docker.buildImage({ context, src }, options));
  };
  try {
    await attempt('host').catch((error: unknown) => {
      if (error instanceof Error && /host.*network/i.test(error.message)) return attempt('default');
      throw error;
    });
  } catch (error) {
    if (!(error instanceof EngineFailure)) throw error;
    const lastLines = error.output.trimEnd().split('\n').slice(-15).join('\n  ');
    throw new SetupError(`The lab image could not be built: ${error.message}\n  ${lastLines}`);
  }
}

async function prune(docker: Docker, say: (line: string) => void): Promise<void> {
  const images = await docker.listImages({ filters: { reference: ['l4lab'] } });
  const containers = await docker.listContainers({ all: true });
  for (const image of surplusImages(images, new Set(containers.map(({ ImageID }) => ImageID)), Date.now() / 1000)) {
    // Another setup may have removed it already, or a lab may use it now.
    const removed = await docker
      .getImage(image)
      .remove()
      .then(() => true)
      .catch((error: unknown) => {
        const { statusCode } = error as { statusCode?: number };
        if (statusCode === 404 || statusCode === 409) return false;
        throw error;
      });
    if (removed) say(`image: removed ${image}: unused, and older than a week`);
  }
}
