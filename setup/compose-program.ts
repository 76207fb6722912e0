import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The docker command's plugin folders, besides the user's own. */
const PLUGIN_FOLDERS = ['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'].map(
  (folder) => `${folder}/docker/cli-plugins`,
);

/**
 * Docker Compose as a program, of whatever version: `docker-compose` on PATH, else the docker command's plugin, which
 * runs by itself as well.
 */
export function findCompose(env: { PATH?: string | undefined }, home = homedir()): string | undefined {
  const folders = [...(env.PATH ?? '').split(':'), join(home, '.docker/cli-plugins'), ...PLUGIN_FOLDERS];
  return folders.map((folder) => join(folder, 'docker-compose')).find((file) => existsSync(file));
}
