import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { aptInstall, canInstallPackages } from './apt.ts';
import { startDaemon } from './daemon.ts';
import { answers, candidateEndpoints, findEndpoint, requireEndpoint, type Endpoint } from './endpoint.ts';
import { SetupError } from './setup-error.ts';

export interface EngineOptions {
  /** Install without asking, even at a terminal. */
  yes: boolean;
  /** Image to pull instead of building one: what `l4lab image --push` pushed. */
  pull?: string | undefined;
  say: (line: string) => void;
}

const OWN: Endpoint = { DOCKER_HOST: 'unix:///var/run/docker.sock' };

/**
 * Ensures that a Docker engine answers: a running one is used unchanged; on Debian and Ubuntu as root, a missing one is
 * installed and a stopped one started.
 * @throws SetupError with manual steps if that is impossible
 */
export async function ensureEngine({ yes, say }: EngineOptions): Promise<Endpoint> {
  const found = await findEndpoint();
  if (found) return found;
  if (!wantsOwnEngine()) return requireEndpoint();
  const local = OWN;
  if (!canInstallPackages()) throw new SetupError(byHand());
  if (!hasDockerd()) {
    await agree('Docker is not installed. Install Debian’s docker.io now?', yes);
    say('engine: installing docker.io with apt-get (about 400 MB on disk)');
    await aptInstall(['docker.io']);
    // With an init system, the package may have started it.
    if (await answers(local)) return local;
  }
  await startDaemon(local, say);
  return local;
}

/** Whether no other engine than this machine's own is configured. */
export function wantsOwnEngine(): boolean {
  return candidateEndpoints()[0]?.DOCKER_HOST === OWN.DOCKER_HOST;
}

/** Whether Docker's daemon is installed on this machine. */
export function hasDockerd(): boolean {
  return existsSync('/usr/bin/dockerd') || existsSync('/usr/sbin/dockerd');
}

/** Asks only at a terminal; for a script, running setup is consent. */
async function agree(question: string, yes: boolean): Promise<void> {
  if (yes || process.env.CI || !process.stdin.isTTY || !process.stdout.isTTY) return;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [Y/n] `).finally(() => terminal.close());
  if (!/^(y|yes|)$/i.test(answer.trim())) {
    throw new SetupError('Nothing was installed. l4lab needs a Docker engine: install one, then run this again.');
  }
}

function byHand(): string {
  const steps =
    process.platform === 'linux'
      ? [
          'Debian and Ubuntu:  sudo apt-get install docker.io && sudo systemctl start docker',
          'Fedora:             sudo dnf install moby-engine && sudo systemctl start docker',
          'As another user than root, also: sudo usermod -aG docker "$USER", then log in again.',
        ]
      : ['Install Docker Desktop, start it, and wait until it says that the engine is running.'];
  return ['No Docker engine answers, and l4lab cannot install one here.', ...steps, 'Then run: npx l4lab setup'].join(
    '\n',
  );
}
