import { PROFILE_NAMES } from '../terms/profile-name.ts';
import { profileMarkdown } from './profile-text.ts';
import type { Profile, Rule } from './profiles/profile.ts';
import { PROFILES } from './profiles/profiles.ts';

/** The reference page: what each profile sets, and by which document. */
export function profilesPage(): string {
  return INTRODUCTION + PROFILE_NAMES.map((name) => section(name, PROFILES[name])).join('');
}

const INTRODUCTION = `# Profiles: other load balancers

Generated from \`harness/scenario/profiles/\` by \`npm run schema\`.

\`\`\`yaml
services:
  web: { vip: 203.0.113.80, port: 80, like: aws-nlb, pool: [s1, s2] }
\`\`\`

\`like\` configures a service as a product behaves according to its public documents, as far as a lab can do this. It sets fields of
the service, of the servers in its pool, and of the L4 that balances it. **A profile is a model of documented behaviour.** The
lab runs l4lab's own load balancer with these settings, not the product.

- Your own settings override the profile: those of the service, of \`servers\` and of \`nodes\`. The profile overrides the lab.
- \`mode\` comes from the profile. \`validate\` refuses a different \`mode\` in addition to \`like\`, and two profiles that set a field
  of the same node to different values.
- Idle timeouts are those of the product, which are minutes. To see what happens after one, set a shorter \`idleTimeoutMs\` on the L4.
- The network of a cloud returns replies to its load balancer, also if one backend calls another. In a lab the same happens if the
  L4 is the gateway of the servers and the servers are not neighbours: \`labs/vpc.yaml\` gives each of them its own link.
- \`npx l4lab explain\` shows what a profile sets.

Scenarios: \`profiles/clouds\`, \`profiles/appliances-and-nodes\`, \`profiles/idle\`.
`;

function section(name: string, { product, only, rules, leaves, siblings = [] }: Profile): string {
  const notes = [
    ...(only === undefined ? [] : [`Only for ${only.protocol}: ${only.why}.`]),
    ...(siblings.length === 0 ? [] : [`See also ${siblings.map((other) => `\`${other}\``).join(', ')}.`]),
  ];
  return [
    `\n## \`${name}\`\n`,
    `${product}.${notes.map((note) => ` ${note}`).join('')}\n`,
    '| documented behaviour | sets | document |',
    '| --- | --- | --- |',
    ...rules.map(row),
    ...(leaves.length === 0 ? [] : ['\nNot in the profile:\n', ...leaves.map((text) => `- ${text}`)]),
    '',
  ].join('\n');
}

function row({ statement, inLab, when, sets, document }: Rule): string {
  const settings =
    sets === undefined
      ? 'nothing (follows from the rest)'
      : `${profileMarkdown([sets])}${when ? ` (${WHEN[when]})` : ''}`;
  return `| ${statement}${inLab === undefined ? '' : ` *In a lab: ${inLab}*`} | ${settings} | [${document.title}](${document.url}) |`;
}

const WHEN: Record<NonNullable<Rule['when']>, string> = {
  tcp: 'tcp',
  udp: 'udp',
  checked: 'with a `check`',
  'checked-ipv4': 'with a `check`, IPv4',
};
