import type { MessageOf } from './message.ts';

/** Why a flow could not be run. */
export type Fault = MessageOf<Faults> | AgentFault;

/** What is wrong with engine, host or nodes. `error` and `output` are what programs printed. */
export interface Faults {
  interrupted: Record<string, never>;
  'image-missing': { image: string };
  'network-failed': { error: string };
  /** The engine's own rules are gone from the host's firewall. */
  'docker-rules-gone': { error: string };
  /**
   * The host's firewall drops what the engine's networks carry, in these IP versions: `chains` that may do it, how the
   * names of all wires of labs begin there, and whether the host has rules of the old iptables, which nft does not show.
   */
  'networks-blocked': { versions: ('IPv4' | 'IPv6')[]; chains: BlockingChain[]; wires: string; legacy: boolean };
  'host-container-failed': { error: string };
  /** The engine's networks give frames back to their sender. */
  hairpin: { port: string };
  'addresses-in-use': { clashes: { address: string; owner: string; iface: string }[] };
  /** After so long other members of the pair hold its addresses than those who are to. */
  'pair-unsettled': { pair: string; expected: string[]; seen: string[]; seconds: number };
  /** The engine could not pause its container for so long. */
  'pause-failed': { node: string; seconds: number; error: string };
  /** `exitCode` of its container; null where the engine did not tell. */
  'node-gone': { node: string; exitCode: number | null; output: string };
  'agent-late': { node: string; seconds: number; output: string };
  'call-late': { node: string; method: string; seconds: number; output: string };
  'call-failed': { node: string; method: string; fault: AgentFault };
}

/** A base chain of the host's nftables that may drop what goes over a bridge. */
export interface BlockingChain {
  family: string;
  table: string;
  chain: string;
  /** How it drops: by its policy, by its last rule, or by reverse path filtering. */
  how: 'policy drop' | 'last rule drop' | 'last rule reject' | 'reverse-path filter';
  /** Whose it is, as far as names tell. */
  owner: 'ufw' | 'firewalld' | 'nftables' | 'iptables';
}

/** An error inside a node. */
export type AgentFault = MessageOf<AgentFaults>;

export interface AgentFaults {
  /** `input`: what the program read; empty where that was nothing. */
  'program-failed': { command: string; exitCode: number; output: string; input: string };
  /** It was started, and is not as it should be after so long. */
  'program-late': { command: string; awaited: string; seconds: number; output: string };
  'interface-missing': { address: string };
  'sysctl-missing': { setting: string };
  'sysctl-failed': { setting: string; error: string };
  'capture-ended': { iface: string; output: string };
  'capture-late': { iface: string; seconds: number; output: string };
  /** The kernel dropped so many frames before tcpdump had read them: what was seen is not all that there was. */
  'capture-overflow': { iface: string; frames: number };
  'balancer-late': { awaited: string; seconds: number; log: string };
  'balancer-ended': { awaited: string; log: string };
  'balancer-failed': { error: string; code: string | null };
  /** Mode ipip: the kernel makes no tunnels, and programs cannot make any without this device. */
  'tunnels-missing': { device: string };
  'agent-failed': { error: string };
}
