/** Profiles that a service can have (`like`). Their rules are in harness/scenario/profiles/. */
export const PROFILE_NAMES = [
  'aws-nlb',
  'aws-nlb-no-client-ip',
  'azure-lb',
  'gcp-passthrough',
  'f5-automap',
  'f5-npath',
  'a10-dsr',
  'kube-proxy-cluster',
  'kube-proxy-local',
  'metallb-l2',
  'ipvs-dr',
  'ipvs-nat',
] as const;

export type ProfileName = (typeof PROFILE_NAMES)[number];
