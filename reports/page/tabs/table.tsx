import type { Hop, Walk } from '../../../harness/terms/walk.ts';
import type { PageAttempt } from '../../content/page-details.ts';
import { directionsOf } from '../../content/directions.ts';
import { foldLoops } from '../../content/loops.ts';
import { addressText, hopLook, walkText } from '../../content/walk-text.ts';
import { ChangeList } from '../components/change-list.tsx';
import { type MacOwner, macOwners } from '../../content/mac-owners.ts';
import { CopyButton } from '../components/copy-button.tsx';
import { usePage } from '../state/context.ts';
import type { FlowView } from '../state/flow-view.ts';

/** Source and destination at every hop, in both directions. */
export function TableTab({ attempt, flow, variant }: FlowView & { attempt: PageAttempt | null }) {
  const { t } = usePage();
  const ownerOf = macOwners(variant.plan);
  const walk = attempt?.observed;
  const directions = walk ? directionsOf(walk) : [];
  if (!walk || directions.length === 0) {
    const self = attempt?.findings.some(({ code }) => code === 'answered-by-itself');
    return <p class="note">{self ? t.answeredByItself(flow.from) : attempt ? t.noPackets : t.notRun}</p>;
  }
  const heads = [t.hop, t.node, t.iface, t.source, t.destination, t.sourceMac, t.destinationMac, 'TTL', t.changed];
  return (
    <>
      <p class="row">
        <CopyButton text={walkText(walk)} />
      </p>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={t.tabs.table}>
        <table class="walk">
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          {directions.map(({ leg, hops }, i) => (
            <HopRows key={leg} ownerOf={ownerOf} title={t[leg]} hops={hops} offset={lengthOf(directions.slice(0, i))} />
          ))}
        </table>
      </div>
      <AnswerNote walk={walk} />
      {walk.reply.length === 0 && <p class="note">{walk.request.length === 0 ? t.notCalled : t.noReply}</p>}
    </>
  );
}

function lengthOf(directions: { hops: Hop[] }[]): number {
  return directions.reduce((sum, { hops }) => sum + hops.length, 0);
}

/** Answer of the DNS server; empty if none was asked. */
export function AnswerNote({ walk: { question } }: { walk: Walk }) {
  const { t } = usePage();
  if (question === undefined) return null;
  return <p class="note">{t.nameAnswer(question)}</p>;
}

interface HopRowsProps {
  title: string;
  hops: Hop[];
  offset: number;
  ownerOf: MacOwner;
}

function HopRows({ title, hops, offset, ownerOf }: HopRowsProps) {
  const { t } = usePage();
  if (hops.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th class="direction" colSpan={9} scope="rowgroup">
          {title}
        </th>
      </tr>
      {foldLoops(hops, hopLook).map(({ step: hop, index, fold }) =>
        fold ? (
          <tr key={index} class="fold">
            <td />
            <td colSpan={8}>{t.fold(fold)}</td>
          </tr>
        ) : (
          <HopRow key={index} ownerOf={ownerOf} hop={hop} number={offset + index + 1} />
        ),
      )}
    </tbody>
  );
}

function HopRow({ hop, number, ownerOf }: { hop: Hop; number: number; ownerOf: MacOwner }) {
  const changed = (field: Hop['changed'][number]['field']) => hop.changed.some((change) => change.field === field);
  const mark = (...fields: Hop['changed'][number]['field'][]) => (fields.some(changed) ? 'changed' : undefined);
  return (
    <tr>
      <td>{number}</td>
      <th scope="row">{hop.node}</th>
      <td>
        {hop.direction} {hop.iface}
      </td>
      <td class={mark('src ip', 'src port')}>{addressText(hop.src)}</td>
      <td class={mark('dst ip', 'dst port')}>{addressText(hop.dst)}</td>
      <td class={mark('src mac')}>
        <Mac mac={hop.src.mac} owner={ownerOf(hop.src.mac)} />
      </td>
      <td class={mark('dst mac')}>
        <Mac mac={hop.dst.mac} owner={ownerOf(hop.dst.mac)} />
      </td>
      <td class={mark('ttl')}>{hop.ttl}</td>
      <td>
        <ChangeList changes={hop.changed} ownerOf={ownerOf} />
      </td>
    </tr>
  );
}

function Mac({ mac, owner }: { mac: string; owner: string | null }) {
  return (
    <>
      {owner && <span class="owner">{owner}</span>}
      {mac}
    </>
  );
}
