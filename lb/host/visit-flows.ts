import { readFile } from 'node:fs/promises';
import { canonical, lastWord } from '../terms/address.ts';
import type { LbConfig, LbServer, LbService } from '../terms/config.ts';
import { isDirect } from '../terms/mode.ts';
import { familyOf } from '../render/family.ts';
import { flowTable } from '../render/flow-table.ts';
import { markOf } from '../terms/mark.ts';
import { TABLE } from '../render/ruleset.ts';
import { run } from './run.ts';

/**
 * Called for each flow with the `flowKey` of its service and server, and the client's address and port. From the
 * kernel's map only the last 32 bits of the address are known, as a number.
 */
type Visit = (key: string, client: string | number, clientPort: number) => void;

interface FlowElement {
  elem: { val: { concat: [number, number, number, number] } };
}

const CONNTRACK = '/proc/net/nf_conntrack';
/** TCP states of closed and closing connections. */
const CLOSED = new Set(['TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK', 'FIN_WAIT']);

/** Visits all flows of all services that the kernel keeps on a server: possibly millions. */
export async function visitFlows(config: LbConfig, visit: Visit): Promise<void> {
  const direct = config.services.filter(isDirect);
  const maps = new Set(direct.map(({ vip, protocol }) => flowTable(familyOf(vip), protocol).flows));
  await Promise.all([
    ...[...maps].map((name) => visitMap(name, visit)),
    ...(direct.length < config.services.length ? [visitConntrack(visit)] : []),
  ]);
}

/** Key of the flows of a server in a service. */
export function flowKey(service: LbService, server: LbServer): string {
  const { vip, port, protocol } = service;
  if (isDirect(service)) {
    return `${flowTable(familyOf(vip), protocol).flows} ${lastWord(vip)} ${port} ${Number(markOf(server.address))}`;
  }
  return `${protocol} ${canonical(vip)} ${port} ${canonical(server.address)} ${server.port ?? port}`;
}

async function visitMap(name: string, visit: Visit): Promise<void> {
  const text = await run('nft-failed', 'nft', ['-j', 'list', 'map', 'netdev', TABLE, name]);
  const { nftables } = JSON.parse(text) as { nftables: { map?: { elem?: [FlowElement, number][] } }[] };
  for (const { map } of nftables) {
    for (const [{ elem }, mark] of map?.elem ?? []) {
      const [client, vip, clientPort, port] = elem.val.concat;
      visit(`${name} ${vip} ${port} ${mark}`, client, clientPort);
    }
  }
}

/** Lines such as `ipv4 2 tcp 6 431999 ESTABLISHED src=… dst=… sport=… dport=… src=… dst=… sport=… dport=… [ASSURED] …`. */
async function visitConntrack(visit: Visit): Promise<void> {
  const text = await readFile(CONNTRACK, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const fields = line.split(/\s+/);
    if (fields[2] === 'tcp' && CLOSED.has(fields[5]!)) continue;
    const values = (name: string) =>
      fields.filter((word) => word.startsWith(`${name}=`)).map((word) => word.slice(name.length + 1));
    const [client, server] = values('src');
    const [vip] = values('dst');
    const [clientPort, serverPort] = values('sport');
    const [port] = values('dport');
    if (!client || !server || !vip) continue;
    visit(`${fields[2]} ${canonical(vip)} ${port} ${canonical(server)} ${serverPort}`, client, Number(clientPort));
  }
}
