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

/** Everything beside the configuration that the rules of a service follow from, as text; made once for all renderers. */
const dependenciesOf = oncePerService((input, service) => {
  const flows = service.scheduler === 'least-connections' ? service.servers.map((s) => input.flowsOf(service, s)) : [];
  return `${rolesOf(input, service)} ${input.isSettled(service)} ${flows.join()}`;
});

/** What the servers of a service do in it, as text. */
export const rolesOf = oncePerService((input, service) =>
  service.servers.map((server) => input.roleOf(service, server)).join(),
);

/** Makes what follows from an input once, however often it is asked for. */
export function oncePerInput<T>(make: (input: RenderInput) => T) {
  const known = new WeakMap<RenderInput, T>();
  return (input: RenderInput): T => {
    const made = known.get(input) ?? make(input);
    known.set(input, made);
    return made;
  };
}

function oncePerService(make: (input: RenderInput, service: LbService) => string) {
  const servicesOf = oncePerInput(() => new Map<LbService, string>());
  return (input: RenderInput, service: LbService): string => {
    const ofInput = servicesOf(input);
    const made = ofInput.get(service) ?? make(input, service);
    ofInput.set(service, made);
    return made;
  };
}
