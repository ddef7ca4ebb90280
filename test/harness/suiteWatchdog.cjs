/**
 * Kills the process of a suite that runs for too long: Jest's own timeout cannot end a synchronous loop. A process of its
 * own, because the loop may run in Jest's process. Jest reports a killed worker as a failed suite and starts another one.
 *
 * Argument: JSON with the directory of the suite markers, the file of the summary so far, the pid of Jest, and the seconds
 * that a suite of each kind may take.
 */
const { readFileSync, readdirSync, rmSync } = require('node:fs');
const path = require('node:path');

const POLL_MS = 1_000;
const { directory, summaryFile, jestPid, suiteSeconds } = JSON.parse(process.argv[2]);
const killed = new Set();

function limitOf(suite) {
  const kind = Object.keys(suiteSeconds).find((name) => suite.includes(`/test/${name}/`));
  return kind === undefined ? Number.POSITIVE_INFINITY : suiteSeconds[kind];
}

/** The suites under way by pid; a marker that is being written or removed is skipped. */
function* readMarkers() {
  for (const pid of readdirSync(directory)) {
    try {
      yield { pid: Number(pid), ...JSON.parse(readFileSync(path.join(directory, pid), 'utf8')) };
    } catch {
      continue;
    }
  }
}

function poll() {
  // Throws when Jest has ended, and with it the suites.
  process.kill(jestPid, 0);
  for (const { pid, suite, startedMs } of readMarkers()) {
    const seconds = limitOf(suite);
    if (killed.has(pid) || Date.now() - startedMs < seconds * 1000) continue;
    killed.add(pid);
    process.stderr.write(`\nsuite killed, because it did not end within ${seconds} s: ${suite}\n`);
    if (pid === jestPid) killJest();
    else kill(pid);
  }
}

/** A process that has ended meanwhile is left alone. */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Jest removes its marker.
  }
}

/** The suite runs in the process of Jest, which therefore cannot print its summary. */
function killJest() {
  process.kill(jestPid, 'SIGKILL');
  process.stdout.write(`\n${readFileSync(summaryFile, 'utf8')}`);
  rmSync(directory, { recursive: true, force: true });
  process.exit();
}

setInterval(() => {
  try {
    poll();
  } catch {
    process.exit();
  }
}, POLL_MS);
