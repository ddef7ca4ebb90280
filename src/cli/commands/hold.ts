import type { Command } from 'commander';
import { action } from '../action';
import { openObjectStore } from '../connections/objectStore';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { LEDGER, listLockedObjects } from '../ledgerObjects';

/** `hold`: S3 legal hold on all objects of a snapshot. */
export function define(command: Command): void {
  command.description(
    'legal hold: while it is in force, nothing of a snapshot or of the ledger can be deleted',
  );
  defineSwitch(command, 'add', 'put a snapshot, and the ledger that it needs, under legal hold', true);
  defineSwitch(
    command,
    'remove',
    'end the legal hold of a snapshot, or of the ledger; the retention stays',
    false,
  );
}

function defineSwitch(hold: Command, name: string, description: string, held: boolean): void {
  hold
    .command(name)
    .description(description)
    .argument('<snapshotId>', 'id of a snapshot, or "ledger" for the ledger alone')
    .addOption(jsonOption())
    .addHelpText('after', example(`audit-snapshot hold ${name} snap-65f0c0ffee65f0c0ffee65f0`))
    .action(
      action((snapshotId: string, options: JsonOption, output: Output) =>
        setHold(snapshotId, held, options, output),
      ),
    );
}

/** Repeating it changes nothing. The hold on the ledger stays when one snapshot is released: others may need it. */
async function setHold(
  snapshotId: string,
  held: boolean,
  { json = false }: JsonOption,
  output: Output,
): Promise<number> {
  const store = openObjectStore();
  const { snapshot, ledger } = await listLockedObjects(store, snapshotId);
  const objects = held || snapshotId === LEDGER ? [...ledger, ...snapshot] : snapshot;
  for (const { key, versionId } of objects) await store.setLegalHold(key, versionId, held);
  output.result(
    json
      ? JSON.stringify({ snapshotId, objects: objects.length, legalHold: held })
      : `${snapshotId === LEDGER ? snapshotId : `snapshot ${snapshotId}`}: legal hold ${held ? 'set on' : 'removed from'} ${objects.length} objects`,
  );
  return EXIT.ok;
}
