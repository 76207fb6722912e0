import { readFile } from 'node:fs/promises';
import { canonical, lastWord } from '../address.ts';
import type { LbConfig, LbServer, LbService } from '../config.ts';
import { isDirect } from '../mode.ts';
import { familyOf } from '../render/family.ts';
import { flowTable } from '../render/flow-table.ts';
import { markOf } from '../render/mark.ts';
import { TABLE } from '../render/ruleset.ts';
import { run } from './run.ts';

/** Live flows by service and server. */
export type FlowCounts = (service: LbService, server: LbServer) => number;

interface FlowElement {
  elem: { val: { concat: number[] } };
}

const CONNTRACK = '/proc/net/nf_conntrack';
/** TCP states of connections that are over, or nearly. */
const CLOSED = new Set(['TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK', 'FIN_WAIT']);

/** Counts flows: in dsr and l3dsr those of the flow maps, otherwise those of conntrack that are not about to end. */
export async function countFlows(config: LbConfig): Promise<FlowCounts> {
  const counts = new Map<string, number>();
  const add = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  const direct = config.services.filter(isDirect);
  await Promise.all([
    ...flowMapsOf(direct).map((name) => countMap(name, add)),
    ...(direct.length < config.services.length ? [countConntrack(add)] : []),
  ]);
  return (service, server) => counts.get(isDirect(service) ? directKey(service, server) : natKey(service, server)) ?? 0;
}

function flowMapsOf(services: LbService[]): string[] {
  return [...new Set(services.map(({ vip, protocol }) => flowTable(familyOf(vip), protocol).flows))];
}

async function countMap(name: string, add: (key: string) => void): Promise<void> {
  const text = await run('nft-failed', 'nft', ['-j', 'list', 'map', 'netdev', TABLE, name]);
  const { nftables } = JSON.parse(text) as { nftables: { map?: { elem?: [FlowElement, number][] } }[] };
  for (const { map } of nftables) {
    for (const [{ elem }, mark] of map?.elem ?? []) {
      const [, vip, , port] = elem.val.concat;
      add(`${name} ${vip} ${port} ${mark}`);
    }
  }
}

function directKey({ vip, port, protocol }: LbService, { address }: LbServer): string {
  return `${flowTable(familyOf(vip), protocol).flows} ${lastWord(vip)} ${port} ${Number(markOf(address))}`;
}

/** Lines such as `ipv4 2 tcp 6 431999 ESTABLISHED src=… dst=… sport=… dport=… src=… dst=… sport=… dport=… [ASSURED] …`. */
async function countConntrack(add: (key: string) => void): Promise<void> {
  const text = await readFile(CONNTRACK, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const words = line.split(/\s+/);
    if (words[2] === 'tcp' && CLOSED.has(words[5]!)) continue;
    const values = (name: string) =>
      words.filter((word) => word.startsWith(`${name}=`)).map((word) => word.slice(name.length + 1));
    const [[, server], [vip], [, serverPort], [port]] = [
      values('src'),
      values('dst'),
      values('sport'),
      values('dport'),
    ];
    if (server && vip) add(`${words[2]} ${canonical(vip)} ${port} ${canonical(server)} ${serverPort}`);
  }
}

function natKey(service: LbService, server: LbServer): string {
  const { vip, port, protocol } = service;
  return `${protocol} ${canonical(vip)} ${port} ${canonical(server.address)} ${server.port ?? port}`;
}
