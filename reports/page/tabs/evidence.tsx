import { macOf } from '../../../harness/terms/mac-key.ts';
import type { Frame } from '../../../harness/terms/sighting.ts';
import type { PageAttempt } from '../../content/page-details.ts';
import { foldedControls } from '../../content/folded-controls.ts';
import { outcomeText, say } from '../../messages/catalogue.ts';
import { addressText } from '../../content/walk-text.ts';
import { usePage } from '../state/context.ts';
import type { FlowView } from '../state/flow-view.ts';
import { icmpText, isIcmpError } from '../ladder/icmp.ts';

interface EvidenceProps extends Pick<FlowView, 'flow' | 'variant'> {
  attempt: PageAttempt | null;
  /** Evidence that the cause requires. */
  evidence: string | null;
}

/** Observed evidence: controls, resets and errors, ARP, MAC tables, the load balancer's log. */
export function Evidence({ flow, variant, attempt, evidence }: EvidenceProps) {
  const { t } = usePage();
  const owners = new Map(variant.plan.nodes.flatMap((n) => n.interfaces.map((i) => [i.mac, `${n.name} (${i.mac})`])));
  const owner = (mac: string) => owners.get(mac) ?? `${mac} (${t.noNode})`;
  const packets = attempt?.packets ?? [];
  const arps = unique(
    packets.flatMap(({ frame: { arp } }) => (arp?.op === 'reply' ? [t.holds(arp.senderIp, owner(arp.senderMac))] : [])),
  );
  const errors = unique(packets.flatMap(({ frame }) => errorText(frame)));
  return (
    <div>
      {evidence && (
        <section>
          <h3>{t.evidence}</h3>
          <p>{evidence}</p>
        </section>
      )}
      <Lines title={t.errorsSeen} lines={errors} />
      <Lines title={t.arpSeen} lines={arps} />
      {flow.controls.length > 0 && (
        <section>
          <h3>{t.controls}</h3>
          <ul>
            {foldedControls(flow.controls).map((control, i) => (
              <li key={i}>
                {control.works ? '✓' : '✗'} {t.messages.control(control)}: {control.works ? t.works : t.fails} (
                {control.cause ? say(t.messages, control.cause.detail) : outcomeText(t.messages, control.client)})
              </li>
            ))}
          </ul>
        </section>
      )}
      {Object.entries(attempt?.counters ?? {}).map(([name, rose]) => (
        <Lines key={name} title={t.countersOf(name)} lines={Object.entries(rose).map(([c, n]) => `${c} +${n}`)} />
      ))}
      {Object.entries(attempt?.macTables ?? {}).map(([name, table]) => (
        <section key={name}>
          <h3>
            {t.macTables}: {name}
          </h3>
          <table class="walk">
            <thead>
              <tr>
                <th scope="col">MAC</th>
                <th scope="col">{t.port}</th>
              </tr>
            </thead>
            <tbody>
              {nodesFirst(table, owners).map(([mac, port]) => (
                <tr key={mac}>
                  <td>{owner(macOf(mac))}</td>
                  <td>{port}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ))}
      {Object.entries(variant.balancers).map(([name, { log }]) => (
        <Lines key={name} title={t.logOf(name)} lines={log.slice(-20)} />
      ))}
    </div>
  );
}

/** Lines of the table; MACs that belong to a node come first. */
function nodesFirst(table: Record<string, string>, owners: Map<string, string>): [mac: string, port: string][] {
  return Object.entries(table).sort(([a], [b]) => Number(owners.has(macOf(b))) - Number(owners.has(macOf(a))));
}

/** A reset or ICMP error as text; empty for other frames. */
function errorText({ tcp, icmp, ip }: Frame): string[] {
  if (ip && tcp?.flags.includes('R')) {
    const [from, to] = [addressText({ ip: ip.src, port: tcp.srcPort }), addressText({ ip: ip.dst, port: tcp.dstPort })];
    return [`RST ${from} → ${to}`];
  }
  return ip && icmp && isIcmpError(icmp) ? [`ICMP ${icmpText(icmp)} ${ip.src} → ${ip.dst}`] : [];
}

function Lines({ title, lines }: { title: string; lines: string[] }) {
  if (lines.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <pre>{lines.join('\n')}</pre>
    </section>
  );
}

const unique = (lines: string[]) => [...new Set(lines)];
