/** Health of one server of one service. */
export interface ServerState {
  up: boolean;
  /** Consecutive results that contradict `up`. */
  against: number;
  /** Whether there has been a result. */
  checked: boolean;
  reason: string;
}

/** The same, with the duration of the last check. */
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

/** State before the first check: no traffic. */
export const UNCHECKED: ServerState = { up: false, against: 0, checked: false, reason: 'not checked yet' };

/**
 * State after another result. `rise` consecutive successes bring a server up, `fall` failures take it down. The first
 * result counts at once, because waiting would only refuse traffic.
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
