/** Extra payload of a flow in scenarios and plans, bytes. */
interface Payload {
  bytes?: number | undefined;
  requestBytes?: number | undefined;
  replyBytes?: number | undefined;
}

/** Extra payload in each direction, bytes: the value for one direction overrides the value for both. */
export function payloadOf({ bytes = 0, requestBytes = bytes, replyBytes = bytes }: Payload): {
  request: number;
  reply: number;
} {
  return { request: requestBytes, reply: replyBytes };
}
