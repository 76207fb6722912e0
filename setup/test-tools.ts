import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, canInstallPackages } from './apt.ts';
import { findCompose } from './compose-program.ts';
import { SetupError } from './setup-error.ts';

/** Programs that tests run on this machine, and their Debian packages. */
const TOOLS: Record<string, string> = {
  chromium: 'chromium',
  nft: 'nftables',
  ip: 'iproute2',
  ping: 'iputils-ping',
  'docker-compose': 'docker-compose',
  tshark: 'tshark',
};

/** Tools missing from PATH; the browser may also be in $CHROMIUM, and Compose may be a plugin of docker. */
export function missingTools(env: { PATH?: string | undefined; CHROMIUM?: string | undefined }): string[] {
  const folders = [...(env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return Object.keys(TOOLS).filter((tool) => {
    if (tool === 'chromium' && env.CHROMIUM !== undefined) return !existsSync(env.CHROMIUM);
    if (tool === 'docker-compose') return findCompose(env) === undefined;
    return !folders.some((folder) => existsSync(join(folder, tool)));
  });
}

/** Installs what the tests need besides a lab. @throws SetupError with manual steps if that is impossible */
export async function ensureTestTools(say: (line: string) => void): Promise<void> {
  const missing = missingTools(process.env);
  if (missing.length === 0) return;
  const packages = missing.map((tool) => TOOLS[tool]!);
  if (!canInstallPackages()) {
    throw new SetupError(
      `The tests need ${missing.join(', ')} on this machine. Install ${packages.join(', ')} (for a browser elsewhere set CHROMIUM), or run only the scenarios: npm start`,
    );
  }
  say(`test tools: installing ${packages.join(', ')}`);
  await aptInstall(packages);
}
