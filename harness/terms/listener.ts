import type { ListenerPlan } from './plan.ts';

/** Whether one of a node's listeners takes what comes to an address and port. */
export function listensAt(listeners: ListenerPlan[], to: Socket): boolean {
  return listenerAt(listeners, to) !== undefined;
}

/** An address and a port that somebody calls. */
export interface Socket {
  protocol: string;
  address: string;
  port: number | null;
}

/** The listener of a node that takes what comes to an address and port. */
export function listenerAt(listeners: ListenerPlan[], to: Socket): ListenerPlan | undefined {
  return listeners.find(
    ({ protocol, port, address }) =>
      protocol === to.protocol && port === to.port && (address === undefined || address === to.address),
  );
}

/** A listener as YAML has it: `80/tcp`, `127.0.0.1:80/tcp`, `[2001:db8::1]:80/tcp`. */
export function listenerText({ protocol, port, address }: ListenerPlan): string {
  const at = address === undefined ? '' : address.includes(':') ? `[${address}]:` : `${address}:`;
  return `${at}${port}/${protocol}`;
}

/** A listener as YAML has it: a text, or a mapping of it and where its answers come from. */
export type ListenerAsWritten = string | { listen: string; answersFrom?: string | undefined };

/** A listener as YAML would have it. */
export function listenerAsWritten(plan: ListenerPlan): ListenerAsWritten {
  const { answersFrom } = plan;
  return answersFrom === undefined ? listenerText(plan) : { listen: listenerText(plan), answersFrom };
}

/** The listener that is written so. */
export function listenerOf(written: ListenerAsWritten): ListenerPlan {
  if (typeof written === 'string') return ofText(written);
  const { listen, answersFrom } = written;
  return { ...ofText(listen), ...(answersFrom === undefined ? {} : { answersFrom }) };
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

/** What listeners look like; whether their addresses and ports are any is for the reader to see. */
export const FORM = /^(?:(?:\[(?<v6>[\da-f:.]+)\]|(?<address>[\d.]+)):)?(?<port>\d{1,5})\/(?<protocol>tcp|udp)$/i;
