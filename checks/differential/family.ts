import { isAddress as isValid, isV6 } from '../../harness/scenario/address.ts';

const IPV4 = /^(\d+)\.\d+\.(\d+)\.(\d+)(?:\/(\d+))?$/;
/** A listener at the address of a server. */
const LISTENER = /^(203\.[\d.]+):(\d+\/\w+)$/;

/** The document translated from IPv4 to IPv6: keeps which addresses share a subnet, and their host numbers. */
export function inIpv6(value: unknown): unknown {
  if (typeof value === 'string') {
    const listener = LISTENER.exec(value);
    if (listener) return `[${String(inIpv6(listener[1]))}]:${listener[2]}`;
    const parts = IPV4.exec(value);
    return parts ? translated(parts) : value;
  }
  if (Array.isArray(value)) return value.map(inIpv6);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [inIpv6(key), inIpv6(item)]));
}

/**
 * Merges two documents that differ only in address family: addresses of links, gateways, routes and NAT come from both,
 * everything else from the first one.
 */
export function dualStack(own: unknown, other: unknown): unknown {
  if (Array.isArray(own)) return own.map((item, index) => dualStack(item, (other as unknown[])[index]));
  if (typeof own === 'string' && own.includes('/')) return { address: [own, other] };
  if (typeof own !== 'object' || own === null) return own;
  const [a, b] = [own, other] as [Document, Document];
  const both = Object.fromEntries(
    Object.entries(a).map(([key, item]) => {
      if (key === 'nat') return [key, natOfBoth(item as Document, b[key] as Document)];
      return [key, KEPT.includes(key) ? item : dualStack(item, b[key])];
    }),
  );
  const second = [
    ...(isAddress(b['gateway']) ? [{ to: isV6(b['gateway']) ? '::/0' : '0.0.0.0/0', via: b['gateway'] }] : []),
    ...routesOf(b).filter(({ to, from }) => isNetwork(to) && from === undefined),
  ];
  return second.length === 0 ? both : { ...both, routes: [...routesOf(a), ...second] };
}

type Document = Record<string, unknown>;

/** What is of one family, or of none. */
const KEPT = ['routes', 'filter', 'loopback', 'listeners', 'neighbours', 'ports', 'interfaces', 'sysctls'];

/** One new source for each family. */
function natOfBoth(own: Document, other: Document): Document {
  return isAddress(own['to']) ? { ...own, to: [own['to'], other['to']] } : own;
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && isValid(value);
}

function routesOf({ routes = [] }: Document): Document[] {
  return routes as Document[];
}

function isNetwork(value: unknown): boolean {
  return typeof value === 'string' && value.includes('/');
}

/** One /64 for each block of 32 addresses, of those that the block's subnet begins with. */
function translated([, network, group, host, length]: RegExpExecArray): string {
  const block = network === '203' ? Number(host) & 0x80 : blockOf198(Number(host));
  const subnet = (Number(group) * 0x100 + block).toString(16);
  const isNetwork = length !== undefined && length !== '32' && Number(host) === block;
  const address = `2001:db8:0:${subnet}::${isNetwork ? '' : Number(host).toString(16)}`;
  return length === undefined ? address : `${address}/${LENGTHS[Number(length)] ?? 64}`;
}

/** Subnets of 64 addresses. The last quarter begins with one of 32; the addresses above it are in no subnet. */
function blockOf198(host: number): number {
  return host >= 0xe0 ? 0xe0 : host & 0xc0;
}

const LENGTHS: Record<number, number> = { 32: 128, 28: 124, 24: 56, 4: 16 };
