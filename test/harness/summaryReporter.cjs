const { spawn } = require('node:child_process');
const { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

/**
 * Prints `N passed, N failed` last, from the results that Jest itself counted; a suite that could not run is a failure.
 * Starts the watchdog that bounds each suite. The summary so far is kept in a file, by default a temporary one, so that it
 * survives a run that is killed: suites that have not ended count as failures there.
 */
class SummaryReporter {
  #running = new Set();
  #directory = mkdtempSync(path.join(tmpdir(), 'audit-snapshot-suites-'));
  #summaryFile = process.env['TEST_SUMMARY_FILE'] ?? path.join(this.#directory, 'summary');
  #results = {};
  #watchdog;
  #settings;

  constructor(_globalConfig, { suiteSeconds }) {
    const { pid: jestPid } = process;
    const [directory, summaryFile] = [this.#directory, this.#summaryFile];
    this.#settings = { directory, summaryFile, jestPid, suiteSeconds };
    process.env['TEST_SUITES_DIRECTORY'] = directory;
  }

  onRunStart() {
    const args = [path.join(__dirname, 'suiteWatchdog.cjs'), JSON.stringify(this.#settings)];
    this.#watchdog = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    this.#watchdog.unref();
  }

  onTestFileStart({ path: suite }) {
    this.#running.add(suite);
    this.#save();
  }

  onTestFileResult({ path: suite }, _result, results) {
    this.#running.delete(suite);
    this.#results = results;
    for (const pid of readdirSync(this.#directory)) {
      const marker = path.join(this.#directory, pid);
      if (readFileSync(marker, 'utf8').includes(JSON.stringify(suite))) rmSync(marker);
    }
    this.#save();
  }

  onRunComplete(_contexts, results) {
    this.#watchdog?.kill();
    this.#running.clear();
    this.#results = results;
    this.#save();
    rmSync(this.#directory, { recursive: true, force: true });
    // After the summary of Jest's own reporter, which goes to another stream.
    process.once('exit', () => process.stdout.write(`\n${this.#summary()}\n`));
  }

  #save() {
    const unfinished = [...this.#running].map((suite) => `suite did not end: ${suite}`);
    writeFileSync(this.#summaryFile, [...unfinished, this.#summary(), ''].join('\n'));
  }

  #summary() {
    const count = (...members) => members.reduce((sum, member) => sum + (this.#results[member] ?? 0), 0);
    // Of stopStack.ts, which runs after this reporter was told that the tests have ended.
    const inTeardown = Number(process.env['TEST_TEARDOWN_FAILURES'] ?? 0);
    const failed = count('numFailedTests', 'numRuntimeErrorTestSuites') + this.#running.size + inTeardown;
    const skipped = count('numPendingTests', 'numTodoTests');
    const line = `${count('numPassedTests')} passed, ${failed} failed`;
    return skipped > 0 ? `${line}, ${skipped} skipped` : line;
  }
}

module.exports = SummaryReporter;
