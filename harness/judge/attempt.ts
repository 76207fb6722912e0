import type { Finding } from '../scenario/plan.ts';
import { serviceOf } from '../scenario/lookup.ts';
import { causeOfFailure } from './causes/index.ts';
import type { Evidence } from './evidence.ts';
import type { Attempt } from './results.ts';

/** What one try of a flow was, from all that was seen of it. */
export function judgeAttempt(evidence: Evidence, durationMs: number): Attempt {
  const { client, key, walk, packets, macTables } = evidence;
  const works = client.answered;
  const servedBy = works ? (client.servedBy ?? walk.reply[0]?.node ?? key.caller) : null;
  return {
    token: key.token,
    outcome: works ? 'works' : 'fails',
    client: client.said,
    cause: works ? null : causeOfFailure(evidence),
    findings: works ? findings(evidence, servedBy) : [],
    servedBy,
    picked: pickedServer(evidence),
    sourceSeen: works ? (client.sourceSeen ?? walk.request.at(-1)?.src.ip ?? null) : null,
    observed: walk,
    packets,
    macTables,
    durationMs,
  };
}

function findings({ walk, flow, plan }: Evidence, servedBy: string | null): Finding[] {
  const service = serviceOf(plan, flow);
  if (!service) return [];
  if (servedBy === flow.from && walk.request.length === 0) return ['answered-by-itself'];
  return walk.request.some(({ node }) => node === service.l4) ? [] : ['l4-bypassed'];
}

/** The server toward which the L4 sent the request: by its address, or in DSR by its MAC. */
function pickedServer({ walk, flow, plan }: Evidence): string | null {
  const service = serviceOf(plan, flow);
  if (!service) return null;
  const left = walk.request.filter(({ node, direction }) => node === service.l4 && direction === 'out').at(-1);
  if (!left) return null;
  const macs = new Map(plan.nodes.map((node) => [node.name, node.interfaces.map(({ mac }) => mac)]));
  const server = service.pool.find(
    ({ node, address }) => address === left.dst.ip || macs.get(node)?.includes(left.dst.mac) === true,
  );
  return server?.node ?? null;
}
