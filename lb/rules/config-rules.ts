import type { LbConfig, LbService } from '../terms/config.ts';
import { isDirect, MODES } from '../terms/mode.ts';
import { tooManyChecks } from './check-rules.ts';
import { collidingServices } from './colliding-marks.ts';
import { duplicates, type Problem } from './problem.ts';
import { routeProblems } from './route-rules.ts';
import { ownCallProblems, serviceProblems } from './service-rules.ts';

/** Problems that the schema cannot express; empty if the configuration is valid. */
export function findProblems(config: LbConfig): Problem[] {
  const { services, vipOwner } = config;
  return [
    ...services.flatMap((service, i) =>
      [...serviceProblems(service), ...ownCallProblems(service, vipOwner)].map(({ path, message }) => ({
        path: ['services', i, ...path],
        message,
      })),
    ),
    ...duplicates(['services'], services, { field: 'name', what: 'service name' }, ({ name }) => name),
    ...routeProblems(config),
    ...duplicates(
      ['services'],
      services,
      { field: 'vip', what: 'VIP and port' },
      ({ vip, protocol, port }) => `${vip} ${protocol}/${port}`,
    ),
    ...dscpProblems(services),
    ...tunnelProblems(services),
    ...collidingServices(services),
    ...tooManyChecks(services),
  ];
}

/**
 * A server derives the VIP from the DSCP value, and the load balancer the value from the VIP, so they must correspond
 * one to one.
 */
function dscpProblems(services: LbService[]): Problem[] {
  return services.flatMap((service, i) => {
    const other = services
      .slice(0, i)
      .find((s) => isDirect(s) && isDirect(service) && (s.vip === service.vip) !== (s.dscp === service.dscp));
    if (!other || (other.dscp === undefined && service.dscp === undefined)) return [];
    const message = `services with the same VIP need the same DSCP value, and different VIPs need different values: compare ${service.name} and ${other.name}`;
    return [{ path: ['services', i, 'dscp'], message }];
  });
}

/** Fragments without a port are handled by VIP only. */
function tunnelProblems(services: LbService[]): Problem[] {
  const usesTunnels = ({ mode }: LbService): boolean => MODES[mode].handsOver === 'tunnel';
  return services.flatMap((service, i) => {
    const other = services
      .slice(0, i)
      .find(
        (one) =>
          one.vip === service.vip && isDirect(one) && isDirect(service) && usesTunnels(one) !== usesTunnels(service),
      );
    if (other === undefined) return [];
    const [tunnelled, direct] = usesTunnels(service) ? [service, other] : [other, service];
    const message = `services with the same VIP cannot mix ${tunnelled.mode} and ${direct.mode}: compare ${service.name} and ${other.name}`;
    return [{ path: ['services', i, 'mode'], message }];
  });
}
