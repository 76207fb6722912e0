import { canonical, isIPv4 } from '../terms/address.ts';
import type { LbConfig, LbService } from '../terms/config.ts';
import { isDirect, MODES } from '../terms/mode.ts';
import { proxyIps } from '../terms/proxy-ips.ts';
import { checkProblems } from './check-rules.ts';
import { duplicates, type Problem } from './problem.ts';

/** Problems of one service. */
export function serviceProblems(service: LbService): Problem[] {
  return [...modeProblems(service), ...checkProblems(service), ...serverProblems(service)];
}

/** Fields of a service that its mode or protocol does not allow, or requires. */
function modeProblems(service: LbService): Problem[] {
  const { mode, vip, protocol, proxyIp, proxyPorts, mssClamp, sourceMac, dscp } = service;
  const { hidesSource, handsOver } = MODES[mode];
  const problems: Problem[] = [];
  const refuse = (field: keyof LbService, message: string) => problems.push({ path: [field], message });
  const onlyInProxy = `only valid in mode proxy, not in ${mode}`;
  if (proxyIp !== undefined && !hidesSource) refuse('proxyIp', onlyInProxy);
  if (proxyPorts !== undefined && !hidesSource) refuse('proxyPorts', onlyInProxy);
  if (mssClamp !== undefined && protocol !== 'tcp') refuse('mssClamp', `only valid for tcp, not for ${protocol}`);
  for (const address of proxyIps(service)) {
    if (isIPv4(address) !== isIPv4(vip))
      refuse('proxyIp', `proxy IP ${address} and VIP ${vip} differ in address family`);
  }
  if (sourceMac === 'keep' && handsOver !== 'mac') refuse('sourceMac', `only valid in mode dsr, not in ${mode}`);
  if (dscp === undefined && handsOver === 'dscp') refuse('dscp', 'is missing: mode l3dsr needs it');
  if (dscp !== undefined && handsOver !== 'dscp') refuse('dscp', `only valid in mode l3dsr, not in ${mode}`);
  return problems;
}

function serverProblems(service: LbService): Problem[] {
  const { mode, vip, port, servers } = service;
  const problems: Problem[] = [];
  servers.forEach((server, i) => {
    // In a tunnel a packet may be of another family than the one that carries it.
    if (isIPv4(server.address) !== isIPv4(vip) && MODES[mode].handsOver !== 'tunnel') {
      problems.push({
        path: ['servers', i, 'address'],
        message: `server ${server.address} and VIP ${vip} differ in address family`,
      });
    }
    if (!isDirect(service) && canonical(server.address) === canonical(vip) && (server.port ?? port) === port) {
      problems.push({
        path: ['servers', i, 'address'],
        message: `${server.address} port ${port} is the VIP itself: use another address of the server`,
      });
    }
    if (isDirect(service) && server.port !== undefined && server.port !== port) {
      problems.push({
        path: ['servers', i, 'port'],
        message: `${mode} does not change the port: it must be ${port}, or absent`,
      });
    }
  });
  return [
    ...problems,
    ...duplicates(['servers'], servers, { field: 'name', what: 'server name' }, ({ name }) => name),
    ...duplicates(
      ['servers'],
      servers,
      { field: 'address', what: 'server' },
      (server) => `${server.address} port ${server.port ?? port}`,
    ),
  ];
}

/** The host's own calls pass NAT at output, which can only redirect them to an address and port. */
export function ownCallProblems({ ownCalls, mode }: LbService, vipOwner: LbConfig['vipOwner']): Problem[] {
  if (ownCalls !== true) return [];
  const path = ['ownCalls'];
  if (isDirect({ mode })) {
    const message = `only valid in modes dnat and proxy: in ${mode} servers hold the VIP and would reply to themselves`;
    return [{ path, message }];
  }
  if (vipOwner !== false) return [];
  return [{ path, message: 'requires `vipOwner: true`: otherwise the host has no route to its VIPs' }];
}
