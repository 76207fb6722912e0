import type { Cause, Place } from '../../harness/terms/cause.ts';
import type { HopDifference, Leg } from '../../harness/terms/reason.ts';
import type { Range } from '../../harness/terms/plan.ts';
import { networksBlocked } from './firewall-ko.ts';
import { namesText } from './names.ts';
import { bounds, timeline, unknowns } from './timeline-ko.ts';
import { type Catalogue, KILLED, outcomeText, say, socketText, stepText, type OutcomeGroup } from './catalogue.ts';

/** The messages in Korean. */
export const ko: Catalogue = {
  causes: {
    'reply-not-from-vip': {
      story:
        '호출자가 호출한 적 없는 주소나 포트에서 응답이 왔습니다. 대개 응답이 L4를 거치지 않아 NAT가 풀리지 않은 것입니다.',
      evidence: '호출한 주소와 다른 출발지의 응답 세그먼트가 호출자에게 도착하고, 호출자는 RST를 보내거나 무시합니다.',
      fix: '서비스에 Proxy IP를 주거나, 응답이 L4를 거치게 하십시오(서버의 게이트웨이 = L4, 서버와 같은 서브넷의 호출자에게는 경로).',
    },
    'vip-not-on-server': {
      story: 'DSR 프레임이 VIP를 가지지 않은 서버에 도착했습니다.',
      evidence: '서버의 MAC 앞으로, 목적지가 VIP인 프레임이 도착하지만 서버는 VIP를 가지지 않아 응답하지 않습니다.',
      fix: '풀에 있는 모든 서버의 루프백에 VIP를 설정하십시오.',
    },
    'no-tunnel-end': {
      story: 'L4가 보낸 IP-in-IP 패킷이 터널을 종단하지 않는 서버에 도착했습니다.',
      evidence:
        '바깥 헤더의 목적지가 서버인 패킷이 도착하지만 서버는 이를 디캡슐화하지 않고, 호출자가 아닌 L4에 ICMP protocol unreachable 또는 port unreachable을 보냅니다.',
      fix: '풀에 있는 모든 서버에 터널 장치를 만드십시오(`ip link add … type ipip`, IPv4 안의 IPv6이면 `sit`, IPv6 안이면 `ip6tnl`).',
    },
    'server-not-adjacent': {
      story: 'L4의 L2 세그먼트 밖에 있는 서버로 DSR을 했습니다. 바꾼 목적지 MAC은 첫 번째 라우터에서 사라집니다.',
      evidence: 'L4가 서버 대신 라우터로 프레임을 보내 서버에 도착하지 않거나, L4에 그 서버의 이웃 항목이 없습니다.',
      fix: '서버를 L4와 같은 서브넷으로 옮기거나, proxy 모드 또는 L3 DSR을 사용하십시오.',
    },
    'own-address-as-source': {
      story: '노드가 자신의 주소를 출발지로 가진 패킷을 폐기했습니다.',
      evidence: '패킷이 그 출발지 주소를 가진 노드에 도착하고 거기서 끝납니다.',
      fix: '서비스에 Proxy IP를 주거나(서버가 L4를 통해 자신을 호출하는 경우), L4가 VIP를 소유하지 않게 하십시오.',
    },
    'reverse-path': {
      story: '출발지로 가는 경로와 다른 인터페이스로 들어온 패킷을 strict 역방향 경로 필터(rp_filter)가 폐기했습니다.',
      evidence: 'rp_filter=1인 노드에 출발지 경로와 다른 인터페이스로 패킷이 도착하고 거기서 끝납니다.',
      fix: '그 인터페이스의 rp_filter를 0 또는 2로 설정하거나 경로를 대칭으로 만드십시오.',
    },
    'half-seen-by-firewall': {
      story: '상태 기반 방화벽이 연결의 한 방향만 보고 나머지 패킷을 폐기했습니다.',
      evidence: '한 방향만 본 상태 기반 방화벽으로 패킷이 들어가지만 나오지 않습니다.',
      fix: '비대칭 경로를 방화벽에서 제외하거나 양방향이 모두 지나게 하십시오.',
    },
    'out-of-window': {
      story:
        'NAT를 하는 노드가 TCP 윈도우를 벗어난 세그먼트(conntrack의 INVALID)를 변환하지 않았습니다. 받은 쪽이 RST로 응답해 연결이 끊겼습니다.',
      evidence:
        '시퀀스 번호가 크게 벗어난 세그먼트가 주소가 바뀌지 않은 채 노드를 나가고, 보낸 쪽으로 RST가 돌아옵니다.',
      fix: '그 노드에서 INVALID 패킷을 폐기하거나(포워딩되는 패킷은 상태 기반 방화벽이 폐기합니다), net.netfilter.nf_conntrack_tcp_be_liberal=1을 설정하십시오.',
    },
    'mac-moved': {
      story: 'L4가 출발지 MAC을 그대로 두어, 스위치가 호출자의 MAC을 L4 쪽 포트에서 학습했습니다.',
      evidence:
        '스위치의 MAC 테이블에 호출자(또는 라우터)의 MAC이 L4 쪽 포트에 있고, 응답이 그 포트로 나가 유실됩니다.',
      fix: 'L4가 출발지 MAC을 자신의 것으로 바꾸게 하십시오.',
    },
    redirected: {
      story: 'ICMP 리다이렉트 때문에 노드가 L4를 우회했습니다.',
      evidence: 'L4가 서버에 ICMP 리다이렉트를 보내고, 이후 패킷이 L4를 거치지 않습니다.',
      fix: 'L4에 send_redirects=0(all과 인터페이스 모두)을, 또는 서버에 accept_redirects=0을 설정하십시오.',
    },
    'no-route': {
      story: '노드에 그 주소로 가는 경로가 없거나, 패킷을 폐기하는 경로(blackhole, unreachable, prohibit)가 있습니다.',
      evidence:
        '라우팅 테이블에 목적지 항목이 없거나, 인터페이스가 다운되어 항목이 사라졌습니다. 노드가 ICMP net unreachable을 보내거나(최대 초당 1회 정도) 호출이 즉시 실패합니다. blackhole 경로는 아무것도 알리지 않습니다.',
      fix: '경로 또는 기본 게이트웨이를 추가하거나, 패킷을 폐기하는 경로를 제거하십시오.',
    },
    'not-forwarding': {
      story: '다른 노드로 가는 패킷을 받은 노드가 포워딩을 하지 않습니다.',
      evidence:
        '노드의 MAC 앞으로 온 패킷의 목적지가 그 노드의 주소가 아닌데, 노드에서 나가는 패킷이 없습니다(ip_forward=0).',
      fix: '그 노드에 ip_forward=1을 설정하거나, 패킷을 그곳으로 보낸 게이트웨이 또는 주소를 바로잡으십시오.',
    },
    'no-neighbour': {
      story: 'L2 세그먼트의 어떤 노드도 다음 홉에 대한 ARP에 응답하지 않거나, 그곳으로 가는 링크가 다운되어 있습니다.',
      evidence:
        '응답 없는 ARP 요청, 또는 요청한 노드의 ICMP host unreachable. 또는 프레임이 다운된 링크에서 끝납니다. 스위치가 프레임을 플러딩하지만 받는 노드가 없습니다.',
      fix: '다음 홉의 주소, 넷마스크, 링크와 경로에 있는 스위치 사이 링크를 확인하십시오.',
    },
    'vlan-mismatch': {
      story: '스위치 포트들의 VLAN이 서로 달라 프레임이 지나가지 못합니다.',
      evidence:
        '같은 스위치들에 연결된 노드가 ARP 요청에 응답하지 않고, 그 사이의 포트가 요청의 VLAN을 통과시키지 않습니다.',
      fix: '액세스 포트를 상대와 같은 VLAN에 두거나, 트렁크 양쪽에서 그 VLAN을 허용하거나, 양쪽의 네이티브 VLAN을 같게 하십시오.',
    },
    refused: {
      story: '서버의 그 포트에 리스너가 없습니다.',
      evidence: '서버가 RST 또는 ICMP port unreachable로 응답합니다.',
      fix: '패킷의 목적지 주소에서 리스너를 시작하십시오.',
    },
    'no-server-available': {
      story: 'L4에 정상 상태의 서버가 없습니다.',
      evidence: '요청이 L4에 도착하지만 서버로 나가는 패킷이 없고, L4의 상태 정보에 정상 서버가 없습니다.',
      fix: '헬스 체크가 무엇을 확인하고 왜 실패하는지 확인하십시오.',
    },
    'no-address': {
      story: 'DNS 서버가 그 이름에 주소가 없다고 응답하여 호출자가 아무것도 호출하지 않았습니다.',
      evidence: 'DNS 서버의 응답이 호출자에게 도착하지만 주소가 들어 있지 않습니다.',
      fix: '호출자를 위한 레코드를 이름에 추가하거나, 레코드가 가리키는 서비스를 복구하십시오.',
    },
    'stale-answer': {
      story:
        '호출자가 캐시에 있던 DNS 응답을 썼는데, 그 주소는 더 이상 동작하지 않습니다. 새로 질의하면 다른 주소를 받습니다.',
      evidence: '호출자가 질의하지 않고, 캐시의 주소에 대한 호출이 실패하며, 새 질의의 응답에는 그 주소가 없습니다.',
      fix: '이름의 TTL을 줄이거나, 이름을 바꾸는 대신 VIP를 사이트 사이에서 옮기십시오.',
    },
    'ports-exhausted': {
      story: 'Proxy IP에 남은 포트가 없습니다.',
      evidence: '요청이 L4에 도착하지만 그 서버 쪽 Proxy IP의 모든 포트가 사용 중이라 변환할 수 없습니다.',
      fix: 'Proxy IP에 더 많은 포트를 주거나 Proxy IP를 추가하고, 쓰지 않는 연결을 닫으십시오.',
    },
    loop: {
      story: '패킷이 TTL이 만료될 때까지 순환했습니다.',
      evidence: '같은 패킷이 TTL이 줄면서 같은 인터페이스를 반복해 지나고, ICMP time exceeded가 발생합니다.',
      fix: '홉을 따라가 보십시오. 두 노드가 패킷을 서로에게 라우팅합니다.',
    },
    'too-big': {
      story: '패킷이 링크의 MTU보다 크고 단편화할 수 없습니다.',
      evidence: 'ICMP fragmentation needed, 또는 노드로 들어가 나오지 않는 큰 세그먼트.',
      fix: 'ICMP 오류가 송신자에게 도달하게 하거나 L4에서 MSS를 낮추십시오(`mssClamp`).',
    },
    filtered: {
      story: '방화벽 규칙이 패킷을, 또는 더 작은 패킷을 보내라고 송신자에게 알리는 ICMP 오류를 폐기했습니다.',
      evidence: '패킷이 노드로 들어가 나오지 않고, drop 또는 reject 규칙의 카운터가 증가합니다.',
      fix: '그 규칙을 제거하거나 규칙의 조건을 바꾸십시오.',
    },
    'stale-neighbour': {
      story: '노드가 그 주소가 없거나 더 이상 없는 노드의 MAC으로 보냈습니다.',
      evidence: '그 주소로 가는 프레임의 목적지 MAC이 주소가 더 이상 없거나 사라진 노드의 것이고, 응답이 없습니다.',
      fix: '새로 주소를 가진 노드가 gratuitous ARP를 보내고 이웃이 받아들이게 하거나, 이웃 항목의 수명을 줄이십시오. 정적 항목은 자동으로 갱신되지 않으므로 제거하십시오.',
    },
    'stale-mac': {
      story: '스위치가 MAC이 예전에 있던 포트로 프레임을 내보냈습니다.',
      evidence: '스위치의 MAC 테이블에서 그 MAC의 포트가 더 이상 그 노드로 이어지지 않습니다.',
      fix: '옮겨 간 노드가 프레임(gratuitous ARP)을 보내게 하거나, 스위치의 MAC 항목 수명을 줄이십시오.',
    },
    'connection-unknown': {
      story: '이미 맺어진 연결의 세그먼트가 그 연결의 상태가 없는 노드에 도착했습니다.',
      evidence: '연결의 시작을 보지 못한 노드에 SYN이 아닌 세그먼트가 도착하고, 노드는 이를 폐기하거나 RST를 보냅니다.',
      fix: '로드 밸런서 사이에 연결을 공유하거나(conntrackd), 일관된 해시(maglev)로 서버를 고르십시오.',
    },
    'idle-expired': {
      story: '유휴 타임아웃보다 오래 트래픽이 없어 노드가 연결 상태를 삭제했습니다.',
      evidence: '유휴 타임아웃보다 오래 멈춘 뒤의 다음 세그먼트를 그 노드가 폐기하거나 RST를 보냅니다.',
      fix: '유휴 타임아웃보다 자주 keepalive를 보내거나, 타임아웃을 늘리십시오.',
    },
    'split-brain': {
      story: '이중화 쌍의 여러 구성원이 동시에 그 주소를 가지고 있습니다.',
      evidence: '둘 이상의 구성원이 master이고 그 주소에 대한 ARP에 응답합니다.',
      fix: '구성원 사이에 광고가 지나는 경로를 복구하거나, 경로를 하나 더 두십시오.',
    },
    'no-response': {
      story: '요청은 도착했으나, 프로그램이 응답하지 않았습니다.',
      evidence: '서버의 커널은 요청에 ACK를 보내지만, 호출자가 포기할 때까지 응답이 없습니다.',
      fix: '프로그램을 확인하십시오. 트래픽과 비슷한 헬스 체크(type: http)를 쓰면 장애를 감지합니다.',
    },
    unexplained: {
      story: '관측된 내용에 맞는 알려진 원인이 없습니다.',
      evidence: '마지막으로 관측된 곳까지의 홉 목록.',
      fix: '캡처를 확인하십시오. 이유를 찾으면 이 목록에 추가해야 합니다.',
    },
  },
  special: {
    'called-itself': {
      story: '호출자가 VIP를 직접 가지고 있어, 커널이 로드 밸런서를 거치지 않고 호출을 노드 자신에게 전달했습니다.',
      evidence: '호출자가 그 주소를 가지고 있고, 이 흐름의 패킷이 호출자를 떠나지 않으며, 호출이 곧바로 실패합니다.',
      fix: '호출자의 루프백에서 VIP를 제거하거나, Proxy IP를 쓰고 모든 서버에서 VIP를 제거하십시오. VIP를 소유한 L4는 dnat, proxy 모드에서 `ownCalls: true`일 때 그 VIP를 호출할 수 있습니다.',
    },
  },
  findings: {
    'answered-by-itself':
      '호출자가 VIP를 자신의 루프백에 가지고 있어 스스로 응답했습니다. 노드 밖으로 나간 패킷이 없습니다.',
    'two-owners': '한 주소에 대한 ARP에 여러 노드가 응답했습니다. 어느 노드가 패킷을 받을지는 무작위입니다.',
    'slow-start': '처음 패킷이 유실되었고, 재전송한 뒤에 통신되었습니다.',
    'l4-bypassed':
      '요청이 L4를 거치지 않고 서버에 닿았습니다. 서버가 VIP에 대한 ARP에 응답했거나, VIP를 ARP 송신자 주소로 썼습니다. 그 서버에 arp_ignore=1, arp_announce=2를 설정하십시오.',
  },
  messages: {
    ...bounds,
    ...unknowns,
    'route-missing': ({ node, address }) => `${node}에 ${address}(으)로 가는 경로가 없습니다.`,
    'dead-end': ({ node, address, to, type }) =>
      `${node}의 ${to} 경로는 ${type} 유형입니다. ${node}이(가) ${address}(으)로 가는 패킷을 ${type === 'blackhole' ? '알림 없이 ' : ''}폐기합니다.`,
    'arp-unanswered': ({ node, address }) =>
      `${node}이(가) ${address}에 대한 ARP 요청을 보냈으나 응답한 노드가 없습니다.`,
    'arp-request-dropped': ({ node, address, asker, source }) =>
      `${asker}이(가) ${address}에 대한 ARP 요청을 보냈으나, ${node}이(가) 출발지 ${source} 때문에 요청을 폐기했습니다.`,
    'host-unreachable': ({ node, address }) =>
      `${node}이(가) ${address}에 대해 host unreachable을 알렸습니다. 다음 홉이 ARP에 응답하지 않았습니다.`,
    'peer-down': ({ node, address, peer }) =>
      `${node}에 ${address}(으)로 보낼 패킷이 있었으나, ${peer} 쪽 링크가 다운되어 있습니다.`,
    'vlan-not-carried': ({ node, address, asker, port, vlan }) =>
      `${asker}이(가) VLAN ${vlan}에서 ${address}(으)로 프레임을 보냈으나, ${node}의 ${port} 쪽 포트가 그 VLAN의 태그 붙은 프레임을 통과시키지 않습니다.`,
    'untagged-not-carried': ({ node, address, asker, port }) =>
      `${asker}이(가) ${address}(으)로 프레임을 보냈으나, ${node}의 ${port} 쪽 포트는 네이티브 VLAN이 없는 트렁크이고 ${port}은(는) 태그를 쓰지 않습니다.`,
    'vlans-differ': ({ node, address, asker, port, vlan, other }) =>
      `${asker}이(가) VLAN ${other}에서 ${address}(으)로 프레임을 보냈으나, ${node}의 ${port} 쪽 포트는 VLAN ${vlan}에 있습니다.`,
    'address-in-other-vlan': ({ node, address, asker, vlan, other }) =>
      `${asker}이(가) VLAN ${other}에서 ${address}(으)로 프레임을 보냈으나, ${node}은(는) 그 주소를 VLAN ${vlan}에 가지고 있습니다.`,
    'native-vlan-tagged': ({ node, address, asker, port, vlan, other }) =>
      other === null
        ? `${asker}이(가) ${address}(으)로 보낸 프레임이 ${port}에서 VLAN ${vlan} 태그를 달고 오나, ${node}의 ${port} 쪽 포트는 이를 네이티브 VLAN으로 두어 태그 없는 프레임만 받습니다.`
        : `${asker}이(가) VLAN ${vlan}에서 ${address}(으)로 프레임을 보냈습니다. 트렁크 양쪽의 네이티브 VLAN이 다릅니다: ${port}은(는) ${other}이라 이 프레임에 태그를 달고, ${node}은(는) ${vlan}이라 태그 없는 프레임만 받습니다.`,
    'native-vlans-differ': ({ node, address, asker, port, vlan, other }) =>
      `${asker}이(가) ${address}(으)로 보낸 프레임이 링크를 태그 없이 지나는데, 태그 없는(네이티브) VLAN이 ${port}에서는 ${other}, ${node}에서는 ${vlan}입니다.`,
    'server-off-segment': ({ node, address }) =>
      `${node}이(가) 자신의 L2 세그먼트에서 서버 ${address}에 대한 ARP 요청을 보냈으나, 그 서버는 다른 서브넷에 있습니다.`,
    'listener-missing': ({ node, address, port, protocol }) =>
      `${node}에 ${socketText(address, port)}/${protocol} 리스너가 없습니다.`,
    'called-itself': ({ node, address, port, protocol }) =>
      `호출이 ${node}을(를) 떠나지 않았습니다. ${node}이(가) VIP ${address}을(를) 직접 가지고 있는데, ${port}/${protocol} 포트를 열지 않았습니다.`,
    'pool-down': ({ node, service }) => `${node}에 ${service}의 정상 서버가 없습니다.`,
    'name-without-address': ({ node, name }) => `${node}에 ${name}의 주소가 없습니다.`,
    'no-record-left': ({ node, name, source }) =>
      `${node}에 ${name}의 레코드가 있지만, ${source}에 응답할 정상 레코드가 없습니다.`,
    'refused-although-healthy': ({ node, service }) =>
      `${service}의 정상 서버가 있는데도 ${node}이(가) 요청을 거부했습니다.`,
    'answer-outdated': ({ node, name, address, addresses, ageS, ttlS, met, metAt }) =>
      `${node}이(가) ${ageS}초 전에 받은 ${name}의 응답(TTL ${ttlS}초)에 있는 ${address}을(를) 호출했으나 실패했습니다(${metAt}: ${met}). 새로 질의하면 ${addresses.join(', ')}을(를) 받습니다.`,
    'reply-from-elsewhere': ({ node, called, source, owner, ports }) =>
      `${node}은(는) ${called}${ofPort(ports?.called)}을(를) 호출했으나, 응답은 ${owner === null ? source : `${owner}(${source})`}${ofPort(ports?.source)}에서 왔습니다.`,
    'reply-not-translated': ({ node, called, source, owner, address, ports }) =>
      `${node}은(는) 클라이언트 대신 ${address}(으)로 ${called}${ofPort(ports?.called)}을(를) 호출했으나, 응답은 ${owner === null ? source : `${owner}(${source})`}${ofPort(ports?.source)}에서 왔고, ${node}이(가) 변환하는 어느 연결에도 속하지 않습니다.`,
    'tunnel-end-missing': ({ node, address }) =>
      `IP-in-IP 패킷이 ${node}에 도착했지만 ${address}에서 끝나는 터널이 없습니다.`,
    'vip-missing': ({ node, vip }) => `${vip}(으)로 가는 프레임이 그 주소가 없는 ${node}에 도착했습니다.`,
    'own-source': ({ node, source }) => `${node}이(가) 출발지가 자신의 주소 ${source}인 패킷을 폐기했습니다.`,
    'reverse-path-fails': ({ node, source, iface }) =>
      `${node}이(가) ${iface} 인터페이스로 ${source}의 패킷을 받았으나, 그 주소로 가는 경로는 다른 인터페이스여서 폐기했습니다(rp_filter).`,
    'half-seen': ({ node, source, destination }) =>
      `${node}이(가) 연결의 한쪽 방향만 보았고, ${source}에서 ${destination}(으)로 가는 패킷을 폐기했습니다.`,
    'segment-not-translated': ({ node, source, destination }) =>
      `${node}이(가) ${source}에서 ${destination}(으)로 가는, 윈도우를 벗어난 세그먼트를 변환하지 않았습니다. 받은 쪽이 RST로 연결을 끊었습니다.`,
    'mac-on-wrong-port': ({ node, owner, port, address }) =>
      `${node}이(가) ${owner}의 MAC을 ${port} 포트에서 학습했습니다. ${address}(으)로 가는 프레임이 그 포트로 나가 ${owner}에 도착하지 못했습니다.`,
    'redirect-followed': ({ node, router, address, gateway }) =>
      `${router}이(가) ${node}에게 ${address}(으)로 가는 패킷을 ${gateway}(으)로 보내라는 ICMP 리다이렉트를 보냈고, 그 뒤로 패킷이 ${router}을(를) 거치지 않았습니다.`,
    'forwarding-off': ({ node, address }) =>
      `${node}이(가) 자신의 주소가 아닌 ${address}(으)로 가는 패킷을 받았으나 포워딩하지 않습니다.`,
    'ports-used-up': ({ node, service, proxyIps, ports }) =>
      `${node}에 ${service} 연결에 쓸 ${proxyIps.join(', ')}의 빈 포트${ports === null ? '' : `(${ports} 중)`}가 없습니다.`,
    'ttl-expired': ({ node, address }) => `${address}(으)로 가는 패킷의 TTL이 ${node}에서 만료되었습니다.`,
    'exceeds-mtu': ({ node, address, mtu }) =>
      `${node}이(가) ${address}(으)로 가는 패킷을 내보낼 수 없습니다. ${mtu === null ? '도중에 있는 링크의 MTU' : `다음 링크의 MTU(${mtu}바이트)`}보다 큽니다.`,
    'exceeds-interface': ({ node, address, iface, size, mtu }) =>
      `${node}이(가) ${address}(으)로 가는 ${size}바이트 패킷을 알림 없이 폐기했습니다. ${iface} 인터페이스의 MTU는 ${mtu}바이트입니다.`,
    'rejected-by-rule': ({ node, address }) => `${node}의 방화벽 규칙이 ${address}(으)로 가는 패킷을 거부했습니다.`,
    'filter-matched': ({ node, address, number, rule }) =>
      `${node}의 필터 규칙 ${number}(${rule})이(가) ${address}(으)로 가는 패킷을 폐기했습니다.`,
    'too-big-unheard': ({ node, address, number, rule }) =>
      `${node}의 필터 규칙 ${number}(${rule})이(가) 패킷이 너무 크다고 ${address}에 알리는 ICMP 메시지를 폐기하여, ${address}이(가) 계속 큰 패킷을 보냈습니다.`,
    'neighbour-outdated': ({ node, address, mac, owner, holder }) =>
      `${node}이(가) ${address}(으)로 가는 패킷을 ${owner === null ? mac : `${owner}의 MAC(${mac})`}(으)로 보냈으나, 그 노드에는 이 주소가 없습니다.${holder === null ? '' : ` 주소를 가진 노드: ${holder}.`}`,
    'neighbour-static': ({ node, address, mac, owner, holder }) =>
      `${node}의 정적 이웃 항목이 ${address}을(를) ${owner === null ? `어느 노드에도 없는 MAC ${mac}` : `${owner}의 MAC(${mac})`}(으)로 정해 두었습니다.${holder === null ? '' : ` 주소를 가진 노드: ${holder}.`}`,
    'port-outdated': ({ node, owner, port, address }) =>
      `${node}이(가) ${address}(으)로 가는 프레임을 ${port} 포트로 내보냈으나, ${owner}은(는) 더 이상 그곳에 없습니다.`,
    'state-missing': ({ node, source, destination }) =>
      `${node}에 ${source}에서 ${destination}(으)로 가는 연결의 상태가 없습니다.`,
    'state-outdated': ({ node, source, destination, other }) =>
      `${source}에서 ${destination}(으)로 가는 연결의 일부가 ${other}을(를) 지났으므로, ${node}은(는) 그 패킷을 INVALID로 보고 폐기합니다.`,
    'state-expired': ({ node, source, destination, idleMs }) =>
      `${idleMs}ms 동안 트래픽이 없어 ${node}이(가) ${source}에서 ${destination}(으)로 가는 연결의 상태를 삭제했습니다.`,
    'two-masters': ({ node, address, masters }) =>
      `${masters.join(', ')}이(가) 동시에 ${address}을(를) 가지고 있습니다. 패킷이 끝난 곳: ${node}.`,
    'response-missing': ({ node, address }) =>
      `${node}이(가) ${address}(으)로 가는 요청을 받았으나, 그곳의 프로그램이 응답하지 않았습니다.`,
    'counter-rose': ({ node, address, iface, counter }) =>
      `${node}이(가) 인터페이스 ${iface}(으)로 들어온 ${address}(으)로 가는 패킷을 폐기했습니다. 카운터 ${counter}이(가) 증가했습니다.`,
    'lost-on-wire': ({ node, address }) =>
      `${node}이(가) ${address}(으)로 패킷을 보냈으나, 링크 반대편에서 관측되지 않았습니다.`,
    'frame-unclaimed': ({ node, address }) =>
      `${address}(으)로 가는 프레임이 그 MAC을 가진 노드에 도착하지 못했습니다. 마지막으로 관측된 곳: ${node}.`,
    'reply-missing': ({ node, address }) => `모든 패킷이 도착했으나 ${node}이(가) ${address}의 응답을 받지 못했습니다.`,
    'never-ends': ({ node, address }) => `${node}에서 ${address}(으)로 가는 패킷이 계속 순환합니다.`,
    'answered-by-itself': ({ node, address }) => `${node}이(가) 자신이 가진 ${address}을(를) 호출했습니다.`,
    'l4-bypassed': ({ service, l4s }) =>
      `${service}(으)로 가는 요청이 ${l4s.join(', ')}을(를) 거치지 않고 서버에 닿았습니다.`,
    'slow-start': ({ node }) => `${node}이(가) 재전송해야 했습니다.`,
    'two-owners': ({ address, asker, owners, used }) =>
      `${address}에 대한 ${asker}의 ARP 요청에 ${owners.join(', ')}이(가) 응답했습니다.${used === null ? '' : ` ${asker}은(는) ${used}(으)로 보냈습니다.`}`,

    'nothing-fits': ({ node, client }) =>
      `관측된 내용에 맞는 알려진 원인이 없습니다. 마지막 패킷이 관측된 곳: ${node}, 호출자가 받은 것: ${outcomeText(ko, client)}.`,

    'never-tried': ({ flow }) => `${flow} 흐름은 한 번도 시도되지 않았습니다.`,
    'expected-to-work': ({ failed, attempts, cause }) =>
      `통신되어야 하지만 실패했습니다${share(failed, attempts)}. ${because(cause)}`,
    'expected-to-fail': ({ cause, worked, attempts }) =>
      `실패해야 하지만(${cause}) 통신되었습니다${share(worked, attempts)}.`,
    'other-cause': ({ expected, cause }) => `${expected}이(가) 아닌 다른 원인으로 실패했습니다. ${because(cause)}`,
    'other-place': ({ expected, node, iface }) =>
      `실패한 곳: ${node === null ? '알 수 없음' : `${node}${iface ? `.${iface}` : iface === null ? '(인터페이스는 알 수 없음)' : ''}`}. 예상: ${expected}.`,
    'wrong-lost': ({ lost, expected, attempts }) =>
      `${attempts}회 시도 중 응답을 받지 못한 횟수: ${lost}. 예상: ${range(expected)}.`,
    'no-alternative': ({ outcome: how, servedBy, cause }) =>
      `한 시도의 결과가 예상한 결과 중 어느 것도 아닙니다. ${how === 'works' ? `통신됨${servedBy === null ? '' : `, 응답한 서버: ${servedBy}`}.` : `통신 안 됨. ${because(cause)}`}`,
    'alternative-unseen': ({ number, of, outcome: how, cause, attempts }) =>
      `예상한 결과 ${of}개 중 ${number}번째(${how === 'works' ? '통신됨' : '통신 안 됨'}${cause === null ? '' : `: ${cause}`})가 ${attempts}회 시도에서 한 번도 나타나지 않았습니다.`,
    'wrong-server': ({ server, allowed }) => `응답한 서버: ${server ?? '없음'}. 예상: ${namesText(allowed)}.`,
    'server-unused': ({ server, attempts }) => `${attempts}회 시도 중 ${server}이(가) 응답한 것이 없습니다.`,
    'wrong-share': ({ server, served, expected, attempts }) =>
      typeof expected === 'number'
        ? `${attempts}회 시도 중 ${server}이(가) ${served}회 응답했습니다. 예상: ${expected}회.`
        : `${attempts}회 시도 중 ${server}이(가) ${served}회(${round((100 * served) / attempts)}%) 응답했습니다. 예상(%): ${range(expected)}.`,
    'servers-vary': ({ servers }) =>
      `응답한 서버: ${servers.map((server) => server ?? '없음').join(', ')}. 예상: 매번 같은 서버.`,
    'wrong-source': ({ seen, expected, allowed }) =>
      `서버가 본 출발지: ${seen ?? '없음'}. 예상: ${expected === allowed[0] ? expected : `${expected}(${allowed.join(' 또는 ')})`}.`,
    'unexpected-finding': ({ finding }) =>
      `통신은 되지만 특이 사항이 있습니다(${finding.code}). ${say(ko, finding)} ${ko.findings[finding.code]}`,
    'finding-missing': ({ finding }) => `통신은 되지만 예상한 특이 사항이 없습니다(${finding}).`,
    'segment-not-seen': ({ sender }) => `윈도우를 벗어난 세그먼트가 보이지 않았습니다(\`outOfWindow: ${sender}\`).`,
    'request-not-seen': ({ caller }) =>
      `${caller}에서 요청이 나가는 것이 관측되지 않아, 이 실패로는 아무것도 증명되지 않습니다.`,
    'control-failed': ({ control }) => {
      const why = control.cause
        ? say(ko, control.cause.detail)
        : `호출자가 받은 것: ${outcomeText(ko, control.client)}.`;
      return `대조 흐름 ${ko.control(control)}이(가) 실패하여, 이 흐름의 실패로는 아무것도 증명되지 않습니다. ${why}`;
    },
    'not-crossed': ({ leg, node }) => `${SUBJECTS[leg]} ${node}을(를) 지나지 않았습니다.`,
    'not-avoided': ({ leg, node }) => `${SUBJECTS[leg]} 피해야 하는 ${node}에 도착했습니다.`,
    'wrong-ttl': ({ leg, node, seen, expected }) =>
      seen === null
        ? `${SUBJECTS[leg]} ${node}에 도착하지 않았습니다. 그곳에서 예상한 TTL: ${expected}.`
        : `${SUBJECTS[leg]} ${node}에 도착했을 때의 TTL: ${seen}. 예상: ${expected}.`,
    'no-calls': ({ stream, step }) => `${step} 단계에서 ${stream}의 호출이 없었습니다.`,
    'outage-too-long': ({ ms, atMostMs, cause }) =>
      `중단 시간: ${round(ms)}ms. 예상: ${atMostMs}ms 이하. ${because(cause)}`,
    'outage-too-short': ({ ms, atLeastMs }) => `중단 시간: ${round(ms)}ms. 예상: ${atLeastMs}ms 이상.`,
    'outage-not-over': ({ ms, cause }) =>
      `단계가 끝날 때까지 ${round(ms)}ms 동안 호출이 계속 실패했습니다. ${because(cause)}`,
    'second-outage': ({ ms, cause }) =>
      `중단이 끝난 뒤 다시 ${round(ms)}ms 동안 호출이 실패했습니다. ${because(cause)}`,
    'wrong-outage-cause': ({ calls, cause, expected }) =>
      `호출 ${calls}개가 ${expected.length === 0 ? '알 수 없는' : `${expected.join(' 또는 ')}이(가) 아닌 다른`} 원인으로 실패했습니다. ${because(cause)}`,
    'wrong-connections': ({ what, seen, of, expected }) =>
      `유지된 연결 ${of}개 중 ${CONNECTIONS[what]}(${what}): ${seen}개. 예상: ${range(expected)}.`,
    'wrong-stall': ({ ms, expected }) =>
      `유지된 연결이 응답을 ${round(ms)}ms 기다렸습니다. 예상(ms): ${range(expected)}.`,
    'state-not-reached': ({ awaited, instead }) => {
      const what =
        'server' in awaited
          ? `서버 ${awaited.server}이(가) ${awaited.is} 상태`
          : `${awaited.master}이(가) 유일한 master`;
      const states = instead.map(({ node, state }) => `${node}: ${state}`);
      return `${awaited.withinMs}ms 안에 ${what}가 되지 않았습니다.${states.length === 0 ? '' : ` 그때의 상태: ${states.join(', ')}.`}`;
    },
    disagreement: ({ disagreement }) => `예측과 관측이 다릅니다. ${say(ko, disagreement)}`,

    'answer-differs': ({ seen, predicted }) =>
      `DNS 서버가 첫 번째로 응답한 주소: ${seen ?? '없음'}, 예측: ${predicted ?? '없음'}.`,
    'l4-differs': ({ seen, predicted }) => `요청이 지난 L4: ${seen}, 예측: ${predicted}.`,
    'picked-differs': ({ seen, predicted }) => `L4가 고른 서버: ${seen}, 예측: ${predicted}.`,
    'outcome-differs': ({ seen, predicted, hop }) => `관측: ${outcome(seen)}, 예측: ${outcome(predicted)}.${at(hop)}`,
    'cause-differs': ({ seen, predicted, hop }) => `실패 원인: ${place(seen)}, 예측: ${place(predicted)}.${at(hop)}`,
    'server-differs': ({ seen, predicted, hop }) =>
      `응답한 서버: ${seen ?? '없음'}, 예측: ${predicted ?? '없음'}.${at(hop)}`,
    'source-differs': ({ seen, predicted, hop }) =>
      `서버가 본 출발지: ${seen ?? '없음'}, 예측: ${predicted ?? '없음'}.${at(hop)}`,
    'path-differs': ({ hop }) => `패킷의 경로가 예측과 다릅니다.${at(hop)}`,

    'failures-differ': ({ calls, seen, predicted }) =>
      `호출 ${calls}개 실패(${place(seen)}), 예측: ${predicted.length === 0 ? '실패 없음' : predicted.map(place).join(', ')}.`,
    'connections-differ': ({ survived, of, predicted }) =>
      `유지된 연결 ${of}개 중 ${survived}개가 살아남았습니다. 예측: ${SURVIVE[predicted]}(${predicted}).`,
    interrupted: () => '실행이 중단되었습니다.',
    'image-missing': ({ image }) => `랩 이미지 ${image}이(가) 없습니다. 다음으로 만드십시오: npx l4lab setup`,
    'network-failed': ({ error }) => `Docker가 링크로 쓸 네트워크를 만들지 못했습니다: ${error}`,
    'docker-rules-gone': ({ error }) =>
      `Docker가 네트워크를 만들 수 없습니다(${error}). 호스트 방화벽에서 Docker의 규칙이 지워졌습니다(nft flush ruleset, 또는 nftables나 다른 방화벽의 시작). Docker를 다시 시작하면 규칙이 복구됩니다: sudo systemctl restart docker`,
    'networks-blocked': networksBlocked,
    'host-container-failed': ({ error }) => `호스트 네트워크의 컨테이너가 실패했습니다: ${error}`,
    hairpin: ({ port }) =>
      `Docker의 네트워크가 프레임을 보낸 쪽으로 되돌려 보냅니다(hairpin 모드, ${port}에서 확인). dockerd를 --userland-proxy=true로 시작하십시오`,
    'addresses-in-use': ({ clashes }) =>
      `호스트가 이미 랩의 주소를 가지고 있습니다: ${clashes.map(({ address, owner, iface }) => `${owner}의 ${address}(호스트의 ${iface})`).join(', ')}. 랩에 다른 주소를 사용하십시오.`,
    'pair-unsettled': ({ pair, expected, seen, seconds }) =>
      `이중화 쌍 ${pair}이(가) ${seconds}초 안에 안정되지 않았습니다. master: ${namesText(seen) || '없음'}, 예상: ${namesText(expected) || '없음'}.`,
    'pause-failed': ({ node, seconds, error }) =>
      `엔진이 ${seconds}초 안에 ${node} 노드의 컨테이너를 일시 정지하지 못했습니다: ${error}`,
    'node-gone': ({ node, exitCode, output }) => `${node} 노드의 컨테이너가 ${ending(exitCode)}.${printed(output)}`,
    'agent-late': ({ node, seconds, output }) =>
      `${node} 노드의 에이전트가 ${seconds}초 안에 시작되지 않았습니다.${printed(output)}`,
    'call-late': ({ node, method, seconds, output }) =>
      `${node} 노드가 ${seconds}초 안에 ${method}에 응답하지 않았습니다.${printed(output)}`,
    'call-failed': ({ node, method, fault }) => `${node} 노드에서 ${method}이(가) 실패했습니다. ${say(ko, fault)}`,
    'program-failed': ({ command, exitCode, output, input }) =>
      `${command}: 종료 코드 ${exitCode}.${printed(output)}${input && `\n입력:\n${input}`}`,
    'program-late': ({ command, awaited, seconds, output }) =>
      `${command}: ${seconds}초 안에 ${awaited} 상태에 이르지 못했습니다.${printed(output)}`,
    'interface-missing': ({ address }) => `${address} 주소를 가진 인터페이스가 없습니다.`,
    'sysctl-missing': ({ setting }) => `커널에 ${setting} 설정이 없습니다.`,
    'sysctl-read-only': ({ setting }) =>
      `커널은 노드가 ${setting} 설정을 바꾸는 것을 허용하지 않습니다. 시스템 전체의 설정이거나 읽기 전용입니다. \`sysctls\`에서 삭제하십시오. 시스템 전체의 설정은 엔진의 호스트에서 바꿀 수 있습니다.`,
    'sysctl-value': ({ setting, value }) => `커널은 ${setting}의 값으로 ${value}을(를) 받아들이지 않습니다.`,
    'sysctl-failed': ({ setting, error }) => `sysctl ${setting} 설정에 실패했습니다: ${error}`,
    'capture-ended': ({ iface, output }) => `${iface}의 tcpdump가 종료되었습니다.${printed(output)}`,
    'capture-late': ({ iface, seconds, output }) =>
      `${iface}의 tcpdump가 ${seconds}초 안에 응답하지 않았습니다.${printed(output)}`,
    'capture-overflow': ({ iface, frames }) =>
      `${iface}의 tcpdump가 프레임 ${frames}개를 놓쳤습니다. 머신이 너무 바빠 모두 기록하지 못했으므로 판정할 수 없습니다. 한 번에 보내는 양을 줄이거나, 동시에 실행하는 작업을 줄이십시오.`,
    'balancer-late': ({ awaited, seconds, log }) =>
      `로드 밸런서가 ${seconds}초 안에 ${awaited} 상태가 되지 않았습니다.${printed(log)}`,
    'balancer-ended': ({ awaited, log }) => `로드 밸런서가 ${awaited} 상태가 되기 전에 종료되었습니다.${printed(log)}`,
    'balancer-failed': ({ error }) => `로드 밸런서의 오류: ${error}`,
    'tunnels-missing': ({ device }) =>
      `ipip가 필요합니다. 커널에 IP-in-IP 터널(모듈 ipip, ip6_tunnel, sit)이 없고, 이를 대신할 프로그램에 필요한 ${device}(모듈 tun)도 없습니다.`,
    'agent-failed': ({ error }) => error,

    'interfaces-up': ({ node }) => `${node}: 모든 인터페이스 활성화`,
    'forwarding-on': ({ node }) => `${node}: 포워딩 켜기`,
    'rp-filter-off': ({ node }) => `${node}: rp_filter 끄기`,
    'accept-local': ({ node }) => `${node}: accept_local 켜기`,
    'vip-off-loopback': ({ node, vip }) => `${node}: 루프백에서 VIP ${vip} 제거`,
    'allow-vlan': ({ node, port, vlan }) => `${node}: ${port} 쪽 트렁크에서 VLAN ${vlan} 허용`,
    'port-in-vlan': ({ node, port, vlan }) => `${node}: ${port} 쪽 포트를 VLAN ${vlan}에 두기`,
    'without-native-vlan': ({ node, port, vlan }) =>
      `${node}: ${port} 쪽 트렁크에서 VLAN ${vlan}을(를) 네이티브 대신 태그로`,
    'native-vlan': ({ node, port, vlan }) => `${node}: ${port} 쪽 트렁크의 네이티브 VLAN을 ${vlan}(으)로`,
    'clamp-mss': ({ service, mss }) =>
      mss === 'auto'
        ? `${service}: L4가 MSS를 자신의 링크에 맞게 낮추기`
        : `${service}: L4가 MSS를 ${mss}바이트로 낮추기`,
    'smaller-mtu': ({ node, mtu }) => `${node}: MTU를 ${mtu}(으)로 줄이기`,
    route: ({ nodes, to, via }) => `${namesText(nodes)}: ${to} 경로를 ${via}(으)로`,
    'without-dead-end': ({ node, to, type }) => `${node}: ${to}의 ${type} 경로 제거`,
    'without-neighbour': ({ node, address }) => `${node}: ${address}의 정적 이웃 항목 제거`,
    'source-route': ({ nodes, from, via }) => `${namesText(nodes)}: 출발지 ${from}의 기본 경로를 ${via}(으)로`,
    'proxy-ip-auto': ({ service }) => `${service}의 Proxy IP를 L4가 내보내는 인터페이스의 주소로`,
    'more-proxy-ports': ({ service, ports }) => `${service}의 Proxy IP에 출발지 포트 ${ports}`,
    'all-proxy-ports': ({ service }) => `${service}의 Proxy IP에 모든 출발지 포트`,
    'drop-invalid': ({ node }) => `${node}: INVALID 패킷 폐기(상태 기반 방화벽)`,
    'liberal-tracking': ({ node }) => `${node}: nf_conntrack_tcp_be_liberal=1 설정`,
    'symmetric-hash': ({ source, destination }) =>
      `같은 다음 홉을 같은 순서로 두고 ${source}은(는) 출발지를, ${destination}은(는) 목적지를 해시`,
    'firewall-off': ({ node }) => `${node}: 상태 기반 방화벽 끄기`,
    'nat-off': ({ node }) => `${node}: NAT 끄기`,
    'nat-masquerade': ({ node }) => `${node}: NAT를 나가는 인터페이스의 주소로(masquerade)`,
    'hold-address': ({ node, address }) => `${node}: ${address}을(를) 루프백에 두기`,
    'without-rule': ({ nodes, rule }) => `${namesText(nodes)}: 필터에서 규칙 ${rule} 제거`,
    'accept-redirects-off': ({ node }) => `${node}: accept_redirects 끄기`,
    'node-gateway': ({ node, gateway }) => `${node}: 게이트웨이를 ${gateway}(으)로`,
    'widen-mtu': ({ mtu }) => `모든 인터페이스의 MTU를 ${mtu}(으)로 맞추기`,
    'balancer-on': ({ node }) => `${node}: 로드 밸런서 켜기`,
    'disown-vip': ({ node }) => `${node}: VIP를 소유하지 않기(vipOwner: false)`,
    'send-redirects-off': ({ node }) => `${node}: send_redirects 끄기`,
    'rewrite-source-mac': ({ node }) => `${node}: 출발지 MAC을 자신의 것으로 바꾸기`,
    'check-vip': ({ service }) => `${service}: 헬스 체크를 서버 자신의 주소가 아니라 서버의 VIP로`,
    'check-served-port': ({ service }) => `${service}: 헬스 체크를 트래픽이 가는 포트로`,
    'check-source': ({ service, source }) => `${service}: 헬스 체크의 출발지를 ${source}(으)로`,
    'check-source-auto': ({ service }) => `${service}: 헬스 체크의 출발지를 L4가 내보내는 인터페이스의 주소로`,
    'answer-from-asked': ({ nodes }) => `${namesText(nodes)}: UDP 응답을 요청받은 주소와 포트에서 보내기`,
    'add-record': ({ name, service }) => `${name}: ${service} 레코드 추가`,
    'shorter-ttl': ({ name, seconds }) => `${name}: TTL을 ${seconds}초로 설정`,
    'only-healthy': ({ name }) => `${name}: 정상 서버가 없는 서비스를 응답에서 제외`,
    listen: ({ nodes, port, protocol }) => `${namesText(nodes)}: ${port}/${protocol} 포트 열기`,
    'vip-on-loopback': ({ service }) => `${service}의 VIP를 서버의 루프백에 두고 ARP에는 응답하지 않기`,
    'quiet-loopback': ({ arpIgnore, arpAnnounce }) =>
      `서버: 루프백 주소에 대한 ARP에 응답하지 않기(arp_ignore=${arpIgnore}, arp_announce=${arpAnnounce})`,
    'servers-gateway': ({ gateway }) => `서버: 게이트웨이를 ${gateway}(으)로`,
    'tunnel-end': ({ service }) => `${service}의 터널을 서버에서 종단하기(tunnelEnd)`,
    'own-calls': ({ service }) => `L4 자신의 ${service} 호출도 분산(ownCalls)`,
    'use-proxy': ({ service }) => `${service}에 Proxy IP 사용`,
    'use-profile': ({ service, profile }) => `${service}에 \`like: ${profile}\` 사용`,
    'use-dsr': ({ service }) => `${service}을(를) DSR로, VIP를 서버의 루프백에 두기`,
    'gratuitous-arp-on': ({ pair }) => `${pair}: 새 master가 gratuitous ARP를 보내게 하기`,
    'preempt-on': ({ pair }) => `${pair}: 선점 켜기`,
    'share-connections': ({ pair }) => `${pair}: 연결 공유(conntrackd)`,
    'use-maglev': ({ service }) => `${service}: 일관된 해시로 서버 고르기(maglev)`,
    'check-on': ({ service, intervalMs }) => `${service}: ${intervalMs}ms마다 서버 헬스 체크`,
    'neighbour-age': ({ node, ms }) => `${node}: 이웃 항목의 수명을 ${ms}ms로`,
    'mac-age': ({ node, ms }) => `${node}: MAC 항목의 수명을 ${ms}ms로`,
    'idle-timeout': ({ node, ms }) => `${node}: 유휴 타임아웃을 ${ms}ms로`,
  },
  timeline,
  trunks: { tagged: '802.1Q 태그 사용', wires: '태그 없이 VLAN마다 별도 링크' },
  tunnels: { devices: '커널 장치', programs: '커널에 장치가 없어 프로그램으로 구현' },
  engineUse: ({ name, kernel, scenarios, trunks, tunnels, lost }) =>
    `${name}, 커널 ${kernel}: 시나리오 ${scenarios.length}개${trunks === undefined ? '' : `; 트렁크: ${ko.trunks[trunks]}`}${tunnels === undefined ? '' : `; 터널: ${ko.tunnels[tunnels]}`}${lost ? '; 도중에 사라져 끝내지 못한 것은 다른 엔진에서 실행함' : ''}`,
  noFix: '설정 한두 가지를 바꾸어 통신되게 하는 방법을 찾지 못했습니다.',
  noFixFromDisagreement: '예측과 관측이 달라 바꿀 설정을 제안하지 않습니다.',
  outcomes: {
    answered: '응답 받음',
    'no-answer': '응답 없음',
    timeout: '시간 초과',
    closed: '연결 닫힘',
    'wrong-answer': '잘못된 응답',
    'ttl-exceeded': 'TTL 초과',
  },
  control: ({ from, to, address, protocol, port }) =>
    `${from} → ${to === null ? '' : `${to} `}${protocol === 'icmp' ? `${address}(ping)` : socketText(address, port)}`,
  outcomeGroups: (outcomeGroups) => outcomeGroups.map(groupText).join(', '),
  and: (changes) => changes.join(', 그리고 '),
};

const CONNECTIONS = { survived: '살아남음', reset: '리셋됨', stalled: '멈춤' } as const;

const SURVIVE = { all: '모두', none: '없음', some: '일부' } as const;

/** For replies from another port than the called one. */
function ofPort(port: number | undefined): string {
  return port === undefined ? '' : `의 포트 ${port}`;
}

function round(ms: number): number {
  return Math.round(ms);
}

function range({ atLeast, atMost }: Range): string {
  if (atLeast !== undefined && atLeast === atMost) return String(atLeast);
  return [
    ...(atLeast === undefined ? [] : [`${atLeast} 이상`]),
    ...(atMost === undefined ? [] : [`${atMost} 이하`]),
  ].join(', ');
}

const LEGS: Record<Leg, string> = { request: '요청', reply: '응답', question: 'DNS 질의', answer: 'DNS 응답' };

/** With the particle of a subject, which depends on the last syllable. */
const SUBJECTS: Record<Leg, string> = {
  request: '요청이',
  reply: '응답이',
  question: 'DNS 질의가',
  answer: 'DNS 응답이',
};

function ending(exitCode: number | null): string {
  if (exitCode === 0) return '중지되었습니다(종료 코드 0, 예: Docker 재시작)';
  if (exitCode === KILLED) return `강제 종료되었습니다(종료 코드 ${KILLED}, 예: docker kill, 메모리 부족)`;
  return exitCode === null ? '종료되었습니다' : `종료 코드 ${exitCode}(으)로 종료되었습니다`;
}

function printed(output: string): string {
  return output === '' ? '' : ` 출력: ${output}`;
}

function because(cause: Cause | null): string {
  return cause === null ? '원인을 찾지 못했습니다.' : `${place(cause)}: ${say(ko, cause.detail)}`;
}

function place(of: Place | null): string {
  return of === null ? '없음' : `${of.node}에서 ${of.code}`;
}

function outcome({ outcome: how, cause }: { outcome: 'works' | 'fails'; cause: Place | null }): string {
  const text = how === 'works' ? '통신됨' : '통신 안 됨';
  return cause === null ? text : `${text}(${place(cause)})`;
}

function groupText({ outcome: how, cause, servers }: OutcomeGroup): string {
  const whom = servers.length === 0 ? '' : `${namesText(servers)}: `;
  return `${whom}${how === 'works' ? '통신됨' : '통신 안 됨'}${cause === null ? '' : `(${cause})`}`;
}

function share(part: number, attempts: number): string {
  return attempts === 1 ? '' : `(${attempts}회 중 ${part}회)`;
}

function at(hop: HopDifference | null): string {
  if (hop === null) return '';
  const [seen, predicted] = [hop.seen, hop.predicted].map((step) => (step === null ? '없음' : stepText(step)));
  return ` ${LEGS[hop.leg]} ${hop.number}번째 홉: 관측 ${seen}, 예측 ${predicted}.`;
}
