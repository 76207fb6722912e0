/** Unit tests stand beside their source; every scenario file is a test file of its own. */
const typescript = {
  '^.+\\.tsx?$': [
    '@swc/jest',
    {
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', tsx: true },
        transform: { react: { runtime: 'automatic', importSource: 'preact' } },
      },
      module: { type: 'es6' },
    },
  ],
};

export default {
  maxWorkers: 2,
  projects: [
    {
      displayName: 'unit',
      testMatch: ['<rootDir>/{api,bench,checks,cli,core,harness,jest,lb,reports,setup,image}/**/*.test.{ts,tsx}'],
      extensionsToTreatAsEsm: ['.ts', '.tsx'],
      transform: typescript,
    },
    {
      displayName: 'scenarios',
      preset: 'l4lab',
    },
  ],
};
