import type { core } from 'zod';
import { readFile } from 'node:fs/promises';
import { canonical } from '../terms/address.ts';
import { canonicalNetwork } from '../terms/network.ts';
import type { LbConfig } from '../terms/config.ts';
import { lbConfigSchema } from '../terms/config.ts';
import { isRoute } from '../terms/mode.ts';
import { splitServices } from '../terms/split-services.ts';
import { messageFor, plainIssues } from '../terms/messages.ts';
import type { Problem } from '../rules/problem.ts';
import { findProblems } from '../rules/config-rules.ts';
import { LbError } from '../terms/errors.ts';

/**
 * Reads a YAML or JSON file.
 * @throws {LbError} `bad-config` with one line `file:line:col: message` for every mistake.
 */
export async function loadConfig(file: string): Promise<LbConfig> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new LbError('bad-config', `${file}: cannot be read: ${(cause as Error).message}`, { cause });
  });
  return parseConfig(text, file);
}

/** Like `loadConfig`, for text; `file` is the name used in messages. */
export async function parseConfig(text: string, file: string): Promise<LbConfig> {
  const { value, problems } = checkConfig(parseJson(text) ?? (await import('./yaml-text.ts')).parseYaml(text, file));
  if (value) return value;
  const { locate } = await import('./yaml-text.ts');
  throw new LbError('bad-config', locate(text, file, problems));
}

/** The schema first, because the other rules rely on its types. */
export function checkConfig(data: unknown): { value: LbConfig | null; problems: Problem[] } {
  const parsed = lbConfigSchema.safeParse(data, { error: messageFor });
  if (!parsed.success) {
    return { value: null, problems: plainIssues(parsed.error.issues).flatMap(problemsOf) };
  }
  const config = withCanonicalAddresses(splitServices(parsed.data));
  // The file has all services in one list.
  const written = parsed.data.services.map((service, i) => ({ routes: isRoute(service), i }));
  const places = {
    services: written.filter(({ routes }) => !routes),
    routeServices: written.filter(({ routes }) => routes),
  };
  const problems = findProblems(config).map(({ path: [list, i, ...rest], ...problem }): Problem => {
    const place = places[list as keyof typeof places][i as number]!;
    return { ...problem, path: ['services', place.i, ...rest] };
  });
  return { value: problems.length === 0 ? config : null, problems };
}

/** Normalizes addresses, so that they can be compared as text, also with the kernel's. */
function withCanonicalAddresses(config: LbConfig): LbConfig {
  const services = config.services.map((service) => {
    const { proxyIp } = service;
    const proxy = Array.isArray(proxyIp)
      ? proxyIp.map(canonical)
      : proxyIp && proxyIp !== 'auto'
        ? canonical(proxyIp)
        : proxyIp;
    const servers = service.servers.map((server) => ({ ...server, address: canonical(server.address) }));
    return { ...service, vip: canonical(service.vip), ...(proxy === undefined ? {} : { proxyIp: proxy }), servers };
  });
  const routeServices = config.routeServices?.map((service) => ({
    ...service,
    nextHops: service.nextHops.map(canonical),
    to: service.to === 'any' ? service.to : canonicalNetwork(service.to),
  }));
  return { ...config, services, ...(routeServices === undefined ? {} : { routeServices }) };
}

function problemsOf(issue: core.$ZodIssue): Problem[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  const messages = issue.message.split('\n');
  return issue.keys.map((key, i) => ({ path: [...path, key], at: 'key', message: messages[i]! }));
}

/** Tries JSON first, so that the YAML parser need not be loaded, which shortens the start. */
function parseJson(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
