/** Tells the suite watchdog which suite this process runs. Without a reporter there is no directory, and no watchdog. */
const { writeFileSync } = require('node:fs');
const path = require('node:path');

const directory = process.env['TEST_SUITES_DIRECTORY'];
if (directory !== undefined) {
  const marker = { suite: expect.getState().testPath, startedMs: Date.now() };
  writeFileSync(path.join(directory, String(process.pid)), JSON.stringify(marker));
}
