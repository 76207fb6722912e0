import { network } from './address.ts';

/** Whether the members of a pair share a subnet for their advertisements. */
export function hasCommonSubnet(members: readonly (readonly string[])[], subnet?: string): boolean {
  const isMeant = (cidr: string): boolean => subnet === undefined || network(cidr) === network(subnet);
  const isCommon = (cidr: string): boolean =>
    members.every((own) => own.some((other) => network(other) === network(cidr)));
  return (members[0] ?? []).some((cidr) => isMeant(cidr) && isCommon(cidr));
}
