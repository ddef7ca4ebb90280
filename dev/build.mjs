/**
 * Compiles to dist/ and prebuilds the workflow bundle, so that a worker starts without a bundler run. Types are checked by
 * `npm run check:types` alone: without them the build takes half the time.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';

const require = createRequire(import.meta.url);
if (process.stderr.isTTY) console.error('building audit-snapshot; this takes up to half a minute …');
const tsc = spawnSync(
  process.execPath,
  [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  {
    stdio: ['ignore', 2, 2],
  },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
copyFileSync('dev/stack/watchdogProcess.cjs', 'dist/dev/stack/watchdogProcess.cjs');
// `export` writes the program beside the evidence.
mkdirSync('dist/docs', { recursive: true });
for (const name of ['check.py', 'check_bson.py']) copyFileSync(`docs/${name}`, `dist/docs/${name}`);

const { bundleWorkflowCode } = require('@temporalio/worker');
const quiet = { trace() {}, debug() {}, info() {}, warn: console.error, error: console.error, log() {} };
/** Workers use the second one with traces turned on. */
const bundles = {
  'workflow-bundle.js': [],
  'workflow-bundle-traced.js': [require.resolve('../dist/workflows/tracing/traceWorkflow.js')],
};
for (const [name, workflowInterceptorModules] of Object.entries(bundles)) {
  const workflowsPath = require.resolve('../dist/workflows/index.js');
  const { code } = await bundleWorkflowCode({ workflowsPath, workflowInterceptorModules, logger: quiet });
  writeFileSync(`dist/${name}`, code);
}
if (existsSync('dist/src/cli/main.js')) chmodSync('dist/src/cli/main.js', 0o755);
