import type { LbService } from '../config.ts';
import type { RenderInput } from './input.ts';
import type { Part } from './ruleset.ts';

/**
 * Makes a renderer of one service remember its last result, and give it again while everything that it depends on is
 * the same: with a thousand services, a change of one costs the rendering of one.
 */
export function remember(renderService: (input: RenderInput, service: LbService) => Part) {
  const last = new WeakMap<LbService, { key: string; part: Part }>();
  return (input: RenderInput, service: LbService): Part => {
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
