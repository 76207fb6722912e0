/** Deadline of a call without an answer, ms. */
export const CALL_DEADLINE_MS = 15_000;

/** Attempts of one flow that run in parallel. */
export const MAX_PARALLEL_ATTEMPTS = 8;

/** The same for attempts that only wait for a timeout; the kernel sends at most 50 ICMP errors at once. */
export const MAX_PARALLEL_WAITS = 32;

/**
 * Extra payload in each direction that captures on every interface can follow within the deadline of a call, bytes: 4
 * MB take 4 s on two busy cores; 8 MB never completed.
 */
export const MAX_CALL_BYTES = 4_000_000;

/**
 * The same for all attempts of a flow: results.json stores each packet, a dozen bytes for every payload byte, as one
 * text.
 */
export const MAX_FLOW_BYTES = 32_000_000;

/** Calls of one stream that captures on every interface can follow, and a report can draw. */
export const MAX_STREAM_CALLS = 20_000;

/** Largest MTU of an interface, bytes: what wires carry. */
export const LARGEST_MTU = 9000;
