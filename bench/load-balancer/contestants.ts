import type { NetnsLab } from '../../lb/netns/netns-lab.ts';
import { isDirect } from '../../lb/terms/mode.ts';
import { RunningLb } from '../../lb/netns/running-lb.ts';
import { byHand, FAIR_MODES, fairByHand, type Mode } from './by-hand.ts';
import { DSCP, undoL3dsr } from './l3dsr.ts';
import { haproxyConfig, nginxConfig, startProgram } from './programs.ts';
import { untilSettled } from './settled.ts';
import type { Path } from './topology.ts';
import { SERVICES } from './traffic.ts';

/** A contestant: forwards the load from the client to the server. */
export interface Contestant {
  name: string;
  /** Whether clients call the VIP; the server itself where there is no load balancer. */
  balanced: boolean;
  /** Whether the server sees the VIP as destination. */
  direct: boolean;
  udp: boolean;
  /** Sets it up in its node; it ends with the lab. */
  start: (lab: NetnsLab, path: Path) => Promise<void>;
  /** Resolves when it runs as it will from then on; absent where it does so from the start. */
  settled?: (lab: NetnsLab, path: Path) => Promise<void>;
}

export const MODES: Mode[] = ['dsr', 'l3dsr', 'dnat', 'proxy'];

export const DIRECT = 'direct';
export const ours = (mode: Mode): string => `l4lab ${mode}`;
/** The same without counting packets, which the smallest rules do not do either. */
export const oursUncounted = (mode: 'dnat' | 'proxy'): string => `${ours(mode)}, not counting`;
export const handWritten = (mode: Mode): string => `by hand ${mode}`;

/** Rules by hand that do for every packet what a load balancer must. */
export const fairHandWritten = (mode: Mode): string =>
  `by hand ${mode}, ${isDirect({ mode }) ? 'keeping' : 'counting'}`;

/** Everything that takes part: the way itself, each mode beside the smallest rules that do the same, and two proxies. */
export function contestants(): Contestant[] {
  return [
    { name: DIRECT, balanced: false, direct: false, udp: true, start: () => Promise.resolve() },
    ...MODES.flatMap((mode) => {
      const shared = { balanced: true, direct: isDirect({ mode }), udp: true };
      const start =
        (balance: (lab: NetnsLab, path: Path, mode: Mode) => Promise<void>) => async (lab: NetnsLab, path: Path) => {
          if (mode === 'l3dsr') await undoL3dsr(lab, path);
          await balance(lab, path, mode);
        };
      return [
        {
          ...shared,
          name: ours(mode),
          start: start(startOurs),
          ...(isDirect({ mode }) ? { settled: (lab: NetnsLab, path: Path) => untilSettled(lab, path.balancer) } : {}),
        },
        { ...shared, name: handWritten(mode), start: start(byHand) },
      ];
    }),
    ...(['dnat', 'proxy'] as const).map((mode) => ({
      name: oursUncounted(mode),
      balanced: true,
      direct: false,
      udp: true,
      start: (lab: NetnsLab, path: Path) => startOurs(lab, path, mode, { countPackets: false }),
    })),
    ...FAIR_MODES.map((mode) => ({
      name: fairHandWritten(mode),
      balanced: true,
      direct: isDirect({ mode }),
      udp: true,
      start: (lab: NetnsLab, path: Path) => fairByHand(lab, path, mode),
    })),
    {
      name: 'haproxy',
      balanced: true,
      direct: false,
      udp: false,
      start: async (lab, path) => {
        await ownVip(lab, path);
        await startProgram(lab, path.balancer, {
          program: 'haproxy',
          config: haproxyConfig(path),
          args: ['-db', '-f'],
        });
      },
    },
    {
      name: 'nginx',
      balanced: true,
      direct: false,
      udp: true,
      start: async (lab, path) => {
        await ownVip(lab, path);
        await startProgram(lab, path.balancer, { program: 'nginx', config: nginxConfig(path), args: ['-c'] });
      },
    },
  ];
}

async function startOurs(
  lab: NetnsLab,
  { balancer, vip, server, proxyIp }: Path,
  mode: Mode,
  root: { countPackets?: boolean } = {},
): Promise<void> {
  const services = SERVICES.map(({ protocol, port }) => ({
    name: `${protocol}-${port}`,
    vip,
    port,
    protocol,
    mode,
    ...(mode === 'proxy' ? { proxyIp } : mode === 'l3dsr' ? { dscp: DSCP } : {}),
    servers: [{ name: 's1', address: server }],
  }));
  // The replies of a direct mode come back through this very node, which would drop packets from an address of its own.
  await RunningLb.start(lab, balancer, { version: 1, vipOwner: !isDirect({ mode }), ...root, services });
}

async function ownVip(lab: NetnsLab, { balancer, vip }: Path): Promise<void> {
  await lab.exec(balancer, 'ip', 'addr', 'add', `${vip}/32`, 'dev', 'lo');
}
