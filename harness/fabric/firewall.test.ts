import { blockingChains, explainRulesError } from './firewall.ts';

type Rule = Record<string, unknown>[];

/** A base chain with its rules, as `nft -j list ruleset` prints them. */
function chain(title: string, hook: string, policy: string, ...rules: Rule[]): object[] {
  const [family, table, name] = title.split(' ');
  return [
    { chain: { family, table, name, hook, policy, type: 'filter', prio: 0 } },
    ...rules.map((expr) => ({ rule: { family, table, chain: name, expr } })),
  ];
}

const list = (...chains: object[][]): string => JSON.stringify({ nftables: [{ metainfo: {} }, ...chains.flat()] });
const jump = (target: string): Rule => [{ counter: {} }, { jump: { target } }];

const NFTABLES = chain('inet filter forward', 'forward', 'drop');
const DOCKER = chain('ip filter FORWARD', 'forward', 'drop', jump('DOCKER-USER'), jump('ufw-before-forward'));
const UFW = chain('ip6 filter FORWARD', 'forward', 'drop', jump('ufw6-before-forward'));
const REJECT: Rule = [{ reject: { type: 'icmpx', expr: 'admin-prohibited' } }];
const ESTABLISHED: Rule = [
  { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'established' } },
  { accept: null },
];
const FIREWALLD = chain('inet firewalld filter_FORWARD', 'forward', 'accept', ESTABLISHED, REJECT);
const REVERSE_PATH = chain('inet firewalld filter_PREROUTING', 'prerouting', 'accept', [
  { match: { op: '==', left: { fib: { result: 'oif', flags: ['saddr', 'mark', 'iif'] } }, right: false } },
  { drop: null },
]);
const LOCAL = chain('ip nat PREROUTING', 'prerouting', 'accept', [
  { match: { op: '==', left: { fib: { result: 'type', flags: 'daddr' } }, right: 'local' } },
  ...jump('DOCKER'),
]);

describe('rules of a host that stop bridged packets', () => {
  const found = (families: (4 | 6)[], ...chains: object[][]): string[] =>
    blockingChains(list(...chains), families).map(
      ({ family, table, chain, how, owner }) => `${family} ${table} ${chain}: ${how}, ${owner}`,
    );

  test('have a policy of drop, in the IP version that is not carried', () => {
    expect(found([4], NFTABLES, UFW)).toEqual(['inet filter forward: policy drop, nftables']);
    expect(found([6], DOCKER, UFW)).toEqual(['ip6 filter FORWARD: policy drop, ufw']);
  });

  test('end with a reject of everything', () => {
    expect(found([4], FIREWALLD)).toEqual(['inet firewalld filter_FORWARD: last rule reject, firewalld']);
  });

  test('check the route of the source', () => {
    expect(found([6], REVERSE_PATH)).toEqual(['inet firewalld filter_PREROUTING: reverse-path filter, firewalld']);
  });

  test("are not Docker's own, which allow its networks", () => {
    expect(found([4, 6], DOCKER, LOCAL)).toEqual([]);
  });
});

test.each([
  ["iptables v1.8.9 (nf_tables): Chain 'DOCKER' does not exist", true],
  ['Unable to enable SKIP DNAT rule: iptables: No chain/target/match by that name.', true],
  ['Pool overlaps with other one on this address space', false],
])("an engine's rules are gone if it reports %s: %s", (message, gone) => {
  expect(explainRulesError(new Error(message))?.fault.code === 'docker-rules-gone').toBe(gone);
});
