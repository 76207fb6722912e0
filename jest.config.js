/** Unit tests stand beside their source; every scenario file is a test file of its own, as in any user's project. */
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
  // Most tests wait for packets, timers and other processes: four share two CPUs well.
  maxWorkers: 4,
  projects: [
    {
      displayName: 'unit',
      testMatch: ['<rootDir>/{api,bench,checks,cli,core,harness,jest,lb,lint,reports,setup,image}/**/*.test.{ts,tsx}'],
      extensionsToTreatAsEsm: ['.ts', '.tsx'],
      transform: typescript,
      // Scenarios write the report, which must not set off the next run.
      watchPathIgnorePatterns: ['<rootDir>/reports/latest/'],
    },
    {
      displayName: 'scenarios',
      preset: 'l4lab',
    },
  ],
};
