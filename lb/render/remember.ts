import type { LbService } from '../config.ts';
import type { RenderInput } from './input.ts';

/**
 * Makes a renderer of one service remember its last result, and give it again while everything that it depends on is
 * the same: with a thousand services, a change of one costs the rendering of one.
 */
export function remember<T>(renderService: (input: RenderInput, service: LbService) => T) {
  const last = new WeakMap<LbService, { key: string; part: T }>();
  return (input: RenderInput, service: LbService): T => {
    const counts = service.scheduler === 'least-connections';
    const key = service.servers
      .map((server) => `${input.roleOf(service, server)} ${counts ? input.flowsOf(service, server) : ''}`)
      .join();
    const known = last.get(service);
    if (known?.key === key) return known.part;
    const part = renderService(input, service);
    last.set(service, { key, part });
    return part;
  };
}
