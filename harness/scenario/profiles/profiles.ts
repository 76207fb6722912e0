import type { ProfileName } from '../../terms/profile-name.ts';
import { A10_PROFILES } from './a10.ts';
import { AWS_PROFILES } from './aws.ts';
import { AZURE_PROFILES } from './azure.ts';
import { F5_PROFILES } from './f5.ts';
import { GOOGLE_CLOUD_PROFILES } from './google-cloud.ts';
import { KUBERNETES_PROFILES } from './kubernetes.ts';
import { LINUX_VIRTUAL_SERVER_PROFILES } from './linux-virtual-server.ts';
import type { Profile } from './profile.ts';

/** Every profile, by its name. */
export const PROFILES: Record<ProfileName, Profile> = {
  ...AWS_PROFILES,
  ...AZURE_PROFILES,
  ...GOOGLE_CLOUD_PROFILES,
  ...F5_PROFILES,
  ...A10_PROFILES,
  ...KUBERNETES_PROFILES,
  ...LINUX_VIRTUAL_SERVER_PROFILES,
};
