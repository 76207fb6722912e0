import type { LbConfig, LbFile } from './config.ts';

/** A configuration of a file with services of mode `route` apart from the others. */
export function servicesApart({ services, ...rest }: LbFile): LbConfig {
  const routeServices = services.filter((service) => service.mode === 'route');
  return {
    ...rest,
    services: services.filter((service) => service.mode !== 'route'),
    ...(routeServices.length === 0 ? {} : { routeServices }),
  };
}

/** The same as a file has it. */
export function servicesTogether({ services, routeServices = [], ...rest }: LbConfig): LbFile {
  return { ...rest, services: [...services, ...routeServices] };
}

/** Whether a configuration has nothing to do. */
export function isIdle({ services, routeServices = [] }: LbConfig): boolean {
  return services.length === 0 && routeServices.length === 0;
}
