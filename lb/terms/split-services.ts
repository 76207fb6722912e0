import type { LbConfig, LbFile } from './config.ts';
import { isRoute } from './mode.ts';

/** The configuration of a file, with services of mode `route` in a separate list. */
export function splitServices({ services, ...rest }: LbFile): LbConfig {
  const routeServices = services.filter(isRoute);
  return {
    ...rest,
    services: services.filter((service) => !isRoute(service)),
    ...(routeServices.length === 0 ? {} : { routeServices }),
  };
}

/** The inverse: all services in one list, as in a file. */
export function joinServices({ services, routeServices = [], ...rest }: LbConfig): LbFile {
  return { ...rest, services: [...services, ...routeServices] };
}

/** Whether a configuration has nothing to do. */
export function isIdle({ services, routeServices = [] }: LbConfig): boolean {
  return services.length === 0 && routeServices.length === 0;
}
