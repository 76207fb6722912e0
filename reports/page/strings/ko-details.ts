import type { SentencePair } from './sentences.ts';

/** What the harness says of a cause, in Korean. */
export const koDetails: readonly SentencePair[] = [
  [
    '{node} was to pass on the packet for {address}, whose TTL had come down to {ttl}',
    '{node}이(가) {address}(으)로 가는 패킷을 넘겨야 했으나 그 TTL이 이미 {ttl}(으)로 줄어 있었음',
  ],
  ['{node} has no route to {address}', '{node}에 {address}(으)로 가는 경로가 없음'],
  ['{node} asked for {address} and nobody answered', '{node}이(가) {address}의 MAC을 물었으나 아무도 답하지 않음'],
  [
    '{node} asked for the next hop toward {address} and nobody answered',
    '{node}이(가) {address}(으)로 가는 다음 홉의 MAC을 물었으나 아무도 답하지 않음',
  ],
  [
    '{node} holds {address} itself, and nobody there listens on {port}',
    '{node}이(가) {address}을(를) 직접 가지고 있고, 거기서 {port} 포트를 여는 프로그램이 없음',
  ],
  [
    '{sender} told {node} to send packets for {address} to {gateway}; from then on they bypass {sender2}',
    '{sender}이(가) {node}에게 {address}(으)로 가는 패킷을 {gateway}(으)로 보내라고 알렸고, 그 뒤로 패킷이 {sender2}을(를) 거치지 않음',
  ],
  [
    '{node} held the MAC of {owner} at its port {port}; {what*} for {address} went that way and never reached {owner2}',
    '{node}이(가) {owner}의 MAC을 {port} 포트에서 학습함. {address}(으)로 가는 {what}이(가) 그쪽으로 나가 {owner2}에 도착하지 못함',
  ],
  [
    '{node} holds the MAC of {owner} at its port {port}; the frame for {address} went that way and ended at {end}',
    '{node}이(가) {owner}의 MAC을 {port} 포트에서 학습함. {address}(으)로 가는 프레임이 그쪽으로 나가 {end}에서 끝남',
  ],
  [
    '{node} saw one direction of {flow} only, and dropped {what*} from {address}',
    '{node}이(가) {flow}의 한쪽 방향만 보았고, {address}에서 온 {what}을(를) 버림',
  ],
  ['a segment ({flags})', '세그먼트({flags})'],
  ['the answer to an echo', 'ICMP 에코 응답'],
  [
    'the caller says {said*}; no known cause fits what was seen',
    '호출자가 받은 것: {said}. 관측된 내용에 맞는 알려진 원인이 없음',
  ],
  ['{node} answers {port}/{protocol} with {by*}', '{node}이(가) {port}/{protocol}에 {by}(으)로 응답함'],
  [
    '{node} answers with {by*}, although it holds a server of {service} for healthy',
    '{service}의 서버 가운데 정상으로 보는 것이 있는데도 {node}이(가) {by}(으)로 응답함',
  ],
  [
    '{node} answers with {by*}: no server of {service} is healthy',
    '{service}의 서버 가운데 정상인 것이 없어 {node}이(가) {by}(으)로 응답함',
  ],
  ['{node} holds no server of {service} for healthy', '{node}이(가) 정상으로 보는 {service}의 서버가 없음'],
  ['the TTL of a packet for {address} ran out at {node}', '{address}(으)로 가는 패킷의 TTL이 {node}에서 0이 됨'],
  [
    '{node} cannot send on a packet for {address}: the MTU there is {mtu} bytes',
    '{node}에서 {address}(으)로 가는 패킷을 내보낼 수 없음: 그 링크의 MTU는 {mtu}바이트임',
  ],
  [
    '{node} cannot send on a packet for {address}: it is larger than the MTU there',
    '{node}에서 {address}(으)로 가는 패킷을 내보낼 수 없음: 그 링크의 MTU보다 큼',
  ],
  [
    '{node} has a packet of {size} bytes for {address}; the interface {iface} of {next} takes no more than its MTU of {mtu} bytes, and says nothing',
    '{node}에 {address}(으)로 가는 {size}바이트 패킷이 있으나, {next}의 {iface} 인터페이스는 MTU {mtu}바이트까지만 받고 아무것도 알리지 않음',
  ],
  [
    '{node} dropped a packet for {address}: its counter {counter*} rose',
    '{node}이(가) {address}(으)로 가는 패킷을 버림: 카운터 {counter}이(가) 늘어남',
  ],
  [
    '{node} found no free port of {addresses*} for a flow to {service}',
    '{node}이(가) {service}(으)로 가는 통신에 쓸 {addresses}의 빈 포트를 찾지 못함',
  ],
  ['a rule of {node} rejects packets for {address}', '{node}의 규칙이 {address}(으)로 가는 패킷을 거부함'],
  [
    '{caller} called {address}; the answer came from {source*}, which it never called',
    '{caller}은(는) {address}을(를) 호출했으나, 호출한 적 없는 {source}에서 응답이 옴',
  ],
  [
    '{node} took its own call for {address} and answered it inside, from there',
    '{node}이(가) 자신이 보낸 {address} 호출을 직접 받아, 노드 안에서 그 주소로 응답함',
  ],
  [
    '{node} took its own call for {address}, and nobody there listens on {port}',
    '{node}이(가) 자신이 보낸 {address} 호출을 직접 받았으나, 거기서 {port} 포트를 여는 프로그램이 없음',
  ],
  [
    'the frame for {address} reached {node}, which does not hold that address',
    '{address}(으)로 가는 프레임이 {node}에 도착했으나 {node}은(는) 그 주소를 가지고 있지 않음',
  ],
  [
    '{node} sends to {address}, but the interface of {peer} at the other end is down',
    '{node}이(가) {address}(으)로 보내지만, 맞은편 {peer}의 인터페이스가 꺼져 있음',
  ],
  [
    '{node} sends to {address} and nobody at the other end of the wire sees it',
    '{node}이(가) {address}(으)로 보내지만, 선로 맞은편에서 관측되지 않음',
  ],
  [
    '{node} looks for the MAC of {address} on its own segment; that server is in another subnet',
    '{node}이(가) 자신의 L2 구간에서 {address}의 MAC을 찾지만, 그 서버는 다른 서브넷에 있음',
  ],
  [
    '{node} got a packet from {address} at {iface}, by which it would not send to {address2}, and rp_filter is on there',
    '{node}이(가) {iface} 인터페이스로 {address}의 패킷을 받았으나 {address2}(으)로 보낼 때는 다른 인터페이스를 쓰며, rp_filter가 켜져 있음',
  ],
  [
    '{node} got a packet from {address}, which is an address of its own',
    '{node}이(가) 자신의 주소인 {address}을(를) 출발지로 한 패킷을 받음',
  ],
  [
    '{node} got the packet and has no route to {address}, so its answer never left',
    '{node}이(가) 패킷을 받았으나 {address}(으)로 가는 경로가 없어 응답을 내보내지 못함',
  ],
  [
    '{node} got a packet for {address}, which is not its own, and does not forward',
    '{node}이(가) 자신의 주소가 아닌 {address}(으)로 가는 패킷을 받았으나 포워딩하지 않음',
  ],
];
