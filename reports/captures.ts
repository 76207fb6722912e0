import type { FlowResult, Results } from '../harness/terms/results.ts';
import type { Hop } from '../harness/terms/walk.ts';
import type { Sighting } from '../harness/terms/sighting.ts';
import { cellsOf } from './content/cells.ts';
import { type CapturedFrame, pcapng } from './pcapng.ts';
import { changesText } from './content/walk-text.ts';

/** Directory of the capture files, next to the page. */
export const CAPTURES_DIR = 'captures';

/** Capture files of all failed flows with captured frames; paths are relative to the page. */
export function captureFiles(results: Results): { path: string; content: Uint8Array }[] {
  return cellsOf(results).flatMap(({ scenario, variant, flow }) => {
    const path = capturePath(scenario.name, variant.name, flow);
    return path === null ? [] : [{ path, content: pcapng(flow.attempts.flatMap(framesOf)) }];
  });
}

/** Path of a flow's capture file, relative to the page; null without one. */
export function capturePath(scenario: string, variant: string, flow: FlowResult): string | null {
  const kept = flow.verdict === 'fail' && flow.attempts.some(({ packets }) => packets.some(({ raw }) => raw));
  const file = [scenario, variant, flow.name]
    .map((name) => name.replace(/[^\w-]+/g, '_').replace(/^_+/, ''))
    .join('--');
  return kept ? `${CAPTURES_DIR}/${file}.pcapng` : null;
}

function framesOf({ packets, epoch, observed }: FlowResult['attempts'][number], index: number): CapturedFrame[] {
  return packets.flatMap((packet) => {
    if (!packet.raw) return [];
    const hops = { request: observed.request, reply: observed.reply };
    const notes = Object.entries(hops).flatMap(([direction, walk]) => noteOf(packet, direction, walk));
    return [
      {
        time: BigInt(epoch) + BigInt(packet.time),
        iface: `${packet.node}/${packet.iface}`,
        bytes: Buffer.from(packet.raw, 'base64'),
        length: packet.frame.length,
        comment: [`attempt ${index + 1}: ${packet.direction} at ${packet.node}`, ...notes].join('; '),
      },
    ];
  });
}

/** Comment of a packet from the walk: hop and changes. */
function noteOf({ time, node, iface, direction }: Sighting, name: string, walk: Hop[]): string[] {
  const place = walk.findIndex(
    (hop) => hop.time === time && hop.node === node && hop.iface === iface && hop.direction === direction,
  );
  const hop = walk[place];
  if (!hop) return [];
  return [`${name} hop ${place + 1} of ${walk.length}`, ...(hop.changed.length ? [changesText(hop)] : [])];
}
