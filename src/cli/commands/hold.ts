import type { Command } from 'commander';
import { action } from '../action';
import { openObjectStore } from '../connections/objectStore';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { listSnapshotObjects } from '../snapshotObjects';

/** `hold`: S3 legal hold on all objects of a snapshot. */
export function define(command: Command): void {
  command.description('legal hold: while it is in force, nothing of a snapshot can be deleted');
  defineSwitch(command, 'add', 'put a snapshot under legal hold', true);
  defineSwitch(command, 'remove', 'end the legal hold of a snapshot; its retention stays', false);
}

function defineSwitch(hold: Command, name: string, description: string, held: boolean): void {
  hold
    .command(name)
    .description(description)
    .argument('<snapshotId>')
    .addOption(jsonOption())
    .addHelpText('after', example(`audit-snapshot hold ${name} snap-65f0c0ffee65f0c0ffee65f0`))
    .action(
      action((snapshotId: string, options: JsonOption, output: Output) =>
        setHold(snapshotId, held, options, output),
      ),
    );
}

/** Repeating it changes nothing. */
async function setHold(
  snapshotId: string,
  held: boolean,
  { json = false }: JsonOption,
  output: Output,
): Promise<number> {
  const store = openObjectStore();
  const objects = await listSnapshotObjects(store, snapshotId);
  for (const { key, versionId } of objects) await store.setLegalHold(key, versionId, held);
  output.result(
    json
      ? JSON.stringify({ snapshotId, objects: objects.length, legalHold: held })
      : `snapshot ${snapshotId}: legal hold ${held ? 'set on' : 'removed from'} ${objects.length} objects`,
  );
  return EXIT.ok;
}
