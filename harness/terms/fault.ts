import type { MessageOf } from './message.ts';

/** Why a flow could not be run. */
export type Fault = MessageOf<Faults> | AgentFault;

/** Faults of engine, host or nodes. `error` and `output` are the output of programs. */
export interface Faults {
  interrupted: Record<string, never>;
  'image-missing': { image: string };
  'network-failed': { error: string };
  /** The engine's rules are missing from the host's firewall. */
  'docker-rules-gone': { error: string };
  /**
   * The host's firewall drops packets of the engine's networks, in these IP versions. `chains` that may do it, prefix
   * of the host interfaces of all lab wires, and whether the host has legacy iptables rules, which nft does not show.
   */
  'networks-blocked': { versions: ('IPv4' | 'IPv6')[]; chains: BlockingChain[]; wires: string; legacy: boolean };
  'host-container-failed': { error: string };
  /** The engine's networks return frames to their sender. */
  hairpin: { port: string };
  'addresses-in-use': { clashes: { address: string; owner: string; iface: string }[] };
  /** At the deadline, other members of the pair than expected have its addresses. */
  'pair-unsettled': { pair: string; expected: string[]; seen: string[]; seconds: number };
  /** The engine could not pause its container within this time. */
  'pause-failed': { node: string; seconds: number; error: string };
  /** `exitCode` of its container; null if unknown. */
  'node-gone': { node: string; exitCode: number | null; output: string };
  'agent-late': { node: string; seconds: number; output: string };
  'call-late': { node: string; method: string; seconds: number; output: string };
  'call-failed': { node: string; method: string; fault: AgentFault };
}

/** A base chain of the host's nftables that may drop bridged packets. */
export interface BlockingChain {
  family: string;
  table: string;
  chain: string;
  /** How it drops: by its policy, by its last rule, or by reverse path filtering. */
  how: 'policy drop' | 'last rule drop' | 'last rule reject' | 'reverse-path filter';
  /** Its owner, judging by its names. */
  owner: 'ufw' | 'firewalld' | 'nftables' | 'iptables';
}

/** An error inside a node. */
export type AgentFault = MessageOf<AgentFaults>;

export interface AgentFaults {
  /** `input`: the program's stdin. */
  'program-failed': { command: string; exitCode: number; output: string; input: string };
  /** It was started but did not reach the awaited state in time. */
  'program-late': { command: string; awaited: string; seconds: number; output: string };
  'interface-missing': { address: string };
  'sysctl-missing': { setting: string };
  /** A setting of the whole machine, or one that can only be read. */
  'sysctl-read-only': { setting: string };
  'sysctl-value': { setting: string; value: string };
  'sysctl-failed': { setting: string; error: string };
  'capture-ended': { iface: string; output: string };
  'capture-late': { iface: string; seconds: number; output: string };
  /** The kernel dropped this many frames before tcpdump read them: the capture is incomplete. */
  'capture-overflow': { iface: string; frames: number };
  'balancer-late': { awaited: string; seconds: number; log: string };
  'balancer-ended': { awaited: string; log: string };
  'balancer-failed': { error: string; code: string | null };
  /** Mode ipip: the kernel has no tunnels, and without this device programs cannot replace them. */
  'tunnels-missing': { device: string };
  'agent-failed': { error: string };
}
