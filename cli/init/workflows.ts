/** Number of shards of the generated workflow. */
const SHARDS = 2;

/**
 * A GitHub workflow that runs every scenario in shards and merges their results into one report.
 * @param folder of the project in the repository; empty for the top
 */
export function githubWorkflow(folder: string): string {
  const at = folder === '' ? '' : `${folder}/`;
  const lock = folder === '' ? '' : `\n          cache-dependency-path: ${at}package-lock.json`;
  const defaults = folder === '' ? '' : `\ndefaults:\n  run:\n    working-directory: ${folder}\n`;
  const install = `      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
          cache: npm${lock}
      - run: npm ci`;
  return `# Runs every scenario on ${SHARDS} machines and merges their reports into one.
name: l4lab

on: [push, pull_request]

permissions:
  contents: read
${defaults}
jobs:
  scenarios:
    runs-on: ubuntu-latest
    strategy:
      # A shard that fails must not hide what the others find.
      fail-fast: false
      matrix:
        shard: [${Array.from({ length: SHARDS }, (_, i) => i + 1).join(', ')}]
    steps:
${install}
      - run: npx l4lab setup
      - run: npx l4lab run --shard \${{ matrix.shard }}/${SHARDS} --report shards/\${{ matrix.shard }}
      - uses: actions/upload-artifact@v4
        if: \${{ !cancelled() }}
        with:
          name: shard-\${{ matrix.shard }}
          path: ${at}shards/

  report:
    needs: scenarios
    if: \${{ !cancelled() }}
    runs-on: ubuntu-latest
    steps:
${install}
      - uses: actions/download-artifact@v4
        with:
          pattern: shard-*
          path: ${at}shards/
          merge-multiple: true
      # The exit code is that of the whole run, so this job fails if a flow failed.
      - run: npx l4lab merge shards/* --report report
      - uses: actions/upload-artifact@v4
        if: \${{ !cancelled() }}
        with:
          name: report
          path: ${at}report/
`;
}

/** The same for GitLab. @param folder of the project in the repository; empty for the top */
export function gitlabWorkflow(folder: string): string {
  const at = folder === '' ? '' : `${folder}/`;
  const enter = folder === '' ? '' : `    - cd ${folder}\n`;
  return `# Runs every scenario on ${SHARDS} machines and merges their reports into one.
# The runners need a Docker engine that containers of the job may use (privileged, for the dind service).
stages: [scenarios, report]

default:
  image: node:22-bookworm
  cache:
    key:
      files: [${at}package-lock.json]
    paths: [.npm/]

variables:
  npm_config_cache: $CI_PROJECT_DIR/.npm

scenarios:
  stage: scenarios
  services:
    - docker:dind
  variables:
    DOCKER_HOST: tcp://docker:2375
    DOCKER_TLS_CERTDIR: ''
  parallel: ${SHARDS}
  script:
${enter}    - npm ci
    - npx l4lab setup
    - npx l4lab run --shard $CI_NODE_INDEX/$CI_NODE_TOTAL --report shards/$CI_NODE_INDEX
  artifacts:
    when: always
    paths: [${at}shards/]
    reports:
      junit: ${at}shards/*/junit.xml

report:
  stage: report
  when: always
  script:
${enter}    - npm ci
    - npx l4lab merge shards/* --report report
  artifacts:
    when: always
    paths: [${at}report/]
    expose_as: l4lab report
`;
}
