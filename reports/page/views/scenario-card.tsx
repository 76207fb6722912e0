import type { IndexScenario } from '../../content/page-index.ts';
import { countVerdicts } from '../../content/cells.ts';
import { VerdictMark } from '../components/badge.tsx';
import { usePage } from '../state/context.ts';
import { outcomeOf } from '../state/filter.ts';

/** A scenario in the list: its title, its lab, and a small matrix. */
export function ScenarioCard({ scenario, link }: { scenario: IndexScenario; link: string }) {
  const { t } = usePage();
  const count = countVerdicts(scenario.variants.flatMap(({ flows }) => flows));
  const worst = count.fail ? 'fail' : count['not-run'] ? 'not-run' : 'pass';
  return (
    <a class={`card ${worst}`} href={link}>
      <h3>
        <VerdictMark verdict={worst} /> {scenario.title}
      </h3>
      <p>
        <span class="chip">{scenario.lab}</span>{' '}
        {(['fail', 'not-run', 'pass'] as const)
          .filter((v) => count[v] > 0)
          .map((v) => `${count[v]} ${t.verdicts[v]}`)
          .join(' · ')}
      </p>
      <span
        class="mini"
        aria-hidden="true"
        style={{ '--columns': scenario.variants.length > 1 ? scenario.variants.length : scenario.flows.length }}
      >
        {scenario.flows.flatMap(({ name }) =>
          scenario.variants.map((variant) => {
            const flow = variant.flows.find((f) => f.name === name);
            return (
              <i key={`${variant.name}/${name}`} class={flow ? `${flow.verdict} ${outcomeOf(flow) ?? ''}` : 'none'} />
            );
          }),
        )}
      </span>
    </a>
  );
}
