import { profileSets } from '../harness/scenario/profile-settings.ts';
import { profileText } from '../harness/scenario/profile-text.ts';
import type { ScenarioFile } from '../harness/scenario/schema.ts';

/** What the profile of a service sets, in one line; null if it has none. */
export function profileLine(service: ScenarioFile['services'][string] | undefined): string | null {
  if (service?.like === undefined) return null;
  const sets = profileText(profileSets(service));
  return `like ${service.like}, a model of its documented behaviour (docs/profiles.md); defaults: ${sets}`;
}
