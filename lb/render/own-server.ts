import { canonical } from '../terms/address.ts';
import type { LbService } from '../terms/config.ts';
import type { RenderInput } from './input.ts';
import { oncePerInput } from './remember.ts';

/** Whether any of these services has a server that is an address of the host. */
export function servesItself(input: RenderInput, services: LbService[]): boolean {
  const own = ownAddresses(input);
  return services.some(({ servers }) => servers.some(({ address }) => own.has(canonical(address))));
}

const ownAddresses = oncePerInput(
  ({ facts }) => new Set(facts.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address))),
);
