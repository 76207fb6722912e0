import type { SentencePair } from './sentences.ts';

/** What would make a flow work, in Korean. */
export const koRemedies: readonly SentencePair[] = [
  ['MTU {mtu} on every interface', '모든 인터페이스의 MTU를 {mtu}(으)로 맞추기'],
  ['{node}: {remedy*}', '{node}: {remedy}'],
  ['all interfaces up', '모든 인터페이스 켜기'],
  ['forwarding on', '포워딩 켜기'],
  ['rp_filter off', 'rp_filter 끄기'],
  ['no stateful firewall', '상태 기반 방화벽 끄기'],
  ['accept_redirects off', 'accept_redirects 끄기'],
  ['gateway {role}', '게이트웨이를 {role}(으)로'],
  ['load balancer on', '로드 밸런서 켜기'],
  ['does not own the VIP', 'VIP를 직접 가지지 않기'],
  ['send_redirects off', 'send_redirects 끄기'],
  ['the L4 rewrites the source MAC', 'L4가 출발지 MAC을 자신의 것으로 바꾸기'],
  ['{nodes*}: listen on {port}', '{nodes}: {port} 포트 열기'],
  [
    'VIP of {service} on the loopback of its servers, quiet about it',
    '{service}의 VIP를 서버의 루프백에 두고 ARP에는 답하지 않기',
  ],
  [
    'servers keep quiet about their loopback (arp_ignore=1, arp_announce=2)',
    '서버가 루프백 주소에 대한 ARP에 답하지 않기(arp_ignore=1, arp_announce=2)',
  ],
  ['gateway of the servers: {role}', '서버의 게이트웨이를 {role}(으)로'],
  ['proxy IP for {service}', '{service}에 Proxy IP 사용'],
  ['DSR for {service}, its VIP on the loopback of its servers', '{service}을(를) DSR로, VIP를 서버의 루프백에 두기'],
  ['{one*}, and {other*}', '{one}, 그리고 {other}'],
];
