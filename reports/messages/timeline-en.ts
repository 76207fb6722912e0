import type { Place } from '../../harness/terms/cause.ts';
import type { Action } from '../../harness/terms/action.ts';
import type { ActionPlan } from '../../harness/terms/plan.ts';
import type { Bounds, PredictedOutage, Unknowns } from '../../harness/terms/stream-prediction.ts';
import type { Texts } from './catalogue.ts';
import { linkText, type TimelineTexts } from './timeline.ts';

const listed = new Intl.ListFormat('en');

/** Why an outage has a bound, in English. */
export const bounds: Texts<Bounds> = {
  'master-down': ({ pair, advertMs, ms }) =>
    `A backup of ${pair} takes over ${round(ms)} ms after the last advertisement (one every ${advertMs} ms).`,
  'check-fails': ({ service, intervalMs, timeoutMs, fall, ms }) =>
    `A dead server leaves ${service} within ${round(ms)} ms (checks every ${intervalMs} ms, timeout ${timeoutMs} ms, fall ${fall}).`,
  'check-passes': ({ service, intervalMs, rise, ms }) =>
    `A server is back in ${service} within ${round(ms)} ms (checks every ${intervalMs} ms, rise ${rise}).`,
  'neighbour-ages': ({ node, ms }) => `${node} asks for a neighbour's MAC again within ${round(ms)} ms.`,
  'mac-ages': ({ node, ms }) => `${node} forgets a MAC after ${round(ms)} ms without a frame from it.`,
};

/** What the model does not know, in English. */
export const unknowns: Texts<Unknowns> = {
  'pick-unknown': ({ service }) =>
    `The server that the hash of ${service} selects is unknown, so its connection may or may not survive.`,
  'holder-unknown': ({ address, nodes }) =>
    `${listed.format(nodes)} hold ${address} at the same time: which answer is used is random.`,
  'master-unknown': ({ pair, nodes }) =>
    `The model cannot tell which of ${listed.format(nodes)} is master of ${pair} after what happened before.`,
  'neighbours-unknown': ({ address, nodes }) =>
    `${listed.format(nodes)} held ${address} at the same time: whether the remaining master announces it again is random.`,
  'action-unknown': ({ action }) => `The model does not know what ${action} does.`,
};

const ACTIONS: { [Do in ActionPlan['do']]: (action: Action<Do>) => string } = {
  kill: ({ node }) => `kill ${node}`,
  start: ({ node }) => `start ${node}`,
  pause: ({ node }) => `pause ${node}`,
  resume: ({ node }) => `resume ${node}`,
  killLb: ({ node }) => `kill the load balancer of ${node}`,
  stopLb: ({ node }) => `stop the load balancer of ${node}`,
  startLb: ({ node }) => `start the load balancer of ${node}`,
  restartLb: ({ node }) => `restart the load balancer of ${node}`,
  reloadLb: ({ node }) => `reload the load balancer of ${node}`,
  linkDown: (action) => `link ${linkText(action)} down`,
  linkUp: (action) => `link ${linkText(action)} up`,
  flap: ({ downMs, upMs, ...link }) => `link ${linkText(link)} flaps (${downMs} ms down, ${upMs} ms up)`,
  stopListeners: ({ node }) => `stop the listeners of ${node}`,
  startListeners: ({ node }) => `start the listeners of ${node}`,
  failChecks: ({ node }) => `${node} fails its checks`,
  passChecks: ({ node }) => `${node} passes its checks`,
  flushNeighbours: ({ node }) => `flush the neighbours of ${node}`,
  flushMacs: ({ node }) => `flush the MACs of ${node}`,
  flushConnections: ({ node }) => `flush the connections of ${node}`,
  announce: ({ node, iface, address }) => `${node} announces ${address} on ${iface}`,
  change: () => 'change settings',
  drain: ({ server, service }) => `drain ${server}${inService(service)}`,
  undrain: ({ server, service }) => `undrain ${server}${inService(service)}`,
  weight: ({ server, service, weight }) => `weight of ${server}${inService(service)}: ${weight}`,
  addServer: ({ server, service }) => `add ${server}${service === undefined ? '' : ` to ${service}`}`,
  removeServer: ({ server, service }) => `remove ${server}${service === undefined ? '' : ` from ${service}`}`,
};

function inService(service: string | undefined): string {
  return service === undefined ? '' : ` in ${service}`;
}

/** What happens over time, in English. */
export const timeline: TimelineTexts = {
  action: (action) => (ACTIONS[action.do] as (action: ActionPlan) => string)(action),
  awaited: (awaited) =>
    'server' in awaited
      ? `until ${awaited.server} is ${awaited.is} (at most ${awaited.withinMs} ms)`
      : `until ${awaited.master} is master (at most ${awaited.withinMs} ms)`,
  states: {
    master: 'master',
    backup: 'backup',
    fault: 'fault',
    up: 'up',
    down: 'down',
    off: 'off',
    paused: 'paused',
  },
  outage: ({ ms, toMs }) => `${round(ms)} ms outage${toMs === null ? ', not over' : ''}`,
  failed: ({ calls, failed }) =>
    failed === 0 ? `${calls} ${calls === 1 ? 'call works' : 'calls work'}` : `${failed} of ${calls} calls failed`,
  connections: ({ survived, reset, stalled, longestStallMs, lostBytes }) =>
    [
      `${survived} survived`,
      `${reset} reset`,
      ...(stalled === 0 ? [] : [`${stalled} stalled`]),
      `longest wait ${round(longestStallMs)} ms`,
      ...(lostBytes === 0 ? [] : [`${lostBytes} bytes lost`]),
    ].join(', '),
  seen: (summary) => {
    const { outage, causes, connections } = summary;
    const why = [...new Set(causes.map(({ cause: { code, node } }) => place({ code, node })))].join(', ');
    return [
      ...(outage === null ? [] : [timeline.outage(outage)]),
      `${timeline.failed(summary)}${why === '' ? '' : ` (${why})`}`,
      ...(connections === undefined ? [] : [`connections: ${timeline.connections(connections)}`]),
    ].join('; ');
  },
  predicted: ({ settled, outage, connections }) =>
    [
      [
        ...(outage === null ? [] : [`${outageText(outage)}, then`]),
        settled === null ? 'unknown' : [...new Set(settled.map(settledText))].join(' or '),
      ].join(' '),
      ...(connections === null
        ? []
        : [`${FATES[connections.survive]}${connections.cause === null ? '' : ` (${place(connections.cause)})`}`]),
    ].join('; '),
};

const FATES = { all: 'all connections survive', some: 'some connections survive', none: 'no connection survives' };

function outageText({ atMostMs, until = [], causes }: PredictedOutage): string {
  const unbounded = until.length === 0 ? 'outage of unknown length' : `outage until ${listed.format(until)} is done`;
  const why = causes.length === 0 ? '' : ` (${causes.map(place).join(', ')})`;
  return `${atMostMs === null ? unbounded : `outage of at most ${round(atMostMs)} ms`}${why}`;
}

function settledText({ outcome, cause }: { outcome: 'works' | 'fails'; cause: Place | null }): string {
  return cause === null ? outcome : `${outcome} (${place(cause)})`;
}

function place({ code, node }: Place): string {
  return `${code} at ${node}`;
}

function round(ms: number): number {
  return Math.round(ms);
}
