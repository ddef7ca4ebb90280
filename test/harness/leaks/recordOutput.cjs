/**
 * `node -r` this file copies the arguments of a process and all that it prints to a file, so that the end of a test run can
 * search it for secrets. Copies are complete even if the process is killed.
 */
const { appendFileSync } = require('node:fs');
const path = require('node:path');
const { isMainThread } = require('node:worker_threads');

const directory = process.env['TEST_RUN_DIRECTORY'];

function copyTo(file, stream) {
  const write = stream.write.bind(stream);
  stream.write = (chunk, ...rest) => {
    appendFileSync(file, chunk);
    return write(chunk, ...rest);
  };
}

// The output of a thread is that of its process.
if (directory !== undefined && isMainThread) {
  const file = path.join(directory, 'output', `${process.pid}-${Date.now()}.log`);
  appendFileSync(file, `${[...process.execArgv, ...process.argv].join(' ')}\n`);
  copyTo(file, process.stdout);
  copyTo(file, process.stderr);
}
