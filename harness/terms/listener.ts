import type { ListenerPlan } from './plan.ts';

/** Whether a node has a listener at an address and port. */
export function listensAt(listeners: ListenerPlan[], to: Socket): boolean {
  return listenerAt(listeners, to) !== undefined;
}

/** A called address and port. */
export interface Socket {
  protocol: string;
  address: string;
  port: number | null;
}

/** The node's listener at an address and port. */
export function listenerAt(listeners: ListenerPlan[], to: Socket): ListenerPlan | undefined {
  return listeners.find(
    ({ protocol, port, address }) =>
      protocol === to.protocol && port === to.port && (address === undefined || address === to.address),
  );
}

/** A listener as text in YAML: `80/tcp`, `127.0.0.1:80/tcp`, `[2001:db8::1]:80/tcp`. */
export function listenerText({ protocol, port, address }: ListenerPlan): string {
  const at = address === undefined ? '' : address.includes(':') ? `[${address}]:` : `${address}:`;
  return `${at}${port}/${protocol}`;
}

/** A listener in YAML: text, or a mapping with the source of its replies. */
export type ListenerYaml =
  string | { listen: string; answersFrom?: string | undefined; answersFromPort?: number | undefined };

/** The YAML of a listener. */
export function toListenerYaml(plan: ListenerPlan): ListenerYaml {
  const source = replySource(plan);
  return Object.keys(source).length === 0 ? listenerText(plan) : { listen: listenerText(plan), ...source };
}

/** Parses a listener in YAML. */
export function listenerOf(written: ListenerYaml): ListenerPlan {
  if (typeof written === 'string') return ofText(written);
  return { ...ofText(written.listen), ...replySource(written) };
}

function replySource({
  answersFrom,
  answersFromPort,
}: Exclude<ListenerYaml, string> | ListenerPlan): Pick<ListenerPlan, 'answersFrom' | 'answersFromPort'> {
  return {
    ...(answersFrom === undefined ? {} : { answersFrom }),
    ...(answersFromPort === undefined ? {} : { answersFromPort }),
  };
}

/** Source of a UDP reply to a called socket: a fixed address is only for calls of its family. */
export function replySocket(listeners: ListenerPlan[], called: Socket & { port: number }): Socket & { port: number } {
  const { answersFrom, answersFromPort } = listenerAt(listeners, called) ?? {};
  const isOfFamily = answersFrom !== undefined && answersFrom.includes(':') === called.address.includes(':');
  return {
    protocol: called.protocol,
    address: isOfFamily ? answersFrom : called.address,
    port: answersFromPort ?? called.port,
  };
}

function ofText(text: string): ListenerPlan {
  const { address, v6, port, protocol } = FORM.exec(text)!.groups as {
    address?: string;
    v6?: string;
    port: string;
    protocol: 'tcp' | 'udp';
  };
  const at = v6 ?? address;
  return { protocol, port: Number(port), ...(at === undefined ? {} : { address: at }) };
}

/** Syntax of listeners; addresses and ports are validated by the reader. */
export const FORM = /^(?:(?:\[(?<v6>[\da-f:.]+)\]|(?<address>[\d.]+)):)?(?<port>\d{1,5})\/(?<protocol>tcp|udp)$/i;
