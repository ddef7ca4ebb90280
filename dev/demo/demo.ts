import { startProgressLines } from '../stack/progress';
import { startStack, type RunningStack } from '../stack/stack';
import { EXIT, type Output } from '../../src/cli/output';
import type { Child } from './childProcess';
import { startServices } from './services';
import { runScenes } from './steps';
import { Stages } from './stages';

export interface DemoOptions {
  readonly records: number;
  readonly keep?: boolean;
  readonly json?: boolean;
}

/**
 * The main job from end to end on real servers, and the proof that tampering shows. Exit code 0 only if every step held.
 * However it ends, no process stays behind; its data stays under `.stack/demo`.
 */
export async function runDemo(options: DemoOptions, output: Output): Promise<number> {
  const stages = new Stages(output);
  const children: Child[] = [];
  let stack: RunningStack | undefined;
  const interrupted = new Promise<number>((resolve) => {
    // Each signal, not only the first: a second Ctrl-C must not end this process in front of what it started.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve(EXIT.error));
  });
  void interrupted.then(() => output.note('\nstopping …'));
  const play = async (): Promise<number> => {
    stack = await bringUpStack(stages, output);
    const product = await stages.run('product', 'a worker and the job service', () =>
      startServices(stack!, (child) => children.push(child)),
    );
    // With --json the one result is the line below; what people read goes to stderr.
    const shown = options.json === true ? { ...output, result: output.note } : output;
    const { held, facts } = await runScenes(product, options.records, stages, shown);
    if (options.json === true) output.result(JSON.stringify({ held, seconds: stages.seconds, ...facts }));
    if (options.keep === true) {
      output.note(`\nleft running until Ctrl-C\n${product.whereabouts}`);
      await interrupted;
    } else output.note(`\nTemporal Web UI, while it runs (--keep): ${product.webUi}`);
    return held ? EXIT.ok : EXIT.error;
  };
  try {
    return await Promise.race([play(), interrupted]);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await stack?.stop();
  }
}

async function bringUpStack(stages: Stages, output: Output): Promise<RunningStack> {
  const progress = startProgressLines({ write: output.note });
  try {
    return await stages.run('stack', 'Temporal, MongoDB, Vault Transit and S3 with Object Lock', () =>
      startStack({ name: 'demo', onProgress: progress.report }),
    );
  } finally {
    progress.end();
  }
}
