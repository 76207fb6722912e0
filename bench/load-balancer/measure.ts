import { execa } from 'execa';
import type { NetnsLab } from '../../lb/netns/netns-lab.ts';
import { busyCpuSeconds } from './cpu-time.ts';
import type { Load, Sample } from './traffic.ts';

/** How much longer than asked a load may take: a way that is broken must not hold up the others. */
const GRACE_MS = 20_000;

/** Runs a load in the client and says what it achieved. */
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
