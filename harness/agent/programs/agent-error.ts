import type { AgentFault } from '../../terms/fault.ts';

/** Something went wrong inside a node; the harness is told of `fault`. */
export class AgentError extends Error {
  constructor(
    readonly fault: AgentFault,
    options?: { cause?: unknown },
  ) {
    super(JSON.stringify(fault), options);
  }
}
