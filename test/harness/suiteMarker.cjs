/** Tells the suite watchdog which suite this process runs. Without a reporter there is no directory, and no watchdog. */
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

const directory = process.env['TEST_SUITES_DIRECTORY'];
if (directory !== undefined) {
  const suite = { path: expect.getState().testPath, startedMs: Date.now() };
  writeFileSync(join(directory, String(process.pid)), JSON.stringify(suite));
}
