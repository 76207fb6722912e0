import { listenerOf, listenerText, type ListenerYaml } from '../../terms/listener.ts';
import { canonical, host, isAddress } from '../address.ts';
import { appliesTo } from '../node-layers.ts';
import { addressesInScenario } from './check-messages.ts';
import { type Layer, type NodeProblem, pathOf, problemsPerNode } from '../per-node.ts';
import type { Problem } from '../problem.ts';
import type { Lab, LabNode, ScenarioFile } from '../schema.ts';

/** Loopback addresses, which every node has. */
const OWN = /^(127\.|::1$)/;

/**
 * Listeners at addresses that their nodes do not have: the program could not start.
 * @param layersOf settings of a node, lowest priority first
 */
export function foreignListeners(scenario: ScenarioFile, lab: Lab, layersOf: (name: string) => Layer[]): Problem[] {
  return problemsPerNode(Object.keys(lab.nodes), (name): NodeProblem[] => {
    const layers: Layer[] = [{ path: ['nodes', name], settings: lab.nodes[name]! }, ...layersOf(name)];
    const settings = Object.assign({}, ...layers.map((layer) => layer.settings)) as LabNode;
    const path = pathOf(layersOf(name), 'listeners');
    if (path === null) return [];
    // Services in the settings of all servers apply only to their pool (node-layers.ts).
    const isShared = pathOf(layersOf(name), 'loopback')?.[0] === 'servers';
    const loopback = (settings.loopback ?? []).filter(
      (entry) => !isShared || appliesTo(name, entry, scenario.services),
    );
    const held = [
      ...addressesInScenario(scenario, lab, name).map(host),
      ...loopback.map((entry) => scenario.services[entry]?.vip ?? entry),
    ]
      .filter(isAddress)
      .map(canonical);
    return (settings.listeners ?? []).flatMap((written, index) => {
      const { address, answersFrom } = listenerOf(written);
      const at = [...path, index];
      return [
        { address, path: typeof written === 'string' ? at : [...at, 'listen'] },
        { address: answersFrom, path: [...at, 'answersFrom'] },
      ].flatMap((place): NodeProblem[] => {
        if (place.address === undefined || OWN.test(place.address) || held.includes(canonical(place.address)))
          return [];
        const what = `NODES does not hold ${place.address}; it holds ${held.join(', ')}`;
        return [{ path: place.path, what, dependsOn: [['services'], ['servers'], ['nodes', name]] }];
      });
    });
  });
}

/** Reply addresses and ports without effect, and ports that another listener needs. */
export function wrongAnswers(written: ListenerYaml[]): { index: number; field: string; message: string }[] {
  const listeners = written.map(listenerOf);
  return listeners.flatMap(({ protocol, port, answersFrom, answersFromPort }, index) => {
    const found: { index: number; field: string; message: string }[] = [];
    if (answersFrom !== undefined && protocol === 'tcp')
      found.push({ index, field: 'answersFrom', message: 'only for udp: TCP always replies from the called address' });
    if (answersFromPort === undefined) return found;
    const taken = listeners.find((other) => other.protocol === 'udp' && other.port === answersFromPort);
    const message =
      protocol === 'tcp'
        ? 'only for udp: TCP always replies from the called port'
        : answersFromPort === port
          ? `has no effect: it listens on port ${port}; leave it out`
          : taken === undefined
            ? null
            : `already taken by ${listenerText(taken)}`;
    return message === null ? found : [...found, { index, field: 'answersFromPort', message }];
  });
}

/** Listeners with the same port, at all addresses or at the same one. */
export function listenersGivenTwice(written: ListenerYaml[]): { index: number; message: string }[] {
  const listeners = written.map(listenerOf);
  return listeners.flatMap((one, index) => {
    const first = listeners
      .slice(0, index)
      .find(
        ({ protocol, port, address }) =>
          protocol === one.protocol &&
          port === one.port &&
          (address === undefined || one.address === undefined || canonical(address) === canonical(one.address)),
      );
    if (first === undefined) return [];
    const [text, before] = [listenerText(one), listenerText(first)];
    return [{ index, message: text === before ? `${text} is given twice` : `${text} is already taken by ${before}` }];
  });
}
