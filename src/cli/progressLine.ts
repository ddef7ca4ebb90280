import { SingleBar } from 'cli-progress';
import type { Progress } from '../contract/snapshot';

/** Shows how far something is, until it is ended. */
export interface ProgressDisplay {
  readonly update: (stage: string, done: number, total: number | undefined) => void;
  readonly end: () => void;
}

const LINE_EVERY_MS = 10_000;

/** A bar on a terminal, otherwise a line every ten seconds and at every new stage, with records a second and time left. */
export function showProgress(stream: NodeJS.WriteStream, nowMs: () => number = Date.now): ProgressDisplay {
  return stream.isTTY ? barDisplay(stream) : lineDisplay((line) => stream.write(`${line}\n`), nowMs);
}

function barDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
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
function lineDisplay(write: (line: string) => void, nowMs: () => number): ProgressDisplay {
  let stage = '';
  let since = { ms: nowMs(), done: 0 };
  let shownMs = Number.NEGATIVE_INFINITY;
  return {
    update(next, done, total) {
      const now = nowMs();
      if (next !== stage) since = { ms: now, done };
      else if (now - shownMs < LINE_EVERY_MS) return;
      stage = next;
      shownMs = now;
      const perSecond = ((done - since.done) * 1000) / Math.max(1, now - since.ms);
      const of = total === undefined ? '' : ` of ${total}`;
      const left =
        total !== undefined && perSecond >= 1 ? `, ${Math.ceil((total - done) / perSecond)} s left` : '';
      const rate = perSecond >= 1 ? `, ${Math.round(perSecond)} records/s` : '';
      write(`${stage.padEnd(11)} ${done}${of} records${rate}${left}`);
    },
    end: () => undefined,
  };
}

/** Sealing goes over each record twice: it is hashed, then marked. What counts depends on the stage. */
export function updateOf({
  stage,
  stored,
  marked,
  expected,
}: Progress): [string, number, number | undefined] {
  const done = stage === 'marking' || stage === 'recording' || stage === 'reporting' ? marked : stored;
  return [stage, done, expected];
}
