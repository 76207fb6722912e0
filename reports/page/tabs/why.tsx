import type { PageAttempt } from '../../content/page-details.ts';
import { causeText, fixesText, say } from '../../messages/catalogue.ts';
import { CopyButton } from '../components/copy-button.tsx';
import { usePage } from '../state/context.ts';
import type { FlowView } from '../state/flow-view.ts';
import { Evidence } from './evidence.tsx';

/** Explanation of a failure: its evidence, the YAML concerned, fixes, and how to run it again. */
export function WhyTab({ flow, variant, attempt }: FlowView & { attempt: PageAttempt | null }) {
  const { t, index } = usePage();
  const cause = attempt ? attempt.cause : flow.cause;
  const entry = cause && causeText(t.messages, cause);
  const yaml = variant.yaml[flow.name];
  return (
    <div class="why">
      <div>
        {entry && (
          <section>
            <h3>{t.story}</h3>
            <p>
              <code class="cause">{cause.code}</code> {entry.story}
            </p>
            <h3>{t.fix}</h3>
            <p>{entry.fix}</p>
          </section>
        )}
        {flow.findings.map((finding, i) => (
          <section key={i}>
            <h3>{t.findings[finding.code]}</h3>
            <p>
              {say(t.messages, finding)} {t.messages.findings[finding.code]}
            </p>
          </section>
        ))}
        {flow.disagreement && (
          <section class="warn">
            <h3>≠ {t.disagreement}</h3>
            <p>{say(t.messages, flow.disagreement)}</p>
          </section>
        )}
        {flow.reasons.length > 0 && (
          <section>
            <h3>{t.reasons}</h3>
            <ul>
              {flow.reasons.map((reason, i) => (
                <li key={i}>{say(t.messages, reason)}</li>
              ))}
            </ul>
          </section>
        )}
        {cause && flow.counterfactuals.length === 0 && !flow.stream && !index.interrupted && (
          <p class="note">{flow.disagreement ? t.messages.noFixFromDisagreement : t.messages.noFix}</p>
        )}
        {flow.counterfactuals.length > 0 && (
          <section>
            <h3>{t.counterfactuals}</h3>
            <ul class="counterfactuals">
              {flow.counterfactuals.map(({ fixes, change, proven }, i) => (
                <li key={i}>
                  <details open={i === 0}>
                    <summary>
                      {fixesText(t.messages, fixes)}{' '}
                      <small class={`proof ${String(proven)}`}>
                        {proven === null ? t.unproven : proven ? `✓ ${t.proven}` : `✗ ${t.disproven}`}
                      </small>
                    </summary>
                    <pre>{change}</pre>
                  </details>
                </li>
              ))}
            </ul>
          </section>
        )}
        <section>
          <h3>
            {t.yaml} {flow.at.file}:{flow.at.line}:{flow.at.col}
          </h3>
          {yaml && yaml.lines.length > 0 && (
            <pre class="yaml">
              {yaml.lines.map((line, i) => (
                <span key={i}>
                  <i>{yaml.firstLine + i}</i> {line}
                  {'\n'}
                </span>
              ))}
            </pre>
          )}
          <h3>{t.rerun}</h3>
          <p class="row">
            <code class="command">{flow.rerun}</code> <CopyButton text={flow.rerun} />
          </p>
        </section>
      </div>
      <Evidence flow={flow} variant={variant} attempt={attempt} evidence={entry ? entry.evidence : null} />
    </div>
  );
}
