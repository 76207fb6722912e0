import { existsSync } from 'node:fs';
import { aptInstall, canInstallPackages } from '../../setup/apt.ts';
import { SetupError } from '../../setup/setup-error.ts';

/** Programs that are measured, and programs that measure; all of them are Debian packages. */
const TOOLS: Record<string, string> = {
  '/usr/bin/wrk': 'wrk',
  '/usr/bin/iperf3': 'iperf3',
  '/usr/sbin/haproxy': 'haproxy',
  '/usr/sbin/nginx': 'nginx-light',
  '/usr/lib/nginx/modules/ngx_stream_module.so': 'libnginx-mod-stream',
};

/**
 * Installs what is missing.
 * @throws SetupError if that is not possible here
 */
export async function ensureTools(): Promise<void> {
  const missing = Object.keys(TOOLS).filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  const packages = missing.map((path) => TOOLS[path]!);
  if (!canInstallPackages())
    throw new SetupError(`The benchmark needs ${packages.join(', ')}: install these packages.`);
  console.log(`installing ${packages.join(', ')}`);
  await aptInstall(packages);
}
