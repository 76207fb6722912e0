/** Extra payload of a flow, as scenario and plan say it, bytes. */
interface Payload {
  bytes?: number | undefined;
  requestBytes?: number | undefined;
  replyBytes?: number | undefined;
}

/** Extra payload in each direction, bytes: what is said of one direction goes before what is said of both. */
export function payloadOf({ bytes = 0, requestBytes = bytes, replyBytes = bytes }: Payload): {
  request: number;
  reply: number;
} {
  return { request: requestBytes, reply: replyBytes };
}
