/** Whether a balancer sends new flows of a service to a server, according to its health checks. */
export interface ServerState {
  service: string;
  server: string;
  up: boolean;
}

/** A load balancer process on a node: the agent's only interface to it. */
export interface Balancer {
  /** False after the process has exited by itself. */
  readonly running: boolean;
  /** Applies a new configuration. @throws Error with the program's log if it rejects it, exits or does not respond */
  reload(config: unknown): Promise<void>;
  /** Removes all services, and everything that the program has created on this node. */
  clear(): Promise<void>;
  /** Stops the program cleanly, and removes everything that it has created. */
  stop(): Promise<void>;
  /** Kills the program: its rules stay in the kernel. */
  kill(): Promise<void>;
  /** Clears its flow tables (not conntrack). */
  forgetFlows(): Promise<void>;
  /** The latest state of each server since the configuration was applied. */
  serverStates(): ServerState[];
  /** Rules as text for the report, with the contents of sets and maps or only their names. */
  describeRules(tables: 'listed' | 'named'): Promise<string>;
}

/** Callbacks for events of a balancer. */
export interface BalancerListener {
  log: (line: string) => void;
  serverState: (state: ServerState) => void;
}

/**
 * Starts a balancer of one kind and waits until it is ready.
 * @throws Error with its log if it exits or does not respond
 */
export type StartBalancer = (config: unknown, listener: BalancerListener) => Promise<Balancer>;
