import { startProgressLines } from '../dev/stack/progress';
import { startStack, type RunningStack } from '../dev/stack/stack';

/** Starts the stack of the benchmarks and puts its addresses into the environment of this process. */
export async function startBenchStack(): Promise<RunningStack> {
  const progress = startProgressLines({ write: (line) => console.error(line) });
  try {
    const stack = await startStack({ name: 'bench', onProgress: progress.report });
    Object.assign(process.env, stack.env);
    return stack;
  } finally {
    progress.end();
  }
}

/** Runs a benchmark; prints `usage` instead when the command line contains `--help`. */
export function runBenchmark(usage: string, benchmark: () => Promise<void>): void {
  if (process.argv.includes('--help')) {
    console.log(usage);
    return;
  }
  benchmark().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
