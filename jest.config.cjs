const shared = {
  rootDir: __dirname,
  testEnvironment: '<rootDir>/test/harness/sharedCompilation.cjs',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, sourceMaps: 'inline' },
    ],
    // Published as ESM only, which Jest can load only transformed.
    '/node_modules/(cookie|jose)/.+\\.js$': [
      '@swc/jest',
      { jsc: { target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  setupFilesAfterEnv: ['<rootDir>/test/harness/suiteMarker.cjs'],
  transformIgnorePatterns: ['/node_modules/(?!(cookie|jose)/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.stack/', '<rootDir>/.stryker-tmp/'],
};

/** Unit tests need no server; integration tests share one embedded stack, on which each file has its own deployment. */
module.exports = {
  maxWorkers: 2,
  // Integration tests start processes; a unit test that takes this long hangs.
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/harness/longestFirst.cjs',
  reporters: [
    'default',
    [
      '<rootDir>/test/harness/summaryReporter.cjs',
      { suiteSeconds: { unit: 600, integration: 1200, alerts: 3600 } },
    ],
  ],
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/integration/**/*.test.ts'],
      globalSetup: '<rootDir>/test/harness/startStack.ts',
      globalTeardown: '<rootDir>/test/harness/stopStack.ts',
    },
    {
      ...shared,
      displayName: 'alerts',
      testMatch: ['<rootDir>/test/campaign/alerts.test.ts'],
      globalSetup: '<rootDir>/test/harness/startStack.ts',
      globalTeardown: '<rootDir>/test/harness/stopStack.ts',
    },
  ],
};
