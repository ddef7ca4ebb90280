import { SingleBar } from 'cli-progress';
import type { Progress } from '../contract/snapshot';

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
  const { update, end } = stream.isTTY
    ? barRenderer(stream)
    : lineRenderer((line) => void stream.write(`${line}\n`), nowMs);
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

function barRenderer(stream: NodeJS.WriteStream): Renderer {
  const format = '{stage} [{bar}] {percentage}% {value}/{total} records, {eta_formatted} left';
  const bar = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: true, barsize: 30 });
  let started = false;
  return {
    update(stage, done, total) {
      if (!started) bar.start(total ?? 0, done, { stage: stage.padEnd(11) });
      started = true;
      bar.setTotal(Math.max(total ?? 0, done, 1));
      bar.update(done, { stage: stage.padEnd(11) });
    },
    end: () => bar.stop(),
  };
}

/** Lines for logs and pipes. `write` gets no newline. */
function lineRenderer(write: (line: string) => void, nowMs: () => number): Renderer {
  let stage = '';
  let stageStart = { ms: nowMs(), done: 0 };
  let shownMs = Number.NEGATIVE_INFINITY;
  return {
    update(next, done, total) {
      const now = nowMs();
      if (next !== stage) stageStart = { ms: now, done };
      else if (now - shownMs < LINE_EVERY_MS) return;
      stage = next;
      shownMs = now;
      const perSecond = ((done - stageStart.done) * 1000) / Math.max(1, now - stageStart.ms);
      write(formatLine(stage, done, total, perSecond));
    },
    end: () => undefined,
  };
}

function formatLine(stage: string, done: number, total: number | undefined, perSecond: number): string {
  const count = total === undefined ? `${done}` : `${done} of ${total}`;
  const rate = perSecond >= 1 ? `, ${Math.round(perSecond)} records/s` : '';
  const left =
    total !== undefined && perSecond >= 1 ? `, ${Math.ceil((total - done) / perSecond)} s left` : '';
  return `${stage.padEnd(11)} ${count} records${rate}${left}`;
}
