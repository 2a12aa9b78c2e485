import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import vue from 'eslint-plugin-vue';
import globals from 'globals';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';

/** An underscore says that a name is there for its place only. */
const unused = {
  args: 'after-used',
  argsIgnorePattern: '^_',
  varsIgnorePattern: '^_',
  caughtErrorsIgnorePattern: '^_',
  destructuredArrayIgnorePattern: '^_',
};

export default defineConfig(
  {
    ignores: [
      '**/dist/',
      '**/build/',
      '**/build-*/',
      '**/generated/',
      '**/node_modules/',
      '**/coverage/',
      'native/**/*.d.ts',
    ],
  },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'off',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'no-unused-vars': ['error', unused],
    },
  },
  { files: ['**/*.{js,mjs,cjs}'], languageOptions: { globals: globals.node } },

  // TypeScript everywhere.
  { files: ['**/*.{ts,vue}'], extends: [ts.configs.recommended] },
  {
    files: ['**/*.{ts,vue}'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', unused],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },

  // The daemon and the tests are checked with their types.
  {
    files: ['daemon/src/**/*.ts', 'test/**/*.ts'],
    languageOptions: {
      globals: globals.node,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/return-await': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // A test may claim what it has just set up.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },

  // The pages.
  { files: ['admin-ui/**/*.vue'], extends: [vue.configs['flat/recommended']] },
  {
    files: ['admin-ui/**/*.vue'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      // TypeScript knows which names there are.
      'no-undef': 'off',
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/no-v-html': 'error',
    },
  },
  { files: ['admin-ui/**/*.{js,ts,vue}'], languageOptions: { globals: globals.browser } },
  // Scripts that the browser runs as they are, before anything else.
  { files: ['admin-ui/public/**/*.js'], languageOptions: { sourceType: 'script' }, rules: { 'no-var': 'off' } },

  prettier,
);
