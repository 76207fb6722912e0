import type { Role } from './plan.ts';

/** Properties of a role, unless overridden by a node's settings. */
interface RoleTraits {
  /** Forwards IP packets. */
  forwards: boolean;
  /** Its interfaces are always ports of one bridge, and it has no addresses. */
  switches: boolean;
  /** Runs a load balancer; services refer to it. */
  balances: boolean;
  /** Can be in pools; `servers:` applies to it. */
  serves: boolean;
  /** Tracks the connections that it balances, regardless of its settings. */
  tracks: boolean;
  /** May translate addresses (`nat`). */
  translates: boolean;
  /** Drawn first. */
  calls: boolean;
}

const NONE: RoleTraits = {
  forwards: false,
  switches: false,
  balances: false,
  serves: false,
  tracks: false,
  translates: false,
  calls: false,
};

export const ROLES: Record<Role, RoleTraits> = {
  client: { ...NONE, calls: true },
  l3: { ...NONE, forwards: true, translates: true },
  l2: { ...NONE, switches: true },
  l4: { ...NONE, forwards: true, balances: true, tracks: true },
  server: { ...NONE, serves: true },
};
