/** What is known of one server of one service. */
export interface ServerState {
  up: boolean;
  /** Results in a row that speak against `up`. */
  against: number;
  /** Whether any result has come in. */
  checked: boolean;
  reason: string;
}

/** The same, with how long its last check took. */
export interface CheckedState extends ServerState {
  lastDurationMs: number;
}

/** State of a server of a service without checks. */
export const NEVER_CHECKED: CheckedState = {
  up: true,
  against: 0,
  checked: true,
  reason: 'not checked',
  lastDurationMs: 0,
};

/** State before the first check: no traffic until something is known. */
export const UNCHECKED: ServerState = { up: false, against: 0, checked: false, reason: 'not checked yet' };

/**
 * State after one more result. `rise` successes in a row bring a server up, `fall` failures take it down; the very
 * first result counts at once, since waiting would refuse traffic for nothing.
 */
export function afterCheck(
  state: ServerState,
  result: { ok: boolean; reason: string },
  thresholds: { rise: number; fall: number },
): ServerState {
  const settled = { up: result.ok, against: 0, checked: true, reason: result.reason };
  if (!state.checked) return settled;
  if (result.ok === state.up) return { ...state, against: 0 };
  const against = state.against + 1;
  const needed = result.ok ? thresholds.rise : thresholds.fall;
  return against >= needed ? settled : { ...state, against };
}
