/**
 * l4lab-lb: a layer 4 load balancer, a control plane over nftables.
 *
 *     l4lab-lb --config FILE
 *
 * FILE is YAML or JSON (see config.ts). The program renders nft tables from it (`inet l4lab`, `netdev l4lab`), applies
 * each change in one transaction, adds VIPs and proxy IPs to the interfaces whose subnets contain them, checks the
 * servers' health, and writes what happens as JSON lines on stdout: `ready` once traffic is served, `server-state`
 * whenever a server comes or goes, `error` with a code. SIGHUP reads FILE again: flows go on, and a mistake in it leaves
 * the former configuration in force; what the API has set for servers outlasts it. SIGTERM and SIGINT remove exactly what
 * was made; a start after a crash takes over what is there, flows included.
 *
 * It needs CAP_NET_ADMIN, `nft` and `ip`, and for all modes but dsr `net.ipv4.ip_forward=1`, which it demands but
 * does not set. Whoever runs it with one network interface for both sides wants `send_redirects=0` as well.
 *
 * Exit codes: 0 stopped by a signal, 2 bad configuration or usage, 1 anything else.
 */
import { startupSnapshot } from 'node:v8';
import type { ApiContext } from './api/routes.ts';
import { Balancer } from './balancer/balancer.ts';
import type { LbConfig } from './terms/config.ts';
import type { LbErrorCode } from './terms/errors.ts';
import { LbError } from './terms/errors.ts';
import { loadConfig } from './config/load-config.ts';
import { lockNamespace } from './lock.ts';
import { log } from './terms/log.ts';
import { servicesTogether } from './terms/services-apart.ts';
import { USAGE } from './usage.ts';

async function main(args: string[]): Promise<void> {
  const [option, file, ...rest] = args;
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(USAGE);
    return;
  }
  if (option !== '--config' || file === undefined || rest.length > 0) {
    throw new LbError('usage', 'usage: l4lab-lb --config FILE');
  }
  const config = await loadConfig(file);
  const unlock = await lockNamespace();
  const stopping = untilSignal();
  const began = performance.now();
  const starting = Balancer.start(config);
  const reload = async () => reloadFrom(file, await starting);
  process.on('SIGHUP', () => {
    reload().catch((error: unknown) => log({ event: 'error', ...describe(error) }));
  });
  const balancer = await starting;
  try {
    const closeApi = await openApi(config, { balancer, reload });
    const now = performance.now();
    log({
      event: 'ready',
      services: servicesTogether(config).services.length,
      rulesMs: Math.round(now - began),
      startMs: Math.round(now),
      overrides: balancer.overrides.length,
    });
    await stopping;
    await closeApi();
  } finally {
    await balancer.stop();
    unlock();
  }
  log({ event: 'stopped' });
}

/** Loaded only when it is wanted: the time to start matters to whoever restarts often. */
async function openApi({ api }: LbConfig, context: ApiContext): Promise<() => Promise<void>> {
  if (!api) return () => Promise.resolve();
  const { serveApi } = await import('./api/server.ts');
  return serveApi(api, context);
}

async function reloadFrom(file: string, balancer: Balancer): Promise<void> {
  const began = performance.now();
  const config = await loadConfig(file);
  await balancer.reload(config);
  await balancer.settled();
  log({
    event: 'reloaded',
    services: servicesTogether(config).services.length,
    durationMs: Math.round(performance.now() - began),
    overrides: balancer.overrides.length,
  });
}

function describe(error: unknown): { code: LbErrorCode; message: string } {
  if (error instanceof LbError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

/** Resolves at the first SIGTERM or SIGINT. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

function run(): void {
  main(process.argv.slice(2)).then(
    () => process.exit(0),
    (error: unknown) => {
      const described = describe(error);
      log({ event: 'error', ...described });
      process.exit(described.code === 'usage' || described.code === 'bad-config' ? 2 : 1);
    },
  );
}

// To load the program takes longer than to start it: a snapshot of it as loaded, where one is made, goes on from here.
if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.setDeserializeMainFunction(run);
else run();
