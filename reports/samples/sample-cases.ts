import { cause, type Cause } from '../../harness/terms/cause.ts';
import { type Finding, finding } from '../../harness/terms/finding.ts';
import type { Expectation, FlowProtocol, Mode } from '../../harness/terms/plan.ts';
import type { TestPath } from './sample-packets.ts';

const CLIENT = '198.51.100.10';
export const WEB = '203.0.113.80';
export const SHOP = '203.0.113.81';
export const PROXY_IP = '203.0.113.254';

/** One flow of one variant of the samples: its path and its outcome. */
export interface Case {
  flow: string;
  title: string;
  protocol: FlowProtocol;
  from: string;
  source: string;
  to: { service: string } | { node: string };
  address: string;
  request: TestPath;
  /** Null without a reply. */
  reply: TestPath | null;
  replySource: string;
  servedBy: string | null;
  picked: string | null;
  sourceSeen: string | null;
  cause: Cause | null;
  findings: Finding[];
  /** Absent if the outcome is as expected. */
  expect?: Expectation;
  notRun?: boolean;
}

const l4Rewrite = (mode: Mode, server: string) =>
  mode === 'dsr' ? {} : { l4: { dst: server, ...(mode === 'proxy' ? { src: PROXY_IP } : {}) } };

/** The flows of the one-arm lab in one mode; `gateway` is that of the servers. */
export function oneArmCases(mode: Mode, gateway: 'l3' | 'l4', loopbackVips = true): Case[] {
  const toClient =
    mode === 'proxy' || (mode === 'dnat' && gateway === 'l4') ? ['l4', 'l2', 'l3', 'client'] : ['l3', 'client'];
  const bypassed = mode === 'dnat' && gateway === 'l3';
  const lost = mode === 'dsr' && !loopbackVips;
  const base = { protocol: 'http' as const, findings: [] as Finding[], cause: null };
  const peerCase = (
    flow: string,
    title: string,
    { service, vip }: { service: string; vip: string },
    { server, address }: { server: string; address: string },
  ): Case => ({
    ...base,
    flow,
    title,
    from: 's1',
    source: '203.0.113.11',
    to: { service },
    address: vip,
    request: { path: ['s1', 'l2', 'l4', 'l2', server], rewrites: l4Rewrite(mode, address) },
    reply:
      mode === 'proxy'
        ? { path: [server, 'l2', 'l4', 'l2', 's1'], rewrites: { l4: { src: vip, dst: '203.0.113.11' } } }
        : { path: [server, 'l2', 's1'] },
    replySource: mode === 'dsr' ? vip : address,
    servedBy: mode === 'dnat' ? null : server,
    picked: server,
    sourceSeen: mode === 'proxy' ? PROXY_IP : '203.0.113.11',
    cause:
      mode === 'dnat'
        ? cause('reply-not-from-vip', 'reply-from-elsewhere', {
            node: 's1',
            called: vip,
            source: address,
            owner: server,
          })
        : null,
  });
  const web = peerCase(
    'server-to-own-vip',
    'A server calls the VIP of its own pool',
    { service: 'web', vip: WEB },
    { server: 's2', address: '203.0.113.12' },
  );
  return [
    {
      ...base,
      flow: 'client-to-web',
      title: 'The client calls the VIP',
      from: 'client',
      source: CLIENT,
      to: { service: 'web' },
      address: WEB,
      request: { path: ['client', 'l3', 'l2', 'l4', 'l2', 's1'], rewrites: l4Rewrite(mode, '203.0.113.11') },
      reply: lost
        ? null
        : {
            path: ['s1', 'l2', ...toClient],
            rewrites: mode === 'dsr' || bypassed ? {} : { l4: { src: WEB, dst: CLIENT } },
          },
      replySource: mode === 'dsr' ? WEB : '203.0.113.11',
      servedBy: bypassed || lost ? null : 's1',
      picked: 's1',
      sourceSeen: lost ? null : mode === 'proxy' ? PROXY_IP : CLIENT,
      cause: lost
        ? cause('vip-not-on-server', 'vip-missing', { node: 's1', vip: WEB })
        : bypassed
          ? cause('reply-not-from-vip', 'reply-from-elsewhere', {
              node: 'client',
              called: WEB,
              source: '203.0.113.11',
              owner: 's1',
            })
          : null,
      ...(lost ? { expect: { outcome: 'works', servedBy: { eachOf: ['s1', 's2'] }, sourceSeen: 'client' } } : {}),
    },
    mode === 'dsr' && loopbackVips
      ? {
          ...web,
          request: { path: ['s1'] },
          reply: null,
          servedBy: 's1',
          picked: null,
          findings: [finding('answered-by-itself', { node: 's1', address: WEB })],
          expect: { outcome: 'works', servedBy: { one: 'self' }, findings: ['answered-by-itself'] },
        }
      : web,
    {
      ...peerCase(
        'web-calls-shop',
        'A server of one service calls the VIP of another',
        { service: 'shop', vip: SHOP },
        { server: 'b1', address: '203.0.113.21' },
      ),
      ...(bypassed ? { expect: { outcome: 'works', sourceSeen: 'client' } } : {}),
      ...(lost ? { notRun: true } : {}),
    },
    {
      ...base,
      flow: 'client-pings-server',
      title: 'Control: the server itself is alive',
      protocol: 'icmp',
      from: 'client',
      source: CLIENT,
      to: { node: 's1' },
      address: '203.0.113.11',
      request: { path: ['client', 'l3', 'l2', 's1'] },
      reply: { path: ['s1', 'l2', 'l3', 'client'] },
      replySource: '203.0.113.11',
      servedBy: 's1',
      picked: null,
      sourceSeen: CLIENT,
    },
  ];
}

/** The flows of the in-line lab: the L4 routes, so replies to the client always cross it. */
export function inLineCases(mode: 'dnat' | 'proxy'): Case[] {
  const [client, peer] = oneArmCases(mode, 'l4');
  return [
    {
      ...client!,
      request: { path: ['client', 'l3', 'l4', 'l2', 's1'], rewrites: l4Rewrite(mode, '203.0.113.11') },
      reply: { path: ['s1', 'l2', 'l4', 'l3', 'client'], rewrites: { l4: { src: WEB, dst: CLIENT } } },
    },
    peer!,
  ];
}

/** The client's flow if the servers are in another subnet. */
export function crossSubnetCases(mode: Mode): Case[] {
  const [client] = oneArmCases(mode, mode === 'proxy' ? 'l4' : 'l3');
  const server = '203.0.113.141';
  const inbound = ['client', 'l3', 'l2', 'l4'];
  if (mode === 'dsr') {
    return [
      {
        ...client!,
        request: { path: inbound },
        reply: null,
        servedBy: null,
        sourceSeen: null,
        cause: cause('server-not-adjacent', 'server-off-segment', { node: 'l4', address: server }),
      },
    ];
  }
  return [
    {
      ...client!,
      request: { path: [...inbound, 'l2', 'l3', 'l2b', 's1'], rewrites: l4Rewrite(mode, server) },
      reply:
        mode === 'proxy'
          ? { path: ['s1', 'l2b', 'l3', 'l2', 'l4', 'l2', 'l3', 'client'], rewrites: { l4: { src: WEB, dst: CLIENT } } }
          : { path: ['s1', 'l2b', 'l3', 'client'] },
      replySource: server,
      cause:
        client!.cause &&
        cause('reply-not-from-vip', 'reply-from-elsewhere', {
          node: 'client',
          called: WEB,
          source: server,
          owner: 's1',
        }),
    },
  ];
}
