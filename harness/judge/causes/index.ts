import { cause, type Cause } from '../../terms/cause.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { filtered } from './filtered.ts';
import { lostState, forwardedUntranslated, nextHopChanged, unbegun } from './lost-state.ts';
import { halfSeen, macMovedLater, redirected } from './mid-flow.ts';
import { neverLeft } from './never-left.ts';
import { cutOff, staleMac, staleNeighbour } from './outdated.ts';
import { notTranslated } from './not-translated.ts';
import { noResponse } from './no-response.ts';
import { outOfWindow } from './out-of-window.ts';
import { refusedOrUnreachable } from './refused-or-unreachable.ts';
import { replyElsewhere, replyToProxyIp, replyToOther, segmentToProxyIp } from './reply-elsewhere.ts';
import type { Rule } from './rule.ts';
import { ofTwoMasters } from './split-brain.ts';
import { staticNeighbour } from './static-neighbour.ts';
import { neverSent, swallowed } from './too-big.ts';
import { vanished } from './vanished.ts';
import { withoutVip } from './without-vip.ts';

/**
 * In order: what the caller reports, what misdirected packets, what an error says, and where a packet was last seen.
 */
const RULES: Rule[] = [
  neverLeft,
  staticNeighbour,
  staleMac,
  staleNeighbour,
  cutOff,
  outOfWindow,
  forwardedUntranslated,
  lostState,
  redirected,
  filtered,
  replyElsewhere,
  replyToOther,
  replyToProxyIp,
  segmentToProxyIp,
  notTranslated,
  neverSent,
  swallowed,
  withoutVip,
  macMovedLater,
  unbegun,
  nextHopChanged,
  halfSeen,
  refusedOrUnreachable,
  noResponse,
  vanished,
];

/** The cause of a failed attempt; `unexplained` if no rule matches. */
export function causeOfFailure(evidence: Evidence): Cause {
  return ofTwoMasters(causeAt(evidence), evidence);
}

function causeAt(evidence: Evidence): Cause {
  for (const rule of RULES) {
    const found = rule(evidence);
    if (found) return found;
  }
  const last = evidence.walk.reply.at(-1) ?? evidence.walk.request.at(-1);
  const node = last?.node ?? evidence.flow.from;
  return cause('unexplained', 'nothing-fits', { node, client: evidence.client.outcome });
}
