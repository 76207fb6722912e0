import type { NetnsLab } from '../netns/netns-lab.ts';

/** Rules as one line of JSON, then the rest. */
const LIST = [
  'nft -j -s list ruleset',
  'ip -o addr',
  'ip route show table all',
  'ip rule',
  'ip -6 rule',
  'ip neigh show proxy',
];
/** Lists whose order the kernel does not preserve. */
const UNORDERED = new Set(['set', 'elem']);

/**
 * Everything that the load balancer creates on its host, as sorted lines: equal for two nodes with the same links and
 * addresses, whatever their history.
 */
export async function madeIn(lab: NetnsLab, node: string): Promise<string[]> {
  const output = await lab.exec(node, 'sh', '-c', LIST.join(' && '));
  const [rules = '', ...lines] = output.split('\n');
  // Link-local addresses depend on MACs. Multicast routes appear when the kernel detects that an interface is up.
  const isOwn = (line: string): boolean => !line.includes('fe80:') && !line.startsWith('multicast ff00::/8 ');
  return [...ruleLines(rules), ...lines.filter(isOwn).toSorted()];
}

interface Named {
  family: string;
  name?: string;
  chain?: string;
}

/** One line for each kernel object; rules of a chain in their order. */
function ruleLines(json: string): string[] {
  const { nftables } = JSON.parse(json) as { nftables: Record<string, Named>[] };
  const lines = nftables.flatMap((object) =>
    Object.entries(object)
      .filter(([kind]) => kind !== 'metainfo')
      .map(([kind, named]) => ({
        place: `${kind} ${named.family} ${named.chain ?? named.name}`,
        text: JSON.stringify(named, plain),
      })),
  );
  return lines
    .toSorted((a, b) => (a.place < b.place ? -1 : Number(a.place > b.place)))
    .map(({ place, text }) => `${place} ${text}`);
}

function plain(key: string, value: unknown): unknown {
  if (key === 'handle') return undefined;
  if (!UNORDERED.has(key) || !Array.isArray(value)) return value;
  const texts = value.map((element) => JSON.stringify(element, plain));
  return texts.toSorted();
}
