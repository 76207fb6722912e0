import type { Place } from '../../harness/terms/cause.ts';
import type { Action } from '../../harness/terms/action.ts';
import type { ActionPlan } from '../../harness/terms/plan.ts';
import type { Bounds, PredictedOutage, Unknowns } from '../../harness/terms/stream-prediction.ts';
import type { Texts } from './catalogue.ts';
import { linkText, type TimelineTexts } from './timeline.ts';

/** Why an outage has a bound, in Korean. */
export const bounds: Texts<Bounds> = {
  'master-down': ({ pair, advertMs, ms }) =>
    `${pair}의 backup은 마지막 광고(간격 ${advertMs}ms) ${round(ms)}ms 뒤에 주소를 넘겨받습니다.`,
  'check-fails': ({ service, intervalMs, timeoutMs, fall, ms }) =>
    `응답하지 않는 서버는 ${round(ms)}ms 안에 ${service}에서 제외됩니다(헬스 체크 간격 ${intervalMs}ms, 타임아웃 ${timeoutMs}ms, fall ${fall}).`,
  'check-passes': ({ service, intervalMs, rise, ms }) =>
    `복구된 서버는 ${round(ms)}ms 안에 ${service}에 돌아옵니다(헬스 체크 간격 ${intervalMs}ms, rise ${rise}).`,
  'neighbour-ages': ({ node, ms }) => `${node}은(는) ${round(ms)}ms 안에 이웃의 MAC을 다시 확인합니다.`,
  'mac-ages': ({ node, ms }) => `${node}은(는) ${round(ms)}ms 동안 프레임이 없는 MAC을 삭제합니다.`,
};

/** What the model does not know, in Korean. */
export const unknowns: Texts<Unknowns> = {
  'pick-unknown': ({ service }) =>
    `해시가 ${service}에서 어느 서버를 고를지 알 수 없어, 연결이 살아남을지도 알 수 없습니다.`,
  'holder-unknown': ({ address, nodes }) =>
    `${nodes.join(', ')}이(가) ${address}을(를) 동시에 가지고 있어, 어느 노드의 응답이 쓰일지는 무작위입니다.`,
  'master-unknown': ({ pair, nodes }) =>
    `${nodes.join(', ')} 중 누가 ${pair}의 master인지 그 전에 일어난 일로는 모델이 알 수 없습니다.`,
  'neighbours-unknown': ({ address, nodes }) =>
    `${nodes.join(', ')}이(가) ${address}을(를) 동시에 가지고 있었고, master로 남은 노드가 주소를 다시 알릴지는 무작위입니다.`,
  'action-unknown': ({ action }) => `모델은 ${action}의 효과를 알지 못합니다.`,
};

const ACTIONS: { [Do in ActionPlan['do']]: (action: Action<Do>) => string } = {
  kill: ({ node }) => `${node} 전원 차단`,
  start: ({ node }) => `${node} 시작`,
  pause: ({ node }) => `${node} 일시정지`,
  resume: ({ node }) => `${node} 재개`,
  killLb: ({ node }) => `${node}의 로드 밸런서 강제 종료`,
  stopLb: ({ node }) => `${node}의 로드 밸런서 중지`,
  startLb: ({ node }) => `${node}의 로드 밸런서 시작`,
  restartLb: ({ node }) => `${node}의 로드 밸런서 재시작`,
  reloadLb: ({ node }) => `${node}의 로드 밸런서 설정 다시 읽기`,
  linkDown: (action) => `링크 ${linkText(action)} 다운`,
  linkUp: (action) => `링크 ${linkText(action)} 업`,
  flap: ({ downMs, upMs, ...link }) => `링크 ${linkText(link)} 플래핑(다운 ${downMs}ms, 업 ${upMs}ms)`,
  stopListeners: ({ node }) => `${node}의 리스너 중지`,
  startListeners: ({ node }) => `${node}의 리스너 시작`,
  failChecks: ({ node }) => `${node}의 헬스 체크 실패`,
  passChecks: ({ node }) => `${node}의 헬스 체크 통과`,
  flushNeighbours: ({ node }) => `${node}의 이웃 테이블 비우기`,
  flushMacs: ({ node }) => `${node}의 MAC 테이블 비우기`,
  flushConnections: ({ node }) => `${node}의 연결 테이블 비우기`,
  announce: ({ node, iface, address }) => `${node}이(가) ${iface}에서 ${address} 알림`,
  change: () => '설정 변경',
  drain: ({ server, service }) => `${inService(service)}${server} 드레인`,
  undrain: ({ server, service }) => `${inService(service)}${server} 드레인 해제`,
  weight: ({ server, service, weight }) => `${inService(service)}${server} 가중치 ${weight}`,
  addServer: ({ server, service }) => `${inService(service)}${server} 추가`,
  removeServer: ({ server, service }) => `${inService(service)}${server} 제거`,
};

function inService(service: string | undefined): string {
  return service === undefined ? '' : `${service}에서 `;
}

/** What happens over time, in Korean. */
export const timeline: TimelineTexts = {
  action: (action) => (ACTIONS[action.do] as (action: ActionPlan) => string)(action),
  awaited: (awaited) =>
    'server' in awaited
      ? `${awaited.server}이(가) ${timeline.states[awaited.is]}(${awaited.is})이 될 때까지(최대 ${awaited.withinMs}ms)`
      : `${awaited.master}이(가) master가 될 때까지(최대 ${awaited.withinMs}ms)`,
  states: {
    master: 'master',
    backup: 'backup',
    fault: 'fault',
    up: '정상',
    down: '다운',
    off: '꺼짐',
    paused: '일시정지',
  },
  outage: ({ ms, toMs }) => `중단 ${round(ms)}ms${toMs === null ? ', 끝나지 않음' : ''}`,
  failed: ({ calls, failed }) => (failed === 0 ? `호출 ${calls}개 모두 통신됨` : `호출 ${calls}개 중 ${failed}개 실패`),
  connections: ({ survived, reset, stalled, longestStallMs, lostBytes }) =>
    [
      `${survived}개 살아남음`,
      `${reset}개 리셋됨`,
      ...(stalled === 0 ? [] : [`${stalled}개 멈춤`]),
      `가장 긴 대기 ${round(longestStallMs)}ms`,
      ...(lostBytes === 0 ? [] : [`${lostBytes}바이트 손실`]),
    ].join(', '),
  seen: (summary) => {
    const { outage, causes, connections } = summary;
    const why = [...new Set(causes.map(({ cause: { code, node } }) => place({ code, node })))].join(', ');
    return [
      ...(outage === null ? [] : [timeline.outage(outage)]),
      `${timeline.failed(summary)}${why === '' ? '' : `(${why})`}`,
      ...(connections === undefined ? [] : [`연결: ${timeline.connections(connections)}`]),
    ].join('; ');
  },
  predicted: ({ settled, outage, connections }) =>
    [
      [
        ...(outage === null ? [] : [`${outageText(outage)}, 그 뒤`]),
        settled === null ? '알 수 없음' : [...new Set(settled.map(settledText))].join(' 또는 '),
      ].join(' '),
      ...(connections === null
        ? []
        : [`${FATES[connections.survive]}${connections.cause === null ? '' : `(${place(connections.cause)})`}`]),
    ].join('; '),
};

const FATES = { all: '연결 모두 살아남음', some: '연결 일부 살아남음', none: '살아남는 연결 없음' };

function outageText({ atMostMs, until = [], causes }: PredictedOutage): string {
  const unbounded = until.length === 0 ? '상한 없는 중단' : `${until.join(', ')}이(가) 끝날 때까지 중단`;
  const why = causes.length === 0 ? '' : `(${causes.map(place).join(', ')})`;
  return `${atMostMs === null ? unbounded : `최대 ${round(atMostMs)}ms 중단`}${why}`;
}

function settledText({ outcome, cause }: { outcome: 'works' | 'fails'; cause: Place | null }): string {
  const text = outcome === 'works' ? '통신됨' : '통신 안 됨';
  return cause === null ? text : `${text}(${place(cause)})`;
}

function place({ code, node }: Place): string {
  return `${node}에서 ${code}`;
}

function round(ms: number): number {
  return Math.round(ms);
}
