// @ts-check

/** Made of run-tests.ts: an ES module, which jest 29 cannot load itself. */
const PROGRAM = '../dist/jest-runner.js';

/** Runs the scenarios that jest found, all by one run. */
module.exports = class ScenarioRunner {
  /** @param {import('./run-tests.ts').JestConfig} config */
  constructor(config) {
    this.config = config;
  }

  /**
   * @param {import('@jest/test-result').Test[]} tests
   * @param {import('./run-tests.ts').Watcher} watcher
   * @param {import('./run-tests.ts').JestCallbacks['onStart']} onStart
   * @param {import('./run-tests.ts').JestCallbacks['onResult']} onResult
   * @param {import('./run-tests.ts').JestCallbacks['onFailure']} onFailure
   */
  async runTests(tests, watcher, onStart, onResult, onFailure) {
    /** @type {typeof import('./run-tests.ts')} */
    const { runTests } = await import(PROGRAM);
    await runTests(tests, { config: this.config, watcher, callbacks: { onStart, onResult, onFailure } });
  }
};
