import { execa } from 'execa';
import type { NetnsLab } from '../../lb/netns/netns-lab.ts';
import { busyCpuSeconds } from './cpu-time.ts';
import type { Load, Sample } from './traffic.ts';

/** Extra time for a load: a broken path must not delay the others. */
const GRACE_MS = 20_000;

/** Runs a load in the client and returns its result. */
export async function measure(
  lab: NetnsLab,
  load: Load,
  { host, seconds, signal }: { host: string; seconds: number; signal: AbortSignal },
): Promise<Sample> {
  const command = ['netns', 'exec', lab.namespace('client'), ...load.command(host, seconds)];
  const [cpuBefore, began] = [await busyCpuSeconds(), performance.now()];
  const { stdout } = await execa('ip', command, { cancelSignal: signal, timeout: seconds * 1000 + GRACE_MS });
  const took = (performance.now() - began) / 1000;
  const cpu = (await busyCpuSeconds()) - cpuBefore;
  const result = load.read(stdout);
  return { ...result, cpuUs: (cpu * 1e6) / (result.rate * took) };
}
