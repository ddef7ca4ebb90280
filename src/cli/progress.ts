import { SingleBar } from 'cli-progress';
import type { Progress } from '../contract/snapshot';
import { isQuiet } from './output';

/** Shows how far an operation is, until it is disposed of. Counts are records. */
export interface ProgressDisplay extends Disposable {
  readonly update: (stage: string, done: number, total: number | undefined) => void;
  /** Shows the progress of a run as its workflow reports it. */
  readonly updateRun: (progress: Progress) => void;
}

type Renderer = Pick<ProgressDisplay, 'update'> & { readonly end: () => void };

const LINE_EVERY_MS = 10_000;

/** A bar on a terminal, otherwise a line every ten seconds and at every new stage, with records per second and time left. */
export function showProgress(
  stream: NodeJS.WriteStream = process.stderr,
  nowMs: () => number = Date.now,
): ProgressDisplay {
  const { update, end } = rendererFor(stream, nowMs);
  return {
    update,
    updateRun: ({ stage, stored, marked, expected }) => {
      // Sealing passes over each record twice: it is hashed, then marked. What counts depends on the stage.
      const isMarking = stage === 'marking' || stage === 'recording' || stage === 'reporting';
      update(stage, isMarking ? marked : stored, expected);
    },
    [Symbol.dispose]: end,
  };
}

function rendererFor(stream: NodeJS.WriteStream, nowMs: () => number): Renderer {
  if (isQuiet()) return { update: () => undefined, end: () => undefined };
  if (stream.isTTY) return barRenderer(stream, nowMs);
  return lineRenderer((line) => void stream.write(`${line}\n`), nowMs);
}

function barRenderer(stream: NodeJS.WriteStream, nowMs: () => number): Renderer {
  const format = '{stage} [{bar}] {percentage}% {value}/{total} records{left}';
  const bar = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: true, barsize: 30 });
  const pace = new Pace(nowMs);
  let started = false;
  return {
    update(stage, done, total) {
      const shown = { stage: stage.padEnd(11), left: timeLeft(done, total, pace.perSecond(stage, done)) };
      if (!started) bar.start(total ?? 0, done, shown);
      started = true;
      bar.setTotal(Math.max(total ?? 0, done, 1));
      bar.update(done, shown);
    },
    end: () => bar.stop(),
  };
}

/** Lines for logs and pipes. `write` gets no newline. */
function lineRenderer(write: (line: string) => void, nowMs: () => number): Renderer {
  const pace = new Pace(nowMs);
  let stage = '';
  let shownMs = Number.NEGATIVE_INFINITY;
  return {
    update(next, done, total) {
      const now = nowMs();
      const perSecond = pace.perSecond(next, done);
      if (next === stage && now - shownMs < LINE_EVERY_MS) return;
      stage = next;
      shownMs = now;
      write(formatLine(stage, done, total, perSecond));
    },
    end: () => undefined,
  };
}

function formatLine(stage: string, done: number, total: number | undefined, perSecond: number): string {
  const count = total === undefined ? `${done}` : `${done} of ${total}`;
  const rate = perSecond >= 1 ? `, ${Math.round(perSecond)} records/s` : '';
  return `${stage.padEnd(11)} ${count} records${rate}${timeLeft(done, total, perSecond)}`;
}

/** Nothing as long as there is no pace to tell it from. */
function timeLeft(done: number, total: number | undefined, perSecond: number): string {
  if (total === undefined || total <= done || perSecond < 1) return '';
  return `, ${Math.ceil((total - done) / perSecond)} s left`;
}

/** Records per second since the stage began. */
class Pace {
  readonly #nowMs: () => number;
  #stage = '';
  #start = { ms: 0, done: 0 };

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  perSecond(stage: string, done: number): number {
    const ms = this.#nowMs();
    if (stage !== this.#stage) this.#start = { ms, done };
    this.#stage = stage;
    return ((done - this.#start.done) * 1000) / Math.max(1, ms - this.#start.ms);
  }
}
