import { hostname } from 'node:os';
import { isAlive, ownerOf } from '../../setup/process-owner.mjs';

/** On all Docker objects of l4lab; its value is the lab's id. */
export const LAB_LABEL = 'l4lab.lab';
/** Creator: `HOST PID START`, which shows whether its process is still running. */
export const OWNER_LABEL = 'l4lab.owner';
/** Scenario of a lab left running by `l4lab up`. */
export const KEPT_LABEL = 'l4lab.kept';
/** Root of the scenario's project. */
export const PROJECT_LABEL = 'l4lab.project';
/** Variant that the lab is configured for. */
export const VARIANT_LABEL = 'l4lab.variant';
/** On containers: the node's name. */
export const NODE_LABEL = 'l4lab.node';

/** Value of OWNER_LABEL for this process. */
export function ownerLabel(): string {
  return `${hostname()} ${ownerOf(process.pid)}`;
}

/** Whether the process of an owner label is certainly gone: it ran on this host and no longer exists. */
export function ownerIsGone(label: string): boolean {
  const [host, ...owner] = label.split(' ');
  return host === hostname() && !isAlive(owner.join(' '));
}
