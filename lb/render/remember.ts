import type { LbService } from '../terms/config.ts';
import type { RenderInput } from './input.ts';

/** Memoizes the renderer of a service: with a thousand services, changing one costs rendering one. */
export function remember<T>(renderService: (input: RenderInput, service: LbService) => T) {
  const made = new WeakMap<State, { part: T }>();
  return (input: RenderInput, service: LbService): T => {
    const state = stateOf(input, service);
    const known = made.get(state);
    if (known) return known.part;
    const part = renderService(input, service);
    made.set(state, { part });
    return part;
  };
}

/** All inputs of a service's rules besides the configuration, as text. */
interface State {
  text: string;
}

const lastStates = new WeakMap<LbService, State>();

/** Returns the same object while the text is the same, so that all renderers share one comparison per service. */
const stateOf = oncePerService((input, service): State => {
  const flows = service.scheduler === 'least-connections' ? service.servers.map((s) => input.flowsOf(service, s)) : [];
  const text = `${rolesOf(input, service)} ${input.isSettled(service)} ${flows.join()}`;
  const last = lastStates.get(service);
  if (last?.text === text) return last;
  const state = { text };
  lastStates.set(service, state);
  return state;
});

/** Roles of a service's servers, as text. */
export const rolesOf = oncePerService((input, service) =>
  service.servers.map((server) => input.roleOf(service, server)).join(),
);

/** Computes a value once per input. */
export function oncePerInput<T>(make: (input: RenderInput) => T) {
  const known = new WeakMap<RenderInput, T>();
  return (input: RenderInput): T => {
    const made = known.get(input) ?? make(input);
    known.set(input, made);
    return made;
  };
}

function oncePerService<T>(make: (input: RenderInput, service: LbService) => T) {
  const servicesOf = oncePerInput(() => new Map<LbService, T>());
  return (input: RenderInput, service: LbService): T => {
    const ofInput = servicesOf(input);
    const known = ofInput.get(service);
    if (known !== undefined) return known;
    const made = make(input, service);
    ofInput.set(service, made);
    return made;
  };
}
