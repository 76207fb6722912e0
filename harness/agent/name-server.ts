import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DNS_PORT } from '../terms/by-name.ts';
import { recordsLeft } from '../scenario/name-answer.ts';
import type { NamePlan } from '../terms/plan.ts';
import { Daemon } from './programs/daemon.ts';
import type { Listening } from './listening.ts';

/** Directory of the DNS server's files. */
const FOLDER = '/run/l4lab/names';
const READY = /server started/;

/**
 * Runs Knot DNS (knotd(8)) as an authoritative-only server. Killed with the listener.
 * @param addresses addresses to listen at
 */
export async function serveNames(
  answers: Answer[],
  addresses: string[],
  log: (line: string) => void,
): Promise<Listening> {
  // A node with all links down has no address to listen at, and Knot DNS rejects an empty list.
  if (addresses.length === 0) return { close: () => Promise.resolve() };
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  const config = join(FOLDER, 'knot.conf');
  const files: [string, string][] = [
    [config, knotConfig(answers, addresses, FOLDER)],
    ...answers.map((answer): [string, string] => [join(FOLDER, zoneFile(answer)), zone(answer)]),
    ...answers.map((answer): [string, string] => [join(FOLDER, sourceFile(answer)), sources(answer)]),
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

/** Answers of a DNS server for a name: by source network, and for all other callers. */
interface Answer {
  name: string;
  ttlS: number;
  bySource: { net: string; address: string }[];
  toOthers: string[];
}

/** @param servicesDown services without a healthy server */
export function nameAnswer(name: NamePlan, servicesDown: readonly string[]): Answer {
  const left = recordsLeft(name, ({ service }) => service === null || !servicesDown.includes(service));
  return {
    name: name.name,
    ttlS: name.ttlS,
    bySource: left.flatMap(({ address, from = [] }) => from.map((net) => ({ net, address }))),
    toOthers: left.filter(({ from }) => from === undefined).map(({ address }) => address),
  };
}

/** A server without persistent state. Answers rotate their addresses. */
export function knotConfig(answers: Answer[], addresses: string[], folder: string): string {
  const isBySource = ({ bySource }: Answer): boolean => bySource.length > 0;
  const modules = answers
    .filter(isBySource)
    .map(
      (answer) =>
        `  - id: ${answer.name}\n    config-file: ${folder}/${sourceFile(answer)}\n    mode: subnet\n    ttl: ${answer.ttlS}\n`,
    );
  const zones = answers.map((answer) => {
    const module_ = isBySource(answer) ? `    module: mod-geoip/${answer.name}\n` : '';
    return `  - domain: ${answer.name}.\n    file: ${zoneFile(answer)}\n${module_}`;
  });
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
${modules.length === 0 ? '' : `mod-geoip:\n${modules.join('')}`}template:
  - id: default
    storage: ${folder}
    semantic-checks: off
    zonefile-sync: -1
    journal-content: none
zone:
${zones.join('')}`;
}

function zoneFile({ name }: Answer): string {
  return `${name}.zone`;
}

function sourceFile({ name }: Answer): string {
  return `${name}.sources`;
}

/** A zone for one name (RFC 1035, 5), with this server as its name server. */
export function zone({ ttlS, toOthers }: Answer): string {
  const lines = [
    `@ ${ttlS} SOA . . 1 3600 900 604800 ${ttlS}`,
    `@ ${ttlS} NS .`,
    ...toOthers.map((address) => `@ ${ttlS} ${typeOf(address)} ${address}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** For Knot's module geoip: the longest matching source network decides; without a match, the zone answers. */
export function sources({ name, bySource }: Answer): string {
  const entries = bySource.map(({ net, address }) => `  - net: ${net}\n    ${typeOf(address)}: ${address}\n`);
  return `${name}.:\n${entries.join('')}`;
}

function typeOf(address: string): 'A' | 'AAAA' {
  return address.includes(':') ? 'AAAA' : 'A';
}
