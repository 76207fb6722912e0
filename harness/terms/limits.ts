/** A call that has no answer by then is over, whatever its packets do, ms. */
export const CALL_DEADLINE_MS = 15_000;

/** Attempts of one flow that run side by side. */
export const ATTEMPTS_AT_ONCE = 8;

/** The same where all that they do is to wait for what does not come; the kernel answers 50 at once with ICMP errors. */
export const WAITING_AT_ONCE = 32;

/**
 * Extra payload in each direction that captures on every interface follow within the deadline of a call, bytes: 4 MB take 4 s
 * on two busy cores, 8 MB have never been done.
 */
export const MOST_BYTES_AT_ONCE = 4_000_000;

/** The same of all attempts of a flow: results.json holds each packet, by a dozen bytes for every byte here, and is one text. */
export const MOST_BYTES_OF_A_FLOW = 32_000_000;

/** Calls of one stream that captures on every interface follow, and that a report draws. */
export const MOST_CALLS = 20_000;

/** Largest MTU of an interface, bytes: what wires carry. */
export const LARGEST_MTU = 9000;
