/**
 * l4lab-lb: a layer 4 load balancer, a control plane over nftables.
 *
 * l4lab-lb --config FILE
 *
 * FILE is YAML or JSON (see config.ts). The program renders nft tables from it (`inet l4lab`, `netdev l4lab`), applies
 * each change in one transaction, adds VIPs and proxy IPs to the interfaces whose subnets contain them, checks the
 * servers' health, and writes events as JSON lines to stdout: `ready` once traffic is served, `server-state` when a
 * server goes up or down, `error` with a code. SIGHUP reloads FILE: flows continue, a mistake in it leaves the previous
 * configuration active, and overrides set by the API stay. SIGTERM and SIGINT remove everything that it created; a
 * start after a crash adopts what is there, including flows.
 *
 * It needs CAP_NET_ADMIN, `nft` and `ip`, and for all modes but dsr `net.ipv4.ip_forward=1`, which it requires but does
 * not set. With a single network interface for both sides, set `send_redirects=0` too.
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
import { joinServices } from './terms/split-services.ts';
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
      services: joinServices(config).services.length,
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

/** Loaded on demand, to keep the start short. */
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
    services: joinServices(config).services.length,
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

// Loading the program takes longer than starting it: a start-up snapshot contains the loaded program and continues
// here.
if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.setDeserializeMainFunction(run);
else run();
