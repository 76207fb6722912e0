import type { LbConfig, LbServer } from './config.ts';
import type { LogEvent } from './log.ts';

/** A value that the API has set for a server in place of the configured one. */
export interface Override {
  service: string;
  server: string;
  field: OverrideField;
  /** The configured value when the API replaced it. */
  configured: Value;
  value: Value;
}

type OverrideField = (typeof OVERRIDE_FIELDS)[number];
/** Fields that the API can set; absent fields stay unchanged. */
export type OverrideFields = { [Field in OverrideField]?: LbServer[Field] };
type Value = number | boolean | null;

const OVERRIDE_FIELDS = ['weight', 'drain', 'drainDeadlineMs'] as const;
/** Defaults of absent fields. */
const DEFAULTS = { weight: 1, drain: false, drainDeadlineMs: null };

/** An override that ended, and why. */
type Dropped = Extract<LogEvent, { event: 'override-dropped' }>;

/**
 * Overrides after the API has set fields of a server; `server` has the active values. Setting a field to its configured
 * value ends its override.
 */
export function override(overrides: Override[], service: string, server: LbServer, fields: OverrideFields): Override[] {
  const given = OVERRIDE_FIELDS.flatMap((field): Override[] => {
    const value = fields[field];
    if (value === undefined) return [];
    const former = overrides.find((one) => isOf(one, service, server.name) && one.field === field);
    return [{ service, server: server.name, field, configured: former ? former.configured : of(server, field), value }];
  });
  const others = overrides.filter((one) => !given.some((next) => isOf(next, one.service, one.server, one.field)));
  return [...others, ...given.filter(({ value, configured }) => value !== configured)];
}

/**
 * Sorts overrides by whether they survive a new configuration: those of servers with unchanged configured values do. An
 * override that equals the new configuration ends silently, since nothing changes.
 */
export function sortOverrides(overrides: Override[], config: LbConfig): { kept: Override[]; dropped: Dropped[] } {
  const kept: Override[] = [];
  const dropped: Dropped[] = [];
  for (const one of overrides) {
    const server = serverOf(config, one);
    const configured = server && of(server, one.field);
    if (configured === one.configured) kept.push(one);
    else if (configured === undefined) dropped.push(drop(one, 'the configuration no longer has this server'));
    else if (configured !== one.value) dropped.push(drop(one, `the configuration now says ${configured ?? 'nothing'}`));
  }
  return { kept, dropped };
}

/** Events for overrides that end for the given reason, without those that equal the configuration. */
export function dropOverrides(overrides: Override[], reason: string, config?: LbConfig): Dropped[] {
  const agrees = (one: Override) => {
    const server = config && serverOf(config, one);
    return server !== undefined && of(server, one.field) === one.value;
  };
  return overrides.filter((one) => !agrees(one)).map((one) => drop(one, reason));
}

/** Applies overrides to a configuration; services without overrides keep their identity. */
export function withOverrides(config: LbConfig, overrides: Override[]): LbConfig {
  if (overrides.length === 0) return config;
  const services = config.services.map((service) => {
    const own = overrides.filter((one) => one.service === service.name);
    if (own.length === 0) return service;
    const servers = service.servers.map((server) => {
      const fields = own.filter((one) => one.server === server.name).map(({ field, value }) => [field, value] as const);
      return { ...server, ...Object.fromEntries(fields) };
    });
    return { ...service, servers };
  });
  return { ...config, services };
}

/** One line, to be recorded in the kernel's tables: `web/s1 weight 1 3`. */
export function formatOverride({ service, server, field, configured, value }: Override): string {
  return `${service}/${server} ${field} ${configured} ${value}`;
}

/** Parses the output of `formatOverride`; null for anything else. */
export function parseOverride(text: string): Override | null {
  const [, service, server, name, configured, value] =
    /^([a-z0-9-]+)\/([a-z0-9-]+) (\w+) (true|false|null|\d+) (true|false|\d+)$/.exec(text) ?? [];
  const field = OVERRIDE_FIELDS.find((known) => known === name);
  if (!field || value === undefined) return null;
  return {
    service: service!,
    server: server!,
    field,
    configured: JSON.parse(configured!) as Value,
    value: JSON.parse(value) as Value,
  };
}

function isOf(one: Override, service: string, server: string, field = one.field): boolean {
  return one.service === service && one.server === server && one.field === field;
}

function serverOf({ services }: LbConfig, { service, server }: Override): LbServer | undefined {
  return services.find(({ name }) => name === service)?.servers.find(({ name }) => name === server);
}

function of(server: LbServer, field: OverrideField): Value {
  return server[field] ?? DEFAULTS[field];
}

function drop({ service, server, field, value }: Override, reason: string): Dropped {
  return { event: 'override-dropped', service, server, field, value, reason };
}
