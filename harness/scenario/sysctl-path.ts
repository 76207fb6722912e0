/** Settings of interfaces, whose names may contain a dot: `net.ipv4.conf.sw.10.arp_filter`. */
const OF_INTERFACE = /^(net\.ipv[46]\.(?:conf|neigh))\.(.+)\.([^.]+)$/;

/** The path below /proc/sys of a kernel setting. */
export function sysctlPath(name: string): string {
  const [, tree, scope, key] = OF_INTERFACE.exec(name) ?? [];
  return tree === undefined ? name.replaceAll('.', '/') : `${tree.replaceAll('.', '/')}/${scope}/${key}`;
}
