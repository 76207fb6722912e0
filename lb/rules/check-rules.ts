import { isIPv4 } from '../terms/address.ts';
import { asksForVip } from '../terms/check-target.ts';
import type { LbService } from '../terms/config.ts';
import { MODES } from '../terms/mode.ts';
import type { Problem } from './problem.ts';

/** Problems of the health check of a service. */
export function checkProblems(service: LbService): Problem[] {
  return [...idleCheckFields(service), ...sourceProblems(service)];
}

/** Fields of only one type of check. */
const ONLY_OF = { path: 'http', status: 'http', body: 'http', send: 'udp', expect: 'udp' } as const;

function canAskForVip(mode: LbService['mode']): boolean {
  return asksForVip({ mode, check: { type: 'tcp' } as LbService['check'] });
}

const NOT_CHECKED = 'only valid if servers are checked, not in type none';

/** Fields of a check without effect in its type or mode. */
function idleCheckFields({ mode, check }: LbService): Problem[] {
  const idle = (field: keyof LbService['check'], message: string): Problem[] =>
    check[field] === undefined ? [] : [{ path: ['check', field], message }];
  return [
    ...(Object.keys(ONLY_OF) as (keyof typeof ONLY_OF)[]).flatMap((field) =>
      check.type === ONLY_OF[field]
        ? []
        : idle(field, `only valid in type ${ONLY_OF[field]}, not in type ${check.type}`),
    ),
    ...(check.type === 'none'
      ? (['target', 'port', 'source'] as const).flatMap((field) => idle(field, NOT_CHECKED))
      : [
          ...(check.type === 'icmp' ? idle('port', 'only valid in types tcp, http and udp, not in type icmp') : []),
          ...(canAskForVip(mode)
            ? []
            : idle(
                'target',
                `only valid in modes dsr and l3dsr: in ${mode} checks always use the server's own address`,
              )),
        ]),
  ];
}

function sourceProblems(service: LbService): Problem[] {
  const { vip, mode, check, servers } = service;
  const { source } = check;
  if (source === undefined) return [];
  const path = ['check', 'source'];
  const isOther = (address: string): boolean => isIPv4(source) !== isIPv4(address);
  const far = MODES[mode].handsOver === 'tunnel' ? servers.find(({ address }) => isOther(address)) : undefined;
  if (far !== undefined)
    return [{ path, message: `checks from ${source} cannot reach ${far.address}: they differ in address family` }];
  if (MODES[mode].handsOver !== 'tunnel' && isOther(vip))
    return [
      { path, message: `checks from ${source} cannot reach a server: it and VIP ${vip} differ in address family` },
    ];
  return source === vip && asksForVip(service)
    ? [{ path, message: `servers hold ${vip} themselves and would reply to themselves: use another address` }]
    : [];
}

/** Each check has a port of the host above 60,000, and a second one while a reload replaces all of them. */
const CHECKED_LIMIT = 2_750;

/** More checks of VIPs than there are ports for them. */
export function tooManyChecks(services: LbService[]): Problem[] {
  const checked = services.filter(asksForVip);
  const first = checked[CHECKED_LIMIT];
  if (!first) return [];
  const message = `at most ${CHECKED_LIMIT} services in dsr and l3dsr can have health checks, not ${checked.length}`;
  return [{ path: ['services', services.indexOf(first), 'check'], message }];
}
