import { connectDatabase } from '../mongo/connection';
import { readDatabaseConfig, readSealingConfig } from '../config';
import type { Window } from '../contract/window';
import { AuditService } from '../services/audit.service';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { EXIT, type Output } from './output';

/** Says what sealing a window would find, and writes nothing. DATABASE_*. */
export async function dryRun(window: Window, json: boolean, output: Output): Promise<number> {
  const connection = await connectDatabase(readDatabaseConfig().uri);
  try {
    const { origin } = readSealingConfig();
    const unsealed = await new AuditService(connection).countUnsealed(window);
    const overlaps = await new MongoSnapshotRepository(connection).listSignedOverlaps(origin, window, '');
    const snapshots = overlaps.map(({ snapshotId, window: { from, to }, manifest }) => ({
      snapshotId,
      from,
      to,
      recordCount: manifest?.recordCount ?? 0,
    }));
    if (json) {
      output.result(JSON.stringify({ dryRun: true, window, unsealed, snapshots }));
      return EXIT.ok;
    }
    output.result(`would seal ${unsealed} records of ${window.from} → ${window.to}; nothing was written`);
    for (const { snapshotId, from, to, recordCount } of snapshots)
      output.result(`sealed there already: ${snapshotId}, ${from} → ${to}, ${recordCount} records`);
    return EXIT.ok;
  } finally {
    await connection.close();
  }
}
