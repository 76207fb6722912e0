// @ts-check

/**
 * Every scenario of a project is a jest test file: `preset: 'l4lab'`. CommonJS, since jest 29 loads presets and runners
 * by `require`, whatever the project is made of.
 */
module.exports = {
  testMatch: ['<rootDir>/scenarios/**/*.{yaml,yml}'],
  // jest wants `js`; with `json` the report would set off the next run in watch mode.
  moduleFileExtensions: ['yaml', 'yml', 'js'],
  transform: {},
  runner: require.resolve('./runner.cjs'),
};
