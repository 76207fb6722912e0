import type { SentencePair } from './sentences.ts';

/** Why a flow could not be run, in Korean; what engine and programs say themselves stays as it is. */
export const koEnvironment: readonly SentencePair[] = [
  [
    'the lab image {image} is not there; `npm run setup` builds it',
    '랩 이미지 {image}이(가) 없음. `npm run setup`으로 만들 수 있음',
  ],
  [
    "Docker cannot make networks: its rules are gone from the host's firewall. Something has flushed them since Docker started, as nft flush ruleset and the start of nftables or of another firewall do.\nRestart Docker, which writes them anew: sudo systemctl restart docker",
    'Docker가 네트워크를 만들 수 없음. 호스트 방화벽에서 Docker의 규칙이 사라졌음. Docker가 시작된 뒤 무언가가 규칙을 지웠음(nft flush ruleset, 또는 nftables나 다른 방화벽의 시작).\nDocker를 다시 시작하면 규칙이 다시 만들어짐: sudo systemctl restart docker',
  ],
  [
    "Docker's networks do not carry {versions*}: the engine's host drops what goes over a bridge, so no flow can be judged.\n{evidence*}",
    'Docker의 네트워크가 {versions} 패킷을 전달하지 않음. 엔진의 호스트가 브리지를 지나는 패킷을 버리므로 어떤 흐름도 판정할 수 없음.\n{evidence}',
  ],
  ['cannot make a network for a link: {error*}', '링크로 쓸 네트워크를 만들 수 없음: {error}'],
  [
    "the engine's networks give frames back to their sender (hairpin mode, seen at {port}), which no wire does; start dockerd with --userland-proxy=true",
    '엔진의 네트워크가 프레임을 보낸 쪽으로 되돌려 보냄(hairpin 모드, {port}에서 확인). 선로에서는 일어나지 않는 일이므로 dockerd를 --userland-proxy=true로 시작하십시오',
  ],
  [
    "the engine's host itself has {addresses*}; give the lab other addresses",
    '엔진의 호스트가 이미 가진 주소: {addresses}. 랩에 다른 주소를 주십시오',
  ],
  ['{one*}, {other*}', '{one}, {other}'],
  ['{address} of {owner*} (there on {iface})', '{owner}의 {address}(호스트에서는 {iface})'],
  ['node {node}', '{node} 노드'],
  ['service {service}', '{service} 서비스'],
  [
    "a container on the host's network did not do what a lab needs there: {error*}",
    '호스트 네트워크의 컨테이너가 랩에 필요한 일을 하지 못함: {error}',
  ],
  ['no answer within {ms} ms', '{ms} ms 안에 응답이 없음'],
  [
    'the engine is Podman, whose networks ignore the options that a lab needs; point DOCKER_HOST at a Docker engine',
    '엔진이 Podman이며, Podman의 네트워크는 랩에 필요한 옵션을 무시함. DOCKER_HOST가 Docker 엔진을 가리키게 하십시오',
  ],
  [
    "the engine's firewall backend is nftables, which labs do not support; start dockerd with --firewall-backend=iptables",
    '엔진의 방화벽 백엔드가 랩이 지원하지 않는 nftables임. dockerd를 --firewall-backend=iptables로 시작하십시오',
  ],
  [
    "the engine's kernel is Linux {kernel}; labs need {oldest} or later",
    '엔진의 커널이 Linux {kernel}임. 랩에는 {oldest} 이상이 필요함',
  ],
  ['the run was interrupted', '실행이 중단됨'],
  ['{failure*}; it said: {said*}', '{failure}(출력: {said})'],
  ['node {node} is gone: its container ended', '{node} 노드가 사라짐: 컨테이너가 종료됨'],
  [
    'node {node}: its agent did not start within {seconds} s',
    '{node} 노드의 에이전트가 {seconds}초 안에 시작되지 않음',
  ],
  [
    'node {node} did not answer to {method} within {seconds} s',
    '{node} 노드가 {seconds}초 안에 응답하지 않음({method})',
  ],
  ['{node}: {method}: {error*}', '{node} 노드의 {method} 실패: {error}'],
  ['ended with {code}', '종료 코드 {code}'],
  ['{error*}\nwhile running:\n{lines*}', '{error}\n실행하던 명령:\n{lines}'],
  [
    'tcpdump on {iface} did not catch up: {captured} of {received} frames',
    '{iface}의 tcpdump가 따라잡지 못함: 프레임 {received}개 중 {captured}개',
  ],
  ['tcpdump on {iface} ended; it said: {said?}', '{iface}의 tcpdump가 종료됨(출력: {said})'],
  [
    'tcpdump on {iface} did not {what*} within {seconds} s; it said: {said?}',
    '{iface}의 tcpdump가 {seconds}초 안에 응답하지 않음({what}, 출력: {said})',
  ],
  ['no interface has the address {address}', '{address} 주소를 가진 인터페이스가 없음'],
  ['not a little-endian nanosecond pcap stream', '나노초 단위 리틀 엔디언 pcap 스트림이 아님'],
  [
    'the load balancer was not {event} after {ms} ms: {log?}',
    '로드 밸런서가 {ms} ms 안에 {event} 상태가 되지 않음: {log}',
  ],
  ['the load balancer: {said*}', '로드 밸런서: {said}'],
  ['the load balancer ended before it was {event}: {log?}', '로드 밸런서가 {event} 상태가 되기 전에 종료됨: {log}'],
];
