import { PROFILE_NAMES } from '../terms/profile-name.ts';
import { profileMarkdown } from './profile-text.ts';
import { type Profile, PROFILES, type Rule } from './profiles.ts';

/** The reference page: what each profile sets, and by which document. */
export function profilesPage(): string {
  return INTRODUCTION + PROFILE_NAMES.map((name) => section(name, PROFILES[name])).join('');
}

const INTRODUCTION = `# Profiles: other load balancers

Generated from \`harness/scenario/profiles.ts\` by \`npm run schema\`.

\`\`\`yaml
services:
  web: { vip: 203.0.113.80, port: 80, like: aws-nlb, pool: [s1, s2] }
\`\`\`

\`like\` sets what a product does according to its public documents, as far as a lab can do it: settings of the service, of the
servers in its pool, and of the L4 that balances it. **A profile is a model of documented behaviour.** The lab runs l4lab's own
load balancer with these settings, not the product.

- Your own settings override the profile: those of the service, of \`servers\` and of \`nodes\`. The profile overrides the lab.
- \`mode\` comes from the profile. \`validate\` refuses another \`mode\` beside \`like\`, and two profiles that set one field of a
  node to different values.
- Idle timeouts are the product's own, which are minutes. To see what happens after one, set a shorter \`idleTimeoutMs\` of the L4.
- A cloud's network returns replies to its load balancer, also those from one backend to another. In a lab the L4 as gateway of
  the servers does this, if the servers are not neighbours: \`labs/vpc.yaml\` gives each of them a link of its own.
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
  checked: 'beside a `check`',
  'checked-ipv4': 'beside a `check`, IPv4',
};
