import type { BlockingChain } from '../../harness/terms/fault.ts';
import { networksBlocked as inEnglish } from './firewall-en.ts';
import { networksBlocked as inKorean } from './firewall-ko.ts';

const NFTABLES: BlockingChain = {
  family: 'inet',
  table: 'filter',
  chain: 'forward',
  how: 'policy drop',
  owner: 'nftables',
};
const UFW: BlockingChain = { ...NFTABLES, family: 'ip6', chain: 'FORWARD', owner: 'ufw' };
const FIREWALLD: BlockingChain = { ...NFTABLES, table: 'firewalld', how: 'last rule reject', owner: 'firewalld' };
const REVERSE_PATH: BlockingChain = { ...FIREWALLD, how: 'reverse-path filter' };

describe.each([
  ['English', inEnglish],
  ['Korean', inKorean],
])('the message about a firewall of the host, in %s,', (_, networksBlocked) => {
  const message = (...chains: BlockingChain[]): string =>
    networksBlocked({ versions: ['IPv4'], chains, wires: 'l4lab', legacy: false });

  test('names the chain, and how to allow lab traffic', () => {
    const output = message(NFTABLES);
    expect(output).toContain('table inet filter, chain forward');
    expect(output).toContain(`nft insert rule inet filter forward iifname '"l4lab*"' oifname '"l4lab*"' accept`);
    expect(output).toContain('sysctl net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0');
  });

  test('contains commands of the firewall itself', () => {
    expect(message(UFW)).toContain('ufw route allow in on l4lab+ out on l4lab+');
    expect(message(FIREWALLD)).toContain('systemctl restart docker');
  });

  test('suggests no rule at forward if a filter before it drops', () => {
    expect(message(REVERSE_PATH, FIREWALLD)).not.toContain('restart docker');
  });

  test('does not suggest br_netfilter if the table is of family bridge', () => {
    expect(message({ ...NFTABLES, family: 'bridge' })).not.toContain('sysctl');
  });

  test('says where to look if no rule is known', () => {
    expect(message()).toContain('sudo nft list ruleset');
    expect(networksBlocked({ versions: ['IPv6'], chains: [], wires: 'l4lab', legacy: true })).toContain(
      'sudo iptables-legacy-save',
    );
  });
});
