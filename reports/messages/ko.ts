import type { Catalogue } from './catalogue.ts';

/** The messages in Korean. */
export const ko = {
  causes: {
    'reply-not-from-vip': {
      story: '호출자가 호출한 적 없는 주소에서 응답이 왔습니다. 응답이 L4를 거치지 않아 NAT가 풀리지 않았습니다.',
      evidence: '호출한 주소와 다른 출발지의 응답 세그먼트가 호출자에게 도착하고, 호출자는 RST를 보내거나 무시합니다.',
      fix: '서비스에 Proxy IP를 주거나, 응답이 L4를 거치게 하십시오(서버의 게이트웨이 = L4).',
    },
    'vip-not-on-server': {
      story: 'DSR 프레임이 VIP를 가지지 않은 서버에 도착했습니다.',
      evidence: '서버의 MAC 앞으로, 목적지가 VIP인 프레임이 도착하지만 서버는 VIP를 가지지 않아 응답하지 않습니다.',
      fix: '풀에 있는 모든 서버의 루프백에 VIP를 설정하십시오.',
    },
    'server-not-adjacent': {
      story: 'L4의 L2 구간 밖에 있는 서버로 DSR을 했습니다. MAC 변경은 첫 번째 라우터에서 끝납니다.',
      evidence: 'L4가 서버 대신 라우터로 프레임을 보내 서버에 도착하지 않거나, L4에 그 서버의 이웃 정보가 없습니다.',
      fix: '서버를 L4와 같은 서브넷으로 옮기거나, 프록시 모드 또는 L3 DSR을 사용하십시오.',
    },
    'own-address-as-source': {
      story: '수신자가 자기 주소를 출발지로 가진 패킷을 버렸습니다.',
      evidence: '패킷의 출발지 주소를 직접 가진 노드에 패킷이 도착하고 거기서 끝납니다.',
      fix: '서비스에 Proxy IP를 주거나(서버가 L4를 통해 자신을 호출하는 경우), L4가 VIP를 소유하지 않게 하십시오.',
    },
    'reverse-path': {
      story: '출발지로 가는 경로와 다른 인터페이스로 들어온 패킷을 엄격한 역경로 필터가 버렸습니다.',
      evidence: 'rp_filter=1인 노드에 출발지 경로와 다른 인터페이스로 패킷이 도착하고 거기서 끝납니다.',
      fix: '그 인터페이스의 rp_filter를 0 또는 2로 하거나 경로를 대칭으로 만드십시오.',
    },
    'half-seen-by-firewall': {
      story: '상태 기반 장비가 한 방향만 보고 나머지를 버렸습니다.',
      evidence: '한 방향만 본 상태 기반 노드로 패킷이 들어가지만 나오지 않습니다.',
      fix: '비대칭 경로를 방화벽에서 제외하거나 양방향이 모두 지나게 하십시오.',
    },
    'mac-moved': {
      story: 'L4가 출발지 MAC을 그대로 두어, 스위치가 호출자의 MAC을 L4 포트에서 학습했습니다.',
      evidence: '스위치의 MAC 테이블에 호출자(또는 라우터)의 MAC이 L4 포트로 있고, 응답이 그 포트로 나가 끝납니다.',
      fix: 'L4가 출발지 MAC을 자신의 것으로 바꾸게 하십시오.',
    },
    redirected: {
      story: 'ICMP 리다이렉트가 노드에게 L4를 우회하도록 가르쳤습니다.',
      evidence: 'L4가 서버에 ICMP 리다이렉트를 보내고, 이후 패킷이 L4를 거치지 않습니다.',
      fix: 'L4에서 send_redirects=0(all과 인터페이스 모두)으로, 또는 서버에서 accept_redirects=0으로 하십시오.',
    },
    'no-route': {
      story: '노드에 그 주소로 가는 경로가 없습니다.',
      evidence: '라우팅 테이블에 목적지 항목이 없어 ICMP net unreachable로 응답하거나 호출이 즉시 실패합니다.',
      fix: '경로 또는 기본 게이트웨이를 추가하십시오.',
    },
    'not-forwarding': {
      story: '다른 노드로 가야 할 패킷을 받은 노드가 패킷을 전달하지 않습니다.',
      evidence:
        '노드의 MAC 앞으로 온 패킷의 목적지가 그 노드의 주소가 아닌데, 노드에서 나가는 패킷이 없습니다(ip_forward=0).',
      fix: '그 노드에서 ip_forward=1로 하거나, 패킷을 그곳으로 보낸 게이트웨이 또는 주소를 바로잡으십시오.',
    },
    'no-neighbour': {
      story: '구간 안의 누구도 다음 홉에 대한 ARP에 응답하지 않습니다.',
      evidence: '응답 없는 ARP 요청, 또는 요청한 노드의 ICMP host unreachable.',
      fix: '다음 홉의 주소, 넷마스크, 링크를 확인하십시오.',
    },
    refused: {
      story: '호출된 서버에 리스너가 없습니다.',
      evidence: '서버가 RST 또는 ICMP port unreachable로 응답합니다.',
      fix: '패킷이 가리키는 주소에서 리스너를 시작하십시오.',
    },
    'no-server-available': {
      story: 'L4에 정상 상태의 서버가 없습니다.',
      evidence: '요청이 L4에 도착하지만 서버로 나가는 패킷이 없고, L4의 상태에 살아 있는 서버가 없습니다.',
      fix: '헬스 체크가 무엇을 확인하고 왜 실패하는지 살펴보십시오.',
    },
    'ports-exhausted': {
      story: 'Proxy IP에 남은 포트가 없습니다.',
      evidence: '요청이 L4에 도착하지만 그 서버 쪽 Proxy IP의 모든 포트가 사용 중이라 변환할 수 없습니다.',
      fix: '풀에 Proxy IP를 추가하십시오.',
    },
    loop: {
      story: 'TTL이 다할 때까지 패킷이 돌았습니다.',
      evidence: '같은 패킷이 TTL이 줄면서 같은 인터페이스를 반복해 지나고, ICMP time exceeded가 나옵니다.',
      fix: '홉을 따라가 보십시오. 두 노드가 서로 상대가 더 가깝다고 여깁니다.',
    },
    'too-big': {
      story: '패킷이 링크의 MTU보다 크고 조각낼 수 없습니다.',
      evidence: 'ICMP fragmentation needed, 또는 노드로 들어가 나오지 않는 큰 세그먼트.',
      fix: 'ICMP 오류가 송신자에게 도달하게 하거나 MSS를 조정하십시오.',
    },
    filtered: {
      story: '규칙이 패킷을 버렸습니다.',
      evidence: '패킷이 노드로 들어가 나오지 않고, drop 또는 reject 규칙의 카운터가 올라갑니다.',
      fix: '그 노드의 규칙을 살펴보십시오.',
    },
    unexplained: {
      story: '관측된 것에 맞는 다른 원인이 없습니다.',
      evidence: '마지막으로 관측된 곳까지의 홉 목록.',
      fix: '캡처를 살펴보십시오. 이유를 찾으면 이 목록에 추가해야 합니다.',
    },
  },
} satisfies Catalogue;
