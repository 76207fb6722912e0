import js from '@eslint/js';
import ts from 'typescript-eslint';

/** Folders that must not be imported from a folder: imports go one way. */
const forbidden = {
  lb: ['harness', 'reports'],
  'harness/scenario': [
    'harness/fabric',
    'harness/agent',
    'cli',
    'harness/run',
    'harness/judge',
    'harness/observe',
    'reports',
  ],
  'harness/model': [
    'harness/fabric',
    'harness/agent',
    'cli',
    'harness/run',
    'harness/judge',
    'harness/observe',
    'reports',
  ],
  'harness/observe': ['harness/fabric', 'harness/agent', 'cli', 'harness/run', 'harness/judge', 'reports'],
  'harness/judge': ['harness/fabric', 'harness/agent', 'cli', 'harness/run', 'reports'],
  'harness/agent': ['harness/fabric', 'cli', 'harness/run', 'harness/judge', 'reports'],
  'harness/fabric': ['cli', 'harness/run', 'harness/judge', 'reports'],
  'harness/run': ['cli', 'reports'],
  reports: ['lb', 'harness/fabric', 'harness/agent', 'cli', 'harness/run'],
};

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'reports/latest/', 'coverage/'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  ...Object.entries(forbidden).map(([folder, targets]) => ({
    files: [`${folder}/**/*.{ts,tsx}`],
    ignores: ['**/*.test.ts', '**/*.test.tsx'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(\\.\\./)+(${targets.map((t) => t.replace('harness/', folder.startsWith('harness/') ? '(harness/)?' : 'harness/')).join('|')})/`,
              message: `${folder} must not import it: see ARCHITECTURE.md.`,
            },
          ],
        },
      ],
    },
  })),
  {
    files: ['**/*.{js,mjs}'],
    ...ts.configs.disableTypeChecked,
    languageOptions: {
      ...ts.configs.disableTypeChecked.languageOptions,
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly' },
    },
  },
);
