import type { CauseCode } from '../../harness/terms/cause.ts';
import type { FindingCode } from '../../harness/terms/finding.ts';
import type { FlowResult } from '../../harness/terms/results.ts';
import type { StreamSummary } from '../../harness/terms/timeline-results.ts';
import type { OutcomeGroup } from '../messages/catalogue.ts';

/** Observed outcome of a flow over all attempts, for lists and matrices. */
export interface Seen {
  /** `varies` if some attempts worked and others failed, as expected; of a stream, if some calls failed. */
  outcome: 'works' | 'fails' | 'varies' | null;
  cause: CauseCode | null;
  /** Node that dropped or rejected the packet. */
  causeNode: string | null;
  findings: FindingCode[];
  /** The distinct outcomes of attempts, if there are several and that is expected; else empty. */
  outcomeGroups: OutcomeGroup[];
}

/** Observed outcome of a flow. Several outcomes, as expected, are no failure even if attempts fail. */
export function seenOf(
  flow: Pick<FlowResult, 'verdict' | 'expected' | 'outcome' | 'cause' | 'findings' | 'attempts' | 'stream'>,
): Seen {
  const { verdict, expected, outcome, cause } = flow;
  const findings = [...new Set(flow.findings.map(({ code }) => code))];
  if (flow.stream && verdict !== 'not-run')
    return { ...seenOfStream(flow.stream.summary), findings, outcomeGroups: [] };
  const outcomeGroups = verdict === 'pass' && expected.outcome === 'varies' ? outcomeGroupsOf(flow) : [];
  if (outcomeGroups.length > 1) {
    const works = outcomeGroups.some((group) => group.outcome === 'works');
    return { outcome: works ? 'varies' : 'fails', cause: null, causeNode: null, findings, outcomeGroups };
  }
  return { outcome, cause: cause?.code ?? null, causeNode: cause?.node ?? null, findings, outcomeGroups: [] };
}

function seenOfStream({ calls, failed, causes }: StreamSummary): Pick<Seen, 'outcome' | 'cause' | 'causeNode'> {
  const most = causes[0]?.cause ?? null;
  return {
    outcome: calls === 0 ? null : failed === 0 ? 'works' : failed === calls ? 'fails' : 'varies',
    cause: most?.code ?? null,
    causeNode: most?.node ?? null,
  };
}

/** Distinct outcomes of attempts; those that work first. */
export function outcomeGroupsOf({ attempts }: Pick<FlowResult, 'attempts'>): OutcomeGroup[] {
  const outcomeGroups = new Map<string, OutcomeGroup>();
  for (const { outcome, cause, picked, servedBy } of attempts) {
    const code = cause?.code ?? null;
    const group = outcomeGroups.get(`${outcome} ${code}`) ?? { outcome, cause: code, servers: [] };
    const server = picked ?? servedBy;
    const servers = server === null ? group.servers : [...new Set([...group.servers, server])].sort();
    outcomeGroups.set(`${outcome} ${code}`, { ...group, servers });
  }
  const order = ({ outcome, servers }: OutcomeGroup): string => `${outcome === 'works' ? 1 : 2} ${servers.join()}`;
  return [...outcomeGroups.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}
