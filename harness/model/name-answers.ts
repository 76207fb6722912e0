import { namePlanOf, recordsFor, recordsLeft } from '../scenario/name-answer.ts';
import { cause, type Cause } from '../terms/cause.ts';
import type { ByName, Plan } from '../terms/plan.ts';
import { health } from './health.ts';
import { networkOf, type Network } from './simulation/network.ts';

/** Addresses in any order, or why there are none. */
type Answer = { addresses: string[] } | { cause: Cause };

/**
 * What a DNS server may answer: several answers if the health of servers depends on earlier checks.
 * @param source the caller's address, as the server saw it
 */
export function answersTo(plan: Plan, { name, server: node }: ByName, source: string): Answer[] {
  const named = namePlanOf(plan, node, name);
  if (named === undefined || named.records.length === 0)
    return [{ cause: cause('no-address', 'name-without-address', { node, name }) }];
  const checked = named.onlyHealthy ? named.records : [];
  const services = [...new Set(checked.flatMap(({ service }) => service ?? []))];
  const answers = combinations(services.map((service) => statesOf(networkOf(plan), service))).map((states): Answer => {
    const isUp = ({ service }: { service: string | null }): boolean =>
      service === null || states[services.indexOf(service)]!;
    const addresses = recordsFor(recordsLeft(named, isUp), source).map(({ address }) => address);
    if (addresses.length > 0) return { addresses };
    return { cause: cause('no-address', 'no-record-left', { node, name, source }) };
  });
  return [...new Map(answers.map((answer) => [JSON.stringify(answer), answer])).values()];
}

/** Whether some load balancer has a healthy server for a service: both values if uncertain. */
function statesOf(network: Network, name: string): boolean[] {
  const states = [...network.hosts.values()].flatMap((host) =>
    (host.plan.balancer?.config.services ?? [])
      .filter((service) => service.name === name)
      .flatMap((service): (readonly boolean[])[] =>
        service.check.type === 'none'
          ? [[true]]
          : service.servers.map((server) => health(network, host, service, server)),
      ),
  );
  if (states.some((one) => !one.includes(false))) return [true];
  return states.some((one) => one.includes(true)) ? [true, false] : [false];
}

function combinations(states: boolean[][]): boolean[][] {
  return states.reduce<boolean[][]>((all, some) => all.flatMap((one) => some.map((state) => [...one, state])), [[]]);
}
