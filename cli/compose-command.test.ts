import { committedCompose, generatedCompose } from './compose-command.ts';

test('docker-compose.yml is what its scenario says (mend with: npm run compose)', () => {
  expect(committedCompose(process.cwd())).toBe(generatedCompose(process.cwd()));
});
