import { Document, isPair, isScalar, isSeq, visit, type Scalar, type YAMLMap } from 'yaml';
import type { Mode } from '../../harness/terms/plan.ts';
import { wrap } from '../../reports/content/wrap.ts';
import { en } from '../../reports/messages/en.ts';
import type { Expected } from './as-predicted.ts';
import type { Starter } from './starter.ts';

const WIDTH = 110;

const MODES: Record<Mode, string> = {
  dnat: 'DNAT: the load balancer replaces the VIP with the address of a server. Replies must return through it, because it restores the VIP.',
  proxy:
    "Proxy: the load balancer replaces the VIP with the address of a server, and the caller's address with its own (the proxy IP). So every reply returns to it, and servers do not see the caller's address.",
  dsr: 'Direct server return: the load balancer changes only the destination MAC. The packet still carries the VIP when it reaches the server, and the server replies to the caller directly.',
  l3dsr:
    'L3DSR: the load balancer sends the packet to the address of a server, with a DSCP value that identifies the VIP. The server restores the VIP and replies to the caller directly; it may be in another subnet.',
  ipip: 'IP-in-IP: the load balancer sends the unchanged packet to a server inside another IP packet. The server unpacks it and replies to the caller directly; it may be in another subnet.',
};

const SETTINGS: Record<string, string> = {
  gateway: 'next hop of replies to other subnets',
  loopback: 'the servers need the VIP of `web`, because packets still carry it',
  arpIgnore: 'do not answer ARP for it: only the load balancer does',
  arpAnnounce: 'do not use it as ARP sender',
  undoDscp: 'translate the DSCP value of `web` back to its VIP',
  tunnelEnd: 'unpack what the load balancer sends for `web`',
};

const SERVICE: Record<string, string> = {
  vip: 'an unused address',
  proxyIp: 'the address of the outgoing interface',
  l4: 'its load balancer, or several with the same VIP',
  dscp: 'any value from 1 to 63 that your network does not use',
};

const PARTS: Record<string, string> = {
  servers: 'Settings of every server, in addition to those of the lab.',
  nodes: 'The load balancer holds the VIP itself, and would drop answers that carry it as their source.',
  services: 'What the load balancer offers, and which servers answer.',
  flows: 'Flows and their expected outcome, here as predicted by the model; `run` checks them with real packets.',
};

/**
 * A first scenario as commented YAML.
 * @param schema path of its JSON Schema from the file
 */
export function starterText(starter: Starter, schema: string): string {
  const document = new Document(starter);
  const beside = (path: string[], words: string): void => {
    (document.getIn(path, true) as Scalar).comment = ` ${words}`;
  };
  /** Above a key. */
  const above = (path: string[], words: string): void => {
    keyAt(document, path).commentBefore = comment(words, (path.length - 1) * 2);
  };
  document.commentBefore = ` yaml-language-server: $schema=${schema}\n${comment(MODES[starter.services.web.mode], 0)}`;
  beside(['lab'], 'labs/NAME.yaml here, or a lab that comes with l4lab: `npx l4lab list --labs`');
  for (const part of Object.keys(PARTS).filter((key) => document.has(key))) {
    keyAt(document, [part]).spaceBefore = true;
    above([part], PARTS[part]!);
  }
  for (const key of Object.keys(starter.servers ?? {})) beside(['servers', key], SETTINGS[key]!);
  for (const key of Object.keys(starter.services.web))
    if (SERVICE[key] !== undefined) beside(['services', 'web', key], SERVICE[key]);
  for (const [flow, { expect }] of Object.entries(starter.flows)) {
    const words = why(expect as Expected);
    if (words !== null) above(['flows', flow, 'expect'], words);
  }
  onOneLine(document);
  // Spaces only inside braces: `{ crosses: [l4] }`.
  return document.toString({ lineWidth: WIDTH }).replace(/\[ (.*?) \]/g, '[$1]');
}

/** What is special about an expectation; null if it is only that the flow works. */
function why(expect: Expected): string | null {
  if ('oneOf' in expect) return 'It depends on which server is picked.';
  if (expect.outcome === 'fails') return `It must fail for this cause: ${en.causes[expect.cause].story}`;
  const findings = expect.findings ?? [];
  return findings.length > 0 ? findings.map((finding) => en.findings[finding]).join(' ') : null;
}

function comment(words: string, indent: number): string {
  return wrap(words, WIDTH - indent - 2, { indent: ' ' }).trimEnd();
}

function keyAt(document: Document, path: string[]): Scalar {
  const map = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  const pair = (map as YAMLMap).items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
  return pair!.key as Scalar;
}

/** Fields on one line: lists of names, and short mappings. */
const ON_ONE_LINE = ['servedBy', 'reply'];

function onOneLine(document: Document): void {
  visit(document, {
    Seq(_, list) {
      list.flow = list.items.every(isScalar);
    },
    Map(_, map, path) {
      const parent = path.at(-1);
      const key = isPair(parent) && isScalar(parent.key) ? parent.key.value : null;
      map.flow = isSeq(parent) || ON_ONE_LINE.includes(key as string) || map.get('outcome') === 'fails';
    },
  });
}
