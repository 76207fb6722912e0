import type { LbService } from '../config.ts';
import type { RenderInput } from './input.ts';

/**
 * Makes a renderer of one service remember its last result, and give it again while everything that it depends on is
 * the same: with a thousand services, a change of one costs the rendering of one.
 */
export function remember<T>(renderService: (input: RenderInput, service: LbService) => T) {
  const last = new WeakMap<LbService, { key: string; part: T }>();
  return (input: RenderInput, service: LbService): T => {
    const key = dependenciesOf(input, service);
    const known = last.get(service);
    if (known?.key === key) return known.part;
    const part = renderService(input, service);
    last.set(service, { key, part });
    return part;
  };
}

const known = new WeakMap<RenderInput, Map<LbService, string>>();

/** Everything beside the configuration that the rules of a service follow from, as text; made once for all renderers. */
function dependenciesOf(input: RenderInput, service: LbService): string {
  const ofInput = known.get(input) ?? new Map<LbService, string>();
  known.set(input, ofInput);
  const made = ofInput.get(service);
  if (made !== undefined) return made;
  const counts = service.scheduler === 'least-connections';
  const roles = service.servers.map((server) => input.roleOf(service, server)).join();
  const text = counts ? `${roles} ${service.servers.map((server) => input.flowsOf(service, server)).join()}` : roles;
  ofInput.set(service, text);
  return text;
}
