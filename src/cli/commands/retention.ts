import type { Command } from 'commander';
import { parseInstantMs } from '../../contract/window';
import { SnapshotError } from '../../errors';
import type { ObjectStore } from '../../ports/objectStore';
import { action } from '../action';
import { openObjectStore } from '../connections/objectStore';
import { example, jsonOption, yesOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { LEDGER, listLockedObjects } from '../ledgerObjects';
import type { ObjectVersion } from '../snapshotObjects';

/** A lock cannot be shortened, so one that ends later than this is likely a slip of the pen. */
const MAX_YEARS_UNCONFIRMED = 30;

/** `retention`: S3 Object Lock retention of all objects of a snapshot. */
export function define(command: Command): void {
  command.description('how long the objects of a snapshot and of the ledger are locked');
  command
    .command('extend')
    .description(
      'lock the objects of a snapshot, and those of the ledger, for longer; a lock is never shortened',
    )
    .argument('<snapshotId>', 'id of a snapshot, or "ledger" for the ledger alone')
    .requiredOption('--until <instant>', 'end of the lock, e.g. 2040-01-31T00:00:00Z')
    .addOption(yesOption(`confirm a lock for more than ${MAX_YEARS_UNCONFIRMED} years`))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example('audit-snapshot retention extend snap-65f0c0ffee65f0c0ffee65f0 --until 2040-01-31T00:00:00Z'),
    )
    .action(action(extend));
}

/** LOCK_REFUSED, before anything is changed, when an object is locked for longer already. */
async function extend(
  snapshotId: string,
  options: JsonOption & { readonly until: string; readonly yes?: boolean },
  output: Output,
): Promise<number> {
  const ms = parseInstantMs(options.until);
  if (ms === undefined)
    throw new SnapshotError('USAGE_INVALID', `--until is not an instant with an offset: ${options.until}`);
  const until = new Date(ms);
  if (options.yes !== true && until.getUTCFullYear() > new Date().getUTCFullYear() + MAX_YEARS_UNCONFIRMED)
    throw new SnapshotError(
      'USAGE_INVALID',
      `a lock until ${options.until} lasts longer than ${MAX_YEARS_UNCONFIRMED} years, and nobody can shorten it; give --yes if you mean it`,
    );
  const store = openObjectStore();
  const { snapshot, ledger } = await listLockedObjects(store, snapshotId);
  for (const object of snapshot) await requireExtension(store, object, until);
  const objects = [...ledger, ...snapshot];
  for (const { key, versionId } of objects) await store.extendLock(key, versionId, until);
  output.result(
    options.json === true
      ? JSON.stringify({ snapshotId, objects: objects.length, until: until.toISOString() })
      : `${nameOf(snapshotId)}: ${objects.length} objects locked until ${until.toISOString()}, ${ledger.length} of them of the ledger`,
  );
  return EXIT.ok;
}

function nameOf(target: string): string {
  return target === LEDGER ? target : `snapshot ${target}`;
}

async function requireExtension(
  store: ObjectStore,
  { key, versionId }: ObjectVersion,
  until: Date,
): Promise<void> {
  const lock = await store.readLock(key, versionId);
  if (!lock || lock.until <= until) return;
  const message = `a lock is never shortened: the present one lasts until ${lock.until.toISOString()}, which is later than ${until.toISOString()} [key=${key}]`;
  throw new SnapshotError('LOCK_REFUSED', message);
}
