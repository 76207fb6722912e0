import type { LbService } from '../terms/config.ts';
import type { RenderInput } from './input.ts';

/**
 * Makes a renderer of one service remember its last result, and give it again while everything that it depends on is
 * the same: with a thousand services, a change of one costs the rendering of one.
 */
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

/** Everything beside the configuration that the rules of a service follow from, as text. */
interface State {
  text: string;
}

const lastStates = new WeakMap<LbService, State>();

/** The same object while the text is the same, so that a thousand services are compared once for all renderers. */
const stateOf = oncePerService((input, service): State => {
  const flows = service.scheduler === 'least-connections' ? service.servers.map((s) => input.flowsOf(service, s)) : [];
  const text = `${rolesOf(input, service)} ${input.isSettled(service)} ${flows.join()}`;
  const last = lastStates.get(service);
  if (last?.text === text) return last;
  const state = { text };
  lastStates.set(service, state);
  return state;
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
