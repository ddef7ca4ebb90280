/** The program of the threads of `scanThreads.ts`. It loads only what reading a chunk needs. */
import { parentPort } from 'node:worker_threads';
import { scanChunk, type ScanTask } from './scanChunk';

/** One chunk at a time, in the order in which they arrive: answers have no names. */
let answered = Promise.resolve();
parentPort?.on('message', (task: ScanTask) => {
  // A failure that scanChunk does not know ends the thread, and reaches the other side as its error.
  answered = answered.then(() => answer(task));
});

async function answer(task: ScanTask): Promise<void> {
  const result = await scanChunk(task);
  const { fingerprints, hashTexts } = result.records ?? {};
  // The texts of a small chunk are in a buffer that others share; they are copied.
  const moved = [fingerprints, hashTexts].filter((part) => part?.buffer.byteLength === part?.byteLength);
  parentPort?.postMessage(
    result,
    moved.flatMap((part) => (part ? [part.buffer as ArrayBuffer] : [])),
  );
}
