const IPV4 = /^(\d+)\.\d+\.(\d+)\.(\d+)(?:\/(\d+))?$/;

/** The same document with IPv6 in place of IPv4: equal subnets stay equal, and so do the places of hosts in them. */
export function inIpv6(value: unknown): unknown {
  if (typeof value === 'string') {
    const parts = IPV4.exec(value);
    return parts ? translated(parts) : value;
  }
  if (Array.isArray(value)) return value.map(inIpv6);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [inIpv6(key), inIpv6(item)]));
}

/** One /64 for each block of 32 addresses, of those that the block's subnet begins with. */
function translated([, network, group, host, length]: RegExpExecArray): string {
  const block = network === '203' ? Number(host) & 0x80 : blockOf198(Number(host));
  const subnet = (Number(group) * 0x100 + block).toString(16);
  const isNetwork = length !== undefined && length !== '32' && Number(host) === block;
  const address = `2001:db8:0:${subnet}::${isNetwork ? '' : Number(host).toString(16)}`;
  return length === undefined ? address : `${address}/${LENGTHS[Number(length)] ?? 64}`;
}

/** Subnets of 64 addresses; the last quarter begins with one of 32, and above it are addresses of nobody's subnet. */
function blockOf198(host: number): number {
  return host >= 0xe0 ? 0xe0 : host & 0xc0;
}

const LENGTHS: Record<number, number> = { 32: 128, 28: 124, 24: 56, 4: 16 };
