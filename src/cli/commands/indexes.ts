import type { Command } from 'commander';
import { readLogConfig } from '../../config';
import { createIndexes, describeIndex, readIndexes, type IndexState } from '../../mongo/indexes';
import { action } from '../action';
import { openDatabase } from '../connections/database';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { renderTable } from '../table';

/** `indexes`: creates and checks the indexes of the database, so that no other process needs the right to create any. */
export function define(command: Command): void {
  command.description('create or check the indexes of the database');
  command
    .command('create')
    .description('create the missing indexes; running it again changes nothing')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot indexes create'))
    .action(action(create));
  command
    .command('check')
    .description('list the indexes and their state; exit code 1 if one is missing or has other options')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot indexes check --json'))
    .action(action(check));
}

async function create({ json = false }: JsonOption, output: Output): Promise<number> {
  await using database = await openDatabase();
  const created = await createIndexes(database.connection, readLogConfig());
  if (json) output.result(JSON.stringify({ created: created.map(viewOf) }));
  else if (created.length === 0) output.result('all indexes exist already');
  else for (const index of created) output.result(`created ${describeIndex(index)}`);
  return EXIT.ok;
}

async function check({ json = false }: JsonOption, output: Output): Promise<number> {
  await using database = await openDatabase();
  const indexes = await readIndexes(database.connection, readLogConfig());
  const complete = indexes.every(({ state }) => state === 'present');
  if (json) output.result(JSON.stringify({ complete, indexes: indexes.map(viewOf) }));
  else {
    const rows = indexes.map((index) => [index.state, describeIndex(index), index.name ?? '']);
    output.result(renderTable(['state', 'index', 'name'], rows));
    if (!complete) output.note('create the missing ones with: audit-snapshot indexes create');
  }
  return complete ? EXIT.ok : EXIT.error;
}

function viewOf({ collection, key, unique, state, name }: IndexState) {
  return { collection, key, unique, state, name };
}
