import { hostname } from 'node:os';
import { isAlive, ownerOf } from '../../setup/process-owner.mjs';

/** On everything that l4lab makes in Docker; its value is the lab's id. */
export const LAB_LABEL = 'l4lab.lab';
/** Who made it: `HOST PID START`, so that what a dead process left can be told from what a living one uses. */
export const OWNER_LABEL = 'l4lab.owner';
/** Name of the scenario of a lab that is meant to stay (`l4lab up`). */
export const KEPT_LABEL = 'l4lab.kept';
/** Root of the project that the scenario belongs to. */
export const PROJECT_LABEL = 'l4lab.project';
/** Name of the variant that it was configured for. */
export const VARIANT_LABEL = 'l4lab.variant';
/** On containers: the node's name. */
export const NODE_LABEL = 'l4lab.node';

/** This process, as OWNER_LABEL names it. */
export function ownerLabel(): string {
  return `${hostname()} ${ownerOf(process.pid)}`;
}

/** Whether the process behind an owner label is certainly gone: it ran on this host, and does not any more. */
export function ownerIsGone(label: string): boolean {
  const [host, ...owner] = label.split(' ');
  return host === hostname() && !isAlive(owner.join(' '));
}
