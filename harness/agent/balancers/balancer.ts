/** Whether a balancer sends new flows of a service to a server, as its health checks have found. */
export interface ServerState {
  service: string;
  server: string;
  up: boolean;
}

/** A load balancer that runs as a process of a node: all that an agent knows of it. */
export interface Balancer {
  /** False once the process has ended by itself. */
  readonly running: boolean;
  /** Puts another configuration in force. @throws Error with the program's log when it refuses, ends or stays silent */
  reload(config: unknown): Promise<void>;
  /** Takes all services out, and with them everything that the program has made in this node. */
  clear(): Promise<void>;
  /** Stops the program cleanly, and removes everything that it has created. */
  stop(): Promise<void>;
  /** Kills the program: its rules stay in the kernel. */
  kill(): Promise<void>;
  /** Clears its flow tables (not conntrack). */
  forgetFlows(): Promise<void>;
  /** The last state of each server that had one since the configuration came into force. */
  serverStates(): ServerState[];
  /** For the report: the rules as text, with the contents of sets and maps, or only their names. */
  describeRules(tables: 'listed' | 'named'): Promise<string>;
}

/** Callbacks for events of a balancer. */
export interface BalancerListener {
  log: (line: string) => void;
  serverState: (state: ServerState) => void;
}

/** Starts a balancer of one kind and waits until it serves. @throws Error with its log when it ends or stays silent */
export type StartBalancer = (config: unknown, listener: BalancerListener) => Promise<Balancer>;
