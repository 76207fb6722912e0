import type { AgentFault } from '../../terms/fault.ts';

/** An error inside a node; `fault` is sent to the harness. */
export class AgentError extends Error {
  constructor(
    readonly fault: AgentFault,
    options?: { cause?: unknown },
  ) {
    super(JSON.stringify(fault), options);
  }
}
