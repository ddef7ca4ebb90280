import { stopProcess } from './process';
import type { OnProgress } from './progress';
import type { ServerName } from './serverName';
import type { StackDirectory } from './stackDirectory';
import { readState, runningProcess, saveRecord } from './state';

/** Stops these embedded servers, gracefully first, all at once; ports and data stay. The caller holds the stack's lock. */
export async function stopServers(
  directory: StackDirectory,
  names: readonly ServerName[],
  onProgress: OnProgress,
): Promise<void> {
  const startedAtMs = performance.now();
  await Promise.all(
    names.map(async (server) => {
      const record = readState(directory)[server];
      const running = runningProcess(record);
      if (record?.kind !== 'embedded') return;
      if (running !== undefined) {
        onProgress({ server, phase: 'stopping', elapsedMs: performance.now() - startedAtMs });
        await stopProcess(running);
        onProgress({ server, phase: 'stopped', elapsedMs: performance.now() - startedAtMs });
      }
      saveRecord(directory, server, { ...record, process: null, owner: null });
    }),
  );
}
