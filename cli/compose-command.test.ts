import { here } from '../harness/project/testing/here.ts';
import { committedCompose, generatedCompose } from './compose-command.ts';

test('docker-compose.yml is what its scenario says (mend with: npm run compose)', () => {
  expect(committedCompose(here.root)).toBe(generatedCompose(here));
});
