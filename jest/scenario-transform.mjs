// @ts-check
import { fileURLToPath } from 'node:url';

const DESCRIBE = fileURLToPath(new URL('../dist/jest-scenario.js', import.meta.url));

/** Makes a test file of a scenario file, so that jest finds, filters and shards scenarios as it does tests. */
export default {
  /**
   * @param {string} _text
   * @param {string} file
   */
  process: (_text, file) => ({
    code: `import { describeScenario } from ${JSON.stringify(DESCRIBE)};\ndescribeScenario(${JSON.stringify(file)});\n`,
  }),
};
