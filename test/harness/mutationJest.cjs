const { projects, ...shared } = require('../../jest.config.cjs');

/** Mutants are tested by the unit tests of the evidence core that load nothing else: no server, no Temporal. */
module.exports = {
  ...shared,
  ...projects[0],
  rootDir: require('node:path').resolve(__dirname, '../..'),
  reporters: [],
  testMatch: ['<rootDir>/test/unit/{tlog,evidence,verify}/**/*.test.ts'],
  testPathIgnorePatterns: ['verifySnapshot\\.test\\.ts$'],
  testTimeout: 10_000,
};
