import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DNS_PORT } from '../terms/by-name.ts';
import type { NamePlan } from '../terms/plan.ts';
import { Daemon } from './programs/daemon.ts';
import type { Listening } from './listening.ts';

/** Here a node keeps what its DNS server reads. */
const FOLDER = '/run/l4lab/names';
/** For so long a caller may keep an answer; those of flows ask anew each time. */
const TTL_S = 30;
const READY = /server started/;

/**
 * Runs Knot DNS (knotd(8)), which answers for names and knows nothing else. It is ended with the listener, without a word.
 * @param addresses those that it answers at
 */
export async function serveNames(
  names: NamePlan[],
  addresses: string[],
  log: (line: string) => void,
): Promise<Listening> {
  // A node whose links are down has none to listen at, and Knot DNS refuses an empty list.
  if (addresses.length === 0) return { close: () => Promise.resolve() };
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  const config = join(FOLDER, 'knot.conf');
  const files: [string, string][] = [
    [config, knotConfig(names, addresses, FOLDER)],
    ...names.map((name): [string, string] => [join(FOLDER, zoneFile(name)), zone(name)]),
  ];
  await Promise.all(files.map(([file, text]) => writeFile(file, text)));
  let isReady = false;
  const daemon: Daemon = new Daemon(['knotd', '-c', config], (line) => {
    log(`knotd: ${line}`);
    isReady ||= READY.test(line);
    if (isReady) daemon.changed();
  });
  await daemon.until('it answers', () => isReady);
  return { close: () => daemon.kill() };
}

/** A server without a memory: nothing is kept but what the files say. Each answer begins with the next address. */
export function knotConfig(names: NamePlan[], addresses: string[], folder: string): string {
  const zones = names.map((name) => `  - domain: ${name.name}.\n    file: ${zoneFile(name)}\n`);
  return `server:
    rundir: ${folder}
    listen: [ ${addresses.map((address) => `${address}@${DNS_PORT}`).join(', ')} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    automatic-acl: off
    answer-rotation: on
log:
  - target: stdout
    any: info
database:
    storage: ${folder}
template:
  - id: default
    storage: ${folder}
    semantic-checks: off
    zonefile-sync: -1
    journal-content: none
zone:
${zones.join('')}`;
}

function zoneFile({ name }: NamePlan): string {
  return `${name}.zone`;
}

/** A zone of one name (RFC 1035, 5): whoever asks for it asks here. */
export function zone({ addresses }: NamePlan): string {
  const lines = [
    `@ ${TTL_S} SOA . . 1 3600 900 604800 ${TTL_S}`,
    `@ ${TTL_S} NS .`,
    ...addresses.map((address) => `@ ${TTL_S} ${address.includes(':') ? 'AAAA' : 'A'} ${address}`),
  ];
  return `${lines.join('\n')}\n`;
}
