/**
 * Error codes of the load balancer: a closed list, and part of its output.
 * `bad-config` and `usage` are errors of the user, the others of the host.
 */
export type LbErrorCode =
  | 'usage'
  | 'bad-config'
  | 'forwarding-off'
  | 'sysctl-refused'
  | 'kernel-lacks'
  | 'no-device'
  | 'nft-failed'
  | 'ip-failed'
  | 'already-running'
  | 'internal';

/** Base of all errors of the load balancer; the message says what is wrong, where, and what to do. */
export class LbError extends Error {
  readonly code: LbErrorCode;

  constructor(code: LbErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'LbError';
    this.code = code;
  }
}
