/** Unit tests stand beside their source; every scenario file is a test file of its own. */
const transform = {
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
  projects: [
    {
      displayName: 'unit',
      testMatch: ['<rootDir>/{harness,lb,reports,setup,image}/**/*.test.{ts,tsx}'],
      extensionsToTreatAsEsm: ['.ts', '.tsx'],
      transform,
    },
  ],
};
