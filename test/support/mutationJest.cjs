const { projects, ...shared } = require('../../jest.config.cjs');

/** Mutants are judged by the unit tests of the evidence core and of what reads it; no server. */
module.exports = {
  ...shared,
  ...projects[0],
  rootDir: require('node:path').resolve(__dirname, '../..'),
  reporters: [],
  testMatch: ['<rootDir>/test/unit/evidence/**/*.test.ts', '<rootDir>/test/unit/ledger.test.ts'],
};
