import type { LbService } from '../../lb/terms/config.ts';
import type { NetnsLab } from '../../lb/netns/netns-lab.ts';
import { DSCP } from './l3dsr.ts';
import { loadRules } from './load-rules.ts';
import type { Path } from './topology.ts';
import { SERVICES } from './traffic.ts';

/** Modes that consist of rules only; a tunnel needs more. */
export type Mode = Exclude<LbService['mode'], 'ipip'>;

/** Modes for which `fairByHand` has rules. l3dsr differs from dsr in how it sends packets, not in what it stores. */
export const FAIR_MODES = ['dsr', 'dnat', 'proxy'] as const;

/** Loads the smallest rules that balance the same services to one server. */
export function byHand(lab: NetnsLab, path: Path, mode: Mode): Promise<void> {
  return load(lab, path, mode, rulesOf(path)[mode]);
}

/**
 * Loads the smallest rules that also count packets and bytes by server and service, and in dsr keep each flow on its
 * server until it is over, which a load balancer for several servers must do. They look up the server of each packet's flow,
 * although there is only one server.
 */
export function fairByHand(lab: NetnsLab, path: Path, mode: (typeof FAIR_MODES)[number]): Promise<void> {
  return load(lab, path, mode, fairRulesOf(path)[mode]);
}

async function load(lab: NetnsLab, path: Path, mode: Mode, rules: string): Promise<void> {
  await loadRules(lab, path.balancer, path.balancer, rules);
  if (mode === 'proxy') await lab.exec(path.balancer, 'ip', 'addr', 'add', `${path.proxyIp}/32`, 'dev', 'server');
}

function rulesOf(path: Path): Record<Mode, string> {
  const { server } = path;
  const nat = natOf(path);
  return {
    dsr: ingressOf(path, `fwd ip to ${server} device "server"`),
    l3dsr: ingressOf(path, `ip dscp set ${DSCP} ip daddr set ${server} accept`),
    dnat: `table ip hand {\n${nat.dnat}\n}`,
    proxy: `table ip hand {\n${nat.dnat}\n${nat.snat}\n}`,
  };
}

function fairRulesOf(path: Path): Record<(typeof FAIR_MODES)[number], string> {
  const { server } = path;
  const nat = natOf(path);
  const elements = SERVICES.map(({ protocol, port }) => `${server} . ${protocol} . ${port}`).join(', ');
  const counting = `set traffic {
    type ipv4_addr . inet_proto . inet_service
    counter
    elements = { ${elements} }
  }
  chain count {
    type filter hook forward priority filter
    ct direction original ip daddr . meta l4proto . th dport @traffic
    ct direction reply ip saddr . meta l4proto . th sport @traffic
  }`;
  return {
    dsr: ingressOf(path, 'goto keep', keepingOf(path)),
    dnat: `table ip hand {\n${counting}\n${nat.dnat}\n}`,
    proxy: `table ip hand {\n${counting}\n${nat.dnat}\n${nat.snat}\n}`,
  };
}

/** A flow begins with its first packet, is refreshed by each one, and is over a minute after FIN or RST. */
function keepingOf({ server, vip }: Path): string {
  const key = 'ip saddr . ip daddr . th sport . th dport';
  const map = (name: string, timeout: string) => `map ${name} {
    typeof ${key} : meta mark
    flags dynamic,timeout
    timeout ${timeout}
    size 262144
  }`;
  const elements = SERVICES.map(({ protocol, port }) => `${vip} . ${protocol} . ${port} . 1`).join(', ');
  const send = `ip daddr . meta l4proto . th dport . meta mark @traffic
    fwd ip to meta mark map { 1 : ${server} } device "server"`;
  return `${map('flows', '15m')}
  ${map('closing', '1m')}
  set traffic {
    type ipv4_addr . inet_proto . inet_service . mark
    counter
    elements = { ${elements} }
  }
  chain over {
    update @closing { ${key} : meta mark }
    ${send}
  }
  chain known {
    tcp flags & (fin | rst) != 0 delete @flows { ${key} : meta mark } goto over
    update @flows { ${key} : meta mark }
    ${send}
  }
  chain keep {
    meta mark set ${key} map @flows goto known
    tcp flags & syn == 0 meta mark set ${key} map @closing goto over
    meta mark set 1
    add @flows { ${key} : meta mark }
    ${send}
  }`;
}

/** A rule for each service. */
function each({ vip }: Path, action: string): string {
  return SERVICES.map(({ protocol, port }) => `ip daddr ${vip} ${protocol} dport ${port} ${action}`).join('\n');
}

function ingressOf(path: Path, action: string, before = ''): string {
  return `table netdev hand {
    ${before}
    chain in {
      type filter hook ingress device "client" priority filter
      ${each(path, action)}
    }
  }`;
}

function natOf(path: Path): Record<'dnat' | 'snat', string> {
  const { server, proxyIp } = path;
  const dnat = `chain pre {
    type nat hook prerouting priority dstnat
    ${each(path, `dnat to ${server}`)}
  }`;
  const snat = `chain post {
    type nat hook postrouting priority srcnat
    ip daddr ${server} snat to ${proxyIp}
  }`;
  return { dnat, snat };
}
