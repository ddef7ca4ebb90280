/** Runs npm scripts side by side, one for each processor. Prints the output of each when it ends, and ends with 1 if one failed. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const waiting = process.argv.slice(2);

async function run(script) {
  const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => output.push(part));
  const code = await new Promise((end) => child.once('close', end));
  process.stdout.write(Buffer.concat(output));
  if (code === 0) return;
  process.exitCode = 1;
  console.error(`npm run ${script} failed`);
}

async function runNext() {
  for (let script = waiting.shift(); script !== undefined; script = waiting.shift()) await run(script);
}

await Promise.all(Array.from({ length: availableParallelism() }, runNext));
