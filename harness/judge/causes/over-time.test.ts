import { mac } from '../../model/testing/lab-builder.ts';
import { CLIENT, L4, S2, VIP_A } from '../../model/testing/labs.ts';
import { planAt } from '../../scenario/plan-at.ts';
import type { Cause } from '../../terms/cause.ts';
import type { Plan, ActionPlan } from '../../terms/plan.ts';
import type { Sighting } from '../../terms/sighting.ts';
import { TCP_KEY } from '../testing/evidence.ts';
import type { Hop } from '../../terms/walk.ts';
import { throughOther, evidenceIn, pairLab, sighting, upTo, predictedPath } from '../testing/over-time.ts';
import type { Moment } from '../evidence/moment.ts';
import { arp, icmp, named } from '../testing/evidence.ts';
import { causeOfFailure } from './index.ts';

const KILL_L4 = [{ do: 'kill', node: 'l4' } as const];

describe('stale-neighbour', () => {
  const plan = pairLab('proxy', [[], KILL_L4]);
  const lost = upTo(predictedPath(plan), 'l2');

  test('the frame is for the MAC of a node without power: its sender is the cause', () => {
    const evidence = evidenceIn(plan, 1, { walk: lost }, { holders: { [VIP_A]: ['l4b'] } });
    expect(causeOfFailure(evidence)).toEqual({
      code: 'stale-neighbour',
      node: 'l3',
      detail: {
        code: 'neighbour-outdated',
        params: { node: 'l3', address: VIP_A, mac: mac(plan, 'l4', 'l2'), owner: 'l4', holder: 'l4b' },
      },
    });
  });

  test('the same for a server that is off, and for a gateway', () => {
    const dnat = pairLab('dnat', [[{ do: 'kill', node: 's2' }], KILL_L4]);
    const { request, reply } = predictedPath(dnat);
    const toServer = request.slice(
      0,
      request.findLastIndex(({ node, direction }) => node === 'l2' && direction === 'in') + 1,
    );
    expect(named(evidenceIn(dnat, 0, { walk: { request: toServer, reply: [] } }))).toEqual(['stale-neighbour', 'l4']);
    expect(named(evidenceIn(dnat, 1, { walk: { request, reply: reply.slice(0, 2) } }))).toEqual([
      'stale-neighbour',
      's2',
    ]);
  });

  test('the node is on, and no longer holds the address', () => {
    const walk = upTo(predictedPath(plan), 'l4');
    const holders = { [VIP_A]: ['l4b'] };
    expect(named(evidenceIn(plan, 0, { walk }, { holders }))).toEqual(['stale-neighbour', 'l3']);
    expect(named(evidenceIn(plan, 0, { walk }))[0]).not.toBe('stale-neighbour');
  });

  test('not if it has announced the address, although its state is not reported yet', () => {
    const announced = arp(['l4', 'out', 'l2'], { op: 'request', senderIp: VIP_A, targetIp: VIP_A });
    const seen = { walk: upTo(predictedPath(plan), 'l4'), packets: [announced] };
    const moment = { holders: { [VIP_A]: ['l4b'] }, walkBegins: 1e6 };
    expect(named(evidenceIn(plan, 0, seen, moment))[0]).not.toBe('stale-neighbour');
  });

  test('the same if a stopped load balancer removes its address', () => {
    const stopped = pairLab('proxy', [[], [{ do: 'stopLb', node: 'l4' }]]);
    delete stopped.pairs;
    const walk = upTo(predictedPath(stopped), 'l4');
    expect(named(evidenceIn(stopped, 1, { walk }, { holders: {} }))).toEqual(['stale-neighbour', 'l3']);
    expect(named(evidenceIn(stopped, 0, { walk }, { holders: {} }))[0]).not.toBe('stale-neighbour');
  });

  describe('a load balancer that is restarted', () => {
    const restarted = pairLab('dnat', [[{ do: 'restartLb', node: 'l4' }], []]);
    delete restarted.pairs;
    const walk = upTo(predictedPath(restarted), 'l4');
    const asks = (senderIp: string): Sighting => arp(['l4', 'out', 'l2'], { op: 'request', senderIp, targetIp: VIP_A });
    const refuses = (ms: number, ways: [string, 'in' | 'out', string][]): Sighting[] =>
      ways.map((way) => {
        const { frame, ...rest } = sighting(ms, way, { flags: 'RA' });
        return { ...rest, frame: { ...frame, ip: { ...frame.ip!, src: VIP_A, dst: CLIENT } } };
      });
    const at = (step: number, seen: object) => named(evidenceIn(restarted, step, { walk, ...seen }, { holders: {} }));

    test('sends ARP for its address, or announces it later: it did not hold it yet', () => {
      expect(at(0, { packets: [asks(L4)] })).toEqual(['stale-neighbour', 'l3']);
      expect(at(0, { packets: [asks(VIP_A)] })).toEqual(['stale-neighbour', 'l3']);
      // It tells the caller that nobody answered.
      const unreachable = {
        ...walk,
        reply: predictedPath(restarted)
          .reply.filter(({ node }) => node === 'l4')
          .slice(-1),
      };
      expect(at(0, { walk: unreachable, packets: [asks(L4)] })).toEqual(['stale-neighbour', 'l3']);
      const error = sighting(2, ['l4', 'out', 'l2'], { flags: 'S' });
      delete error.frame.tcp;
      const inner = { src: CLIENT, dst: VIP_A, protocol: 6, srcPort: 20000, dstPort: 80 };
      error.frame.icmp = { type: 3, code: 1, id: 0, seq: 0, inner };
      expect(at(0, { walk: unreachable, packets: [error] })).toEqual(['stale-neighbour', 'l3']);
      expect(at(1, { walk: unreachable, packets: [error] })).toEqual(['no-neighbour', 'l4']);
      expect(at(0, { packets: [] })).toEqual(['unexplained', 'l4']);
      expect(at(1, { packets: [asks(L4)] })[0]).not.toBe('stale-neighbour');
    });

    describe('refuses from its address, which it has', () => {
      const reply = predictedPath(restarted).reply.findLast(({ node }) => node === 'l4')!;
      const client = { answered: false, outcome: 'ECONNREFUSED' as const, servedBy: null, sourceSeen: null };
      const refused = (packets: Sighting[]) => ({ walk: { ...walk, reply: [reply] }, client, packets });
      const own = refuses(2, [['l4', 'out', 'l2']]);

      test('before it has rules, or without servers', () => {
        const seen = { ...refused([asks(VIP_A), ...own]), healthy: ['s1', 's2'] };
        expect(at(0, seen)).toEqual(['refused', 'l4']);
        expect(at(1, seen)).toEqual(['unexplained', 'l4']);
        expect(at(0, { ...seen, healthy: [] })).toEqual(['no-server-available', 'l4']);
      });

      test('before it has rules, for a service without checks, whose servers are all up', () => {
        expect(at(0, { ...refused(own), healthy: null })).toEqual(['refused', 'l4']);
      });

      test('not for lack of rules after its restart', () => {
        const later = { walk: { ...walk, reply: [reply] }, client, packets: own, healthy: ['s1'] };
        expect(named(evidenceIn(restarted, 0, later, { holders: {}, isActing: false }))).toEqual(['unexplained', 'l4']);
      });

      test('when its rules are gone', () => {
        const stopped = pairLab('dnat', [[], [{ do: 'stopLb', node: 'l4' }]]);
        delete stopped.pairs;
        const cause = (packets: Sighting[]) => named(evidenceIn(stopped, 1, refused(packets), { holders: {} }));
        expect(cause(own)).toEqual(['refused', 'l4']);
        // What a server refuses, it passes on.
        expect(cause([...refuses(1, [['l4', 'in', 'l2']]), ...own])).toEqual(['stale-neighbour', 'l3']);
      });
    });
  });

  test('a node lost its power while the packet was there', () => {
    const dnat = pairLab('dnat', [[{ do: 'kill', node: 's2' }], []]);
    const { request, reply } = predictedPath(dnat);
    const walk = { request, reply: reply.slice(0, 1) };
    expect(named(evidenceIn(dnat, 0, { walk }))).toEqual(['stale-neighbour', 'l4']);
    expect(named(evidenceIn(dnat, 1, { walk }))[0]).not.toBe('stale-neighbour');
    expect(named(evidenceIn(dnat, 0, { walk: { request, reply: reply.slice(0, 3) } }))[0]).not.toBe('stale-neighbour');
  });

  test('not if the load balancer forwarded the packet', () => {
    const { request } = predictedPath(plan);
    const holders = { [VIP_A]: ['l4b'] };
    expect(named(evidenceIn(plan, 0, { walk: { request, reply: [] } }, { holders }))[0]).not.toBe('stale-neighbour');
  });

  test('a gateway that has moved: the former one forwards the reply untranslated', () => {
    const dnat = pairLab('dnat', [[]]);
    dnat.pairs![0]!.addresses.push({ address: L4, ifaces: { l4: 'l2', l4b: 'l2' } });
    const { request, reply } = predictedPath(dnat);
    const untranslated = reply.map((hop) => ({ ...hop, src: { ...hop.src, ip: reply[0]!.src.ip } }));
    const evidence = evidenceIn(dnat, 0, { walk: { request, reply: untranslated } }, { holders: { [L4]: ['l4b'] } });
    expect(named(evidence)).toEqual(['stale-neighbour', 's2']);
    expect(named({ ...evidence, walk: { request, reply } })[0]).not.toBe('stale-neighbour');
  });

  test('a node without power is ignored for attempts outside of timelines', () => {
    const evidence = evidenceIn(plan, 1, { walk: lost });
    delete evidence.moment;
    expect(named(evidence)[0]).not.toBe('stale-neighbour');
  });
});

describe('a wire that is cut', () => {
  const cut: ActionPlan = { do: 'linkDown', link: ['l4', 'l2'] };

  test('the frame for the node behind it ended at its near end', () => {
    const plan = pairLab('proxy', [[cut]]);
    expect(named(evidenceIn(plan, 0, { walk: upTo(predictedPath(plan), 'l2') }))).toEqual(['no-neighbour', 'l2']);
  });

  test('the same while the wire is being restored, or flaps', () => {
    const flap: ActionPlan = { do: 'flap', link: ['l2', 'l4'], downMs: 100, upMs: 100 };
    const plan = pairLab('proxy', [[cut], [{ do: 'linkUp', link: ['l4', 'l2'] }], [flap], []]);
    const walk = upTo(predictedPath(plan), 'l2');
    const at = (step: number) => named(evidenceIn(plan, step, { walk }));
    expect([at(1), at(2)]).toEqual([
      ['no-neighbour', 'l2'],
      ['no-neighbour', 'l2'],
    ]);
    expect(at(3)).not.toEqual(['no-neighbour', 'l2']);
  });
});

describe('a wire between switches that is cut', () => {
  const cut: ActionPlan = { do: 'linkDown', link: ['sw', 'l2'] };
  const flap: ActionPlan = { do: 'flap', link: ['l2', 'sw'], downMs: 100, upMs: 100 };
  /** s2 is behind a switch of its own. */
  const lab = (mode: 'dsr' | 'dnat', ...steps: ActionPlan[][]): Plan =>
    pairLab(mode, steps, (sketch) => {
      sketch.nodes['sw'] = { role: 'l2' };
      sketch.nodes['s2']!.interfaces = { sw: `${S2}/24` };
      const links = sketch.links.filter(([node]) => node !== 's2');
      sketch.links.splice(0, sketch.links.length, ...links, ['s2', 'sw'], ['sw', 'l2']);
    });
  const lostAt = (plan: Plan, node: string): { request: Hop[]; reply: Hop[] } => {
    const { request } = predictedPath(plan);
    const end = request.findLastIndex((hop) => hop.node === node && hop.direction === 'in');
    return { request: request.slice(0, end + 1), reply: [] };
  };

  test.each(['dsr', 'dnat'] as const)('%s: the switch at its near end has no port for the frame', (mode) => {
    const plan = lab(mode, [cut], [{ do: 'linkUp', link: ['l2', 'sw'] }], [flap], []);
    const address = mode === 'dsr' ? VIP_A : S2;
    const walk = lostAt(plan, 'l2');
    expect(causeOfFailure(evidenceIn(plan, 0, { walk }))).toEqual({
      code: 'no-neighbour',
      node: 'l2',
      detail: { code: 'peer-down', params: { node: 'l2', address, peer: 'sw' } },
    });
    expect([1, 2].map((step) => named(evidenceIn(plan, step, { walk })))).toEqual([
      ['no-neighbour', 'l2'],
      ['no-neighbour', 'l2'],
    ]);
    // Of what the switch had before, no port is told to be the wrong one.
    expect(named(evidenceIn(plan, 3, { walk }))).toEqual(['unexplained', 'l2']);
  });

  test('the same if the switch in between is off, or another one had the MAC', () => {
    const dead = lab('dnat', [{ do: 'kill', node: 'sw' }]);
    expect(named(evidenceIn(dead, 0, { walk: lostAt(dead, 'l2') }))).toEqual(['no-neighbour', 'l2']);
    const behind = lab('dnat', [{ do: 'linkDown', link: ['s2', 'sw'] }]);
    const at = (node: string) => named(evidenceIn(behind, 0, { walk: lostAt(behind, node) }));
    expect([at('l2'), at('sw')]).toEqual([
      ['no-neighbour', 'sw'],
      ['no-neighbour', 'sw'],
    ]);
  });
});

describe('a router that has no route while an interface of it is down', () => {
  const cut: ActionPlan = { do: 'linkDown', link: ['l3', 'l2'] };
  const missing = (plan: Plan, node: string, step = 0, seen: object = {}, moment: object = {}) =>
    named(evidenceIn(plan, step, { walk: upTo(predictedPath(plan), node), ...seen }, moment));

  test('is where a packet ended, with or without an ICMP error: the kernel limits their rate', () => {
    const plan = pairLab('proxy', [[cut], [{ do: 'kill', node: 'l2' }]]);
    expect(causeOfFailure(evidenceIn(plan, 0, { walk: upTo(predictedPath(plan), 'l3') }))).toEqual({
      code: 'no-route',
      node: 'l3',
      detail: { code: 'route-missing', params: { node: 'l3', address: VIP_A } },
    });
    expect(missing(pairLab('proxy', [[{ do: 'kill', node: 'l2' }]]), 'l3')).toEqual(['no-route', 'l3']);
    expect(missing(pairLab('proxy', [[]]), 'l3')).toEqual(['unexplained', 'l3']);
  });

  test('the same while the wire is being restored, or flaps, and not later', () => {
    const flap: ActionPlan = { do: 'flap', link: ['l2', 'l3'], downMs: 100, upMs: 100 };
    const plan = pairLab('proxy', [[cut], [{ do: 'linkUp', link: ['l3', 'l2'] }], [flap]]);
    expect(missing(plan, 'l3', 1)).toEqual(['no-route', 'l3']);
    expect(missing(plan, 'l3', 1, {}, { isActing: false })).toEqual(['unexplained', 'l3']);
    expect(missing(plan, 'l3', 2, {}, { isActing: false })).toEqual(['no-route', 'l3']);
  });

  test('the same for a reply; not for a switch, nor for a node whose ARP was unanswered', () => {
    const plan = pairLab('proxy', [[{ do: 'linkDown', link: ['client', 'l3'] }], [cut]]);
    const { request, reply } = predictedPath(plan);
    const back = reply.slice(0, reply.findIndex(({ node }) => node === 'l3') + 1);
    expect(missing(plan, '', 0, { walk: { request, reply: back } })).toEqual(['no-route', 'l3']);
    expect(missing(plan, 'l2')).toEqual(['unexplained', 'l2']);
    const asks = arp(['l3', 'out', 'l2'], { op: 'request', senderIp: '203.0.113.1', targetIp: VIP_A });
    expect(missing(plan, 'l3', 1, { packets: [asks] })).toEqual(['no-neighbour', 'l3']);
  });

  test('a caller whose connection is open waits for its own link', () => {
    const plan = pairLab('proxy', [[{ do: 'linkDown', link: ['client', 'l3'] }], []]);
    const nothing = { walk: { request: [], reply: [] } };
    expect(named(evidenceIn(plan, 0, nothing))).toEqual(['no-route', 'client']);
    expect(named(evidenceIn(pairLab('proxy', [[]]), 0, nothing))).toEqual(['unexplained', 'client']);
  });
});

describe('stale-mac', () => {
  /** A second way from the switch to the first L4, by a switch of its own. */
  const plan = twoWays(pairLab('proxy', [[], [{ do: 'linkDown', link: ['l4', 'l2'] }]]));
  const walk = upTo(predictedPath(plan), 'l2');
  const last = walk.request.at(-1)!;
  const bySwitch = (iface: string): Hop[] => [...walk.request, { ...last, iface, direction: 'out' }];

  test('the switch sent the frame to the former port of the node', () => {
    const evidence = evidenceIn(plan, 1, { walk: { request: bySwitch('l4'), reply: [] } });
    expect(causeOfFailure(evidence)).toMatchObject({
      code: 'stale-mac',
      node: 'l2',
      detail: { params: { owner: 'l4', port: 'l4' } },
    });
  });

  test('not if it sent the frame to the right port', () => {
    expect(named(evidenceIn(plan, 1, { walk: { request: bySwitch('sw'), reply: [] } }))[0]).not.toBe('stale-mac');
    expect(named(evidenceIn(plan, 0, { walk: { request: bySwitch('l4'), reply: [] } }))[0]).not.toBe('stale-mac');
  });
});

describe('an open connection', () => {
  const plan = pairLab('dnat', [[], [{ do: 'flushConnections', node: 'l4' }]]);
  const walk = predictedPath(plan);
  const token = 'l4lab-x';
  const request = sighting(2000, ['client', 'out', 'l3'], { flags: 'PA', payloadLength: 14 }, token);
  const arrival = sighting(2000.1, ['l4', 'in', 'l2'], { flags: 'PA', payloadLength: 14 }, token);
  const seen = { walk: upTo(walk, 'l4'), packets: [request, arrival] };
  const history = { sawSyn: ['client', 'l4', 's2'], lastSeen: { l4: 1000 } };

  test('connection-unknown: a node that did not see it begin resets it', () => {
    const reset = sighting(2001, ['s2', 'out', 'l2'], { flags: 'R' });
    const evidence = evidenceIn(plan, 0, { walk, packets: [request, reset] }, { history });
    expect(named(evidence)).toEqual(['connection-unknown', 's2']);
  });

  test('an acknowledgement may be what is reset, before the request of a kept connection is sent', () => {
    const acknowledgement = sighting(2000, ['client', 'out', 'l3'], { flags: 'A' });
    const reset = sighting(2001, ['s2', 'out', 'l2'], { flags: 'R' });
    const evidence = evidenceIn(plan, 0, { walk, packets: [acknowledgement, reset] }, { history });
    expect(named(evidence)).toEqual(['connection-unknown', 's2']);
  });

  test('a reset by a program, or in reply to a SYN, is not one', () => {
    const reset = sighting(2001, ['s2', 'out', 'l2'], { flags: 'RA' });
    expect(named(evidenceIn(plan, 0, { walk, packets: [request, reset] }, { history }))).toEqual(['refused', 's2']);
    const syn = sighting(2000, ['client', 'out', 'l3'], { flags: 'S' });
    expect(named(evidenceIn(plan, 0, { walk, packets: [syn, reset] }))).toEqual(['refused', 's2']);
  });

  test('connection-unknown: a load balancer that did not forward the request does not translate the reply', () => {
    const answer = (direction: 'in' | 'out', src: string): Sighting => {
      const { frame, ...seenAt } = sighting(2001, ['l4b', direction, 'l2'], { flags: 'PA', payloadLength: 90 });
      const ip = { ...frame.ip!, src, dst: CLIENT };
      const tcp = { ...frame.tcp!, srcPort: 80, dstPort: 20000 };
      return { ...seenAt, frame: { ...frame, dstMac: direction === 'in' ? mac(plan, 'l4b', 'l2') : '', ip, tcp } };
    };
    const came = answer('in', S2);
    // The caller knows nobody of that address, and resets it; others pass that on.
    const reset = ['client', 'l3'].map((node, hop) =>
      sighting(2002 + hop, [node, 'out', 'l3'], { flags: 'R', seq: 7 }),
    );
    const cause = (...packets: Sighting[]) => named(evidenceIn(plan, 0, { walk, packets: [request, ...packets] }));
    expect(causeOfFailure(evidenceIn(plan, 0, { walk, packets: [came, answer('out', S2)] }))).toEqual({
      code: 'connection-unknown',
      node: 'l4b',
      detail: { code: 'state-missing', params: { node: 'l4b', source: S2, destination: CLIENT } },
    });
    expect(cause(came, answer('out', S2), ...reset)).toEqual(['connection-unknown', 'l4b']);
    expect(cause(came, answer('out', VIP_A), ...reset)[0]).not.toBe('connection-unknown');
  });

  test('connection-unknown: a stateful node drops connections that it did not see begin, or has forgotten', () => {
    const unseen = { ...history, sawSyn: ['client', 's2'] };
    expect(named(evidenceIn(plan, 0, seen, { history: unseen }))).toEqual(['connection-unknown', 'l4']);
    expect(named(evidenceIn(plan, 1, seen, { history }))).toEqual(['connection-unknown', 'l4']);
    expect(named(evidenceIn(plan, 0, seen, { history }))).toEqual(['unexplained', 'l4']);
  });

  test('connection-unknown: a load balancer with NAT drops a connection that went through another one', () => {
    const by = (l4: number, l4b: number, mode: 'dnat' | 'dsr' = 'dnat'): Cause => {
      const moved = { ...history, lastSeen: { l4, l4b } };
      return causeOfFailure(evidenceIn(pairLab(mode, [[]]), 0, seen, { history: moved }));
    };
    expect(by(1000, 1500)).toMatchObject({ node: 'l4', detail: { code: 'state-outdated', params: { other: 'l4b' } } });
    expect(by(1500, 1000).code).toBe('unexplained');
    expect(by(1000, 1500, 'dsr').code).toBe('unexplained');
  });

  test("idle-expired: nothing was sent for longer than the node's idle timeout", () => {
    const forgetful = pairLab('dnat', [[]]);
    forgetful.nodes.find(({ name }) => name === 'l4')!.idleTimeoutMs = 900;
    expect(named(evidenceIn(forgetful, 0, seen, { history }))).toEqual(['idle-expired', 'l4']);
    const reset = sighting(2001, ['l4', 'out', 'l2'], { flags: 'R' });
    const refused = { walk: seen.walk, packets: [...seen.packets, reset] };
    expect(causeOfFailure(evidenceIn(forgetful, 0, refused, { history }))).toMatchObject({
      code: 'idle-expired',
      node: 'l4',
      detail: { params: { idleMs: 900 } },
    });
    const recent = { ...history, lastSeen: { l4: 1500 } };
    expect(named(evidenceIn(forgetful, 0, refused, { history: recent }))).toEqual(['connection-unknown', 'l4']);
  });

  test('no-server-available: the load balancer refuses it, and has no healthy server', () => {
    const reset = sighting(2001, ['l4', 'out', 'l2'], { flags: 'R' });
    const evidence = evidenceIn(plan, 0, { ...seen, packets: [...seen.packets, reset], healthy: [] }, { history });
    expect(named(evidence)).toEqual(['no-server-available', 'l4']);
  });
});

describe('no-response', () => {
  const lasting = pairLab('dsr', [[], []]);
  const stops = pairLab('dsr', [[], [{ do: 'pause', node: 's2' }]]);
  const { request: way } = predictedPath(stops);
  const walk = { request: way, reply: [] };
  const sent = sighting(
    100,
    ['client', 'out', 'l3'],
    { flags: 'PA', seq: 5, ack: 9, payloadLength: 30 },
    TCP_KEY.token,
  );
  const acknowledged = (ack: number) => sighting(101, ['client', 'in', 'l3'], { flags: 'A', seq: 9, ack });

  test('the kernel acknowledged the whole request, and nothing followed', () => {
    const of = (seen: object) =>
      causeOfFailure(evidenceIn(lasting, 0, { walk, packets: [sent, acknowledged(35)], ...seen }));
    expect(of({})).toMatchObject({ code: 'no-response', node: 's2', detail: { code: 'response-missing' } });
    // An acknowledgement of what came before says nothing of the request.
    expect(of({ packets: [sent, acknowledged(5)] }).code).not.toBe('no-response');
    const data = sighting(102, ['client', 'in', 'l3'], { flags: 'A', seq: 9, ack: 35, payloadLength: 1448 });
    expect(of({ packets: [sent, acknowledged(35), data] }).code).not.toBe('no-response');
    expect(of({ walk: upTo(walk, 'l4') }).code).not.toBe('no-response');
    const { reply } = predictedPath(stops);
    expect(of({ walk: { request: way, reply } }).code).toBe('no-response');
    expect(of({ walk: { request: way, reply: reply.slice(0, 1) } }).code).not.toBe('no-response');
  });

  test('other protocols: if the processes of the node were paused', () => {
    const key = { ...TCP_KEY, protocol: 'udp' as const };
    expect(named(evidenceIn(stops, 1, { walk, key }))).toEqual(['no-response', 's2']);
    expect(named(evidenceIn(stops, 0, { walk, key }))).toEqual(['no-response', 's2']);
    expect(named(evidenceIn(lasting, 0, { walk, key }))[0]).not.toBe('no-response');
    // What the kernel refuses no process would have got.
    expect(named(evidenceIn(stops, 1, { walk, key, kernel: 'reverse-path' }))[0]).not.toBe('no-response');
    // The kernel would have acknowledged a segment.
    expect(named(evidenceIn(stops, 1, { walk }))[0]).not.toBe('no-response');
  });
});

test('a load balancer with NAT refuses datagrams to a removed server', () => {
  const refusal = icmp([101, 'l4', 'out', 'l2'], { type: 3, code: 3 });
  const kept = { history: { sawSyn: [], lastSeen: {} } as unknown as NonNullable<Moment['history']> };
  const of = (healthy: string[], moment: object, mode: 'dnat' | 'dsr' = 'dnat'): [string, string] => {
    const plan = pairLab(mode, [[]]);
    const key = { ...TCP_KEY, protocol: 'udp' as const };
    const walk = upTo(predictedPath(plan), 'l4');
    const seen = { walk, key, packets: [refusal], healthy, kernel: 'routed' as const };
    return named(evidenceIn(plan, 0, seen, { isActing: false, ...moment }));
  };
  expect(of(['s1'], kept)).toEqual(['connection-unknown', 'l4']);
  expect(of(['s1'], {})[0]).toBe('unexplained');
  expect(of(['s1', 's2'], kept)[0]).toBe('unexplained');
  expect(of([], kept)[0]).toBe('no-server-available');
  expect(of(['s1'], kept, 'dsr')[0]).not.toBe('connection-unknown');
});

test('split-brain: the packet went to an address that several nodes hold', () => {
  const plan = pairLab('proxy', [[]]);
  const walk = upTo(throughOther(plan, predictedPath(plan)), 'l4b');
  const holders = { [VIP_A]: ['l4', 'l4b'] };
  expect(causeOfFailure(evidenceIn(plan, 0, { walk }, { holders }))).toMatchObject({
    code: 'split-brain',
    node: 'l4b',
    detail: { params: { address: VIP_A, masters: ['l4', 'l4b'] } },
  });
  const before = { request: walk.request.slice(0, 2), reply: [] };
  expect(named(evidenceIn(plan, 0, { walk: before }, { holders }))[0]).not.toBe('split-brain');
  const off = pairLab('proxy', [[{ do: 'kill', node: 'l4' }]]);
  expect(named(evidenceIn(off, 0, { walk: upTo(predictedPath(off), 'l2') }, { holders }))).toEqual([
    'stale-neighbour',
    'l3',
  ]);
});

function twoWays(plan: Plan): Plan {
  const port = (name: string, peer: string): Plan['nodes'][number]['interfaces'][number] => ({
    name: peer,
    peer,
    mac: `02:00:00:00:${name}:${peer.length}`,
    addresses: [],
  });
  const [l2, l4] = ['l2', 'l4'].map((name) => plan.nodes.find((node) => node.name === name)!);
  l2!.interfaces.push(port('01', 'sw'));
  const second = { ...port('03', 'sw'), mac: mac(plan, 'l4', 'l2') };
  l4!.interfaces.push(second);
  plan.nodes.push({ ...l2!, name: 'sw', interfaces: [port('02', 'l2'), port('04', 'l4')] });
  plan.links.push(
    {
      ends: [
        { node: 'l2', iface: 'sw' },
        { node: 'sw', iface: 'l2' },
      ],
    },
    {
      ends: [
        { node: 'sw', iface: 'l4' },
        { node: 'l4', iface: 'sw' },
      ],
    },
  );
  return planAt(plan, -1);
}
