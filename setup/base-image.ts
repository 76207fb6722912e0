import type Docker from 'dockerode';
import { existsSync } from 'node:fs';
import { aptInstall, canInstallPackages } from './apt.ts';
import { followProgress } from './progress.ts';
import { SetupError } from './setup-error.ts';

const PUBLISHED = 'debian:trixie-slim';
const SELF_MADE = { repo: 'l4lab-base', tag: 'trixie' };
const SELF_MADE_NAME = `${SELF_MADE.repo}:${SELF_MADE.tag}`;
const PULL_DEADLINE_MS = 120_000;

/**
 * The base of the lab image: Debian's published image, or without a registry, one built here from Debian's packages.
 * @returns its name
 */
export async function ensureBase(docker: Docker, say: (line: string) => void): Promise<string> {
  for (const name of [PUBLISHED, SELF_MADE_NAME]) {
    if (await isPresent(docker, name)) return name;
  }
  say(`image: pulling ${PUBLISHED}`);
  const reason = await pull(docker).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (reason === undefined) return PUBLISHED;
  say(`image: ${PUBLISHED} cannot be pulled (${reason.split('\n')[0] ?? reason})`);
  await makeFromPackages(docker, say);
  return SELF_MADE_NAME;
}

/** Whether the engine has an image with this name. */
export async function isPresent(docker: Docker, name: string): Promise<boolean> {
  return docker
    .getImage(name)
    .inspect()
    .then(() => true)
    .catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode === 404) return false;
      throw error;
    });
}

async function pull(docker: Docker): Promise<void> {
  const abortSignal = AbortSignal.timeout(PULL_DEADLINE_MS);
  const stream = await docker.pull(PUBLISHED, { abortSignal });
  await followProgress(docker, stream);
}

/** Debian's tool creates the smallest system that apt works in, which is imported as an image. */
async function makeFromPackages(docker: Docker, say: (line: string) => void): Promise<void> {
  if (!canInstallPackages()) {
    throw new SetupError(
      `The image ${PUBLISHED} cannot be pulled, and building one from Debian's packages requires Debian or Ubuntu and root.\n` +
        `Load it into the engine (docker pull ${PUBLISHED}, or docker load from a machine that has it), ` +
        'then run this again.',
    );
  }
  if (!existsSync('/usr/bin/mmdebstrap')) {
    say('image: installing mmdebstrap with apt-get');
    await aptInstall(['mmdebstrap']);
  }
  say(`image: building ${SELF_MADE_NAME} from Debian's packages (about 20 s)`);
  const { execa } = await import('execa');
  const debootstrap = execa('mmdebstrap', ['--variant=minbase', 'trixie', '-'], {
    buffer: { stdout: false },
    stdin: 'ignore',
    reject: false,
  });
  const imported = docker.importImage(debootstrap.stdout, {}).then((stream) => followProgress(docker, stream));
  const [system, image] = await Promise.allSettled([debootstrap, imported]);
  // Tagged only once it is complete: a broken archive may still be imported.
  if (image.status === 'fulfilled' && system.status === 'fulfilled' && !system.value.failed) {
    await docker.getImage(image.value).tag(SELF_MADE);
    return;
  }
  const words = system.status === 'fulfilled' ? system.value.stderr : String(system.reason);
  throw new SetupError(
    [
      `${SELF_MADE_NAME} could not be built${image.status === 'rejected' ? `: ${String(image.reason)}` : ''}.`,
      'Last lines of mmdebstrap:',
      ...words.trimEnd().split('\n').slice(-8),
    ].join('\n  '),
  );
}
