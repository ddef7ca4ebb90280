import type { Variables } from '../../../dev/stack/serverName';
import { plantControl } from './control';
import { LeakSearch } from './leakSearch';
import { KINDS, argumentsOf, readHistories, readOutputs, readRows, readStores } from './leakSources';
import { readSecrets } from './secretRegistry';

export interface LeakReport {
  /** Each leak in words, without the secret; also a place where the search is not able to find anything. */
  readonly leaks: readonly string[];
  readonly summary: string;
}

/**
 * Searches everything that a test run has written for its secrets: output of all processes, logs of the servers, arguments
 * (as `ps` shows them), decoded histories, rows, stored objects. A control in each place proves that the search sees it.
 */
export async function findLeaks(
  env: Variables,
  directories: { readonly run: string; readonly stack: string },
  stopSampling: () => readonly string[],
): Promise<LeakReport> {
  const control = await plantControl(env, directories.stack);
  const secrets = readSecrets(directories.run);
  const search = new LeakSearch(secrets, control);
  for (const source of readOutputs(directories.run, directories.stack)) search.look(source);
  for (const text of stopSampling()) search.look(argumentsOf(text));
  for await (const source of readHistories()) search.look(source);
  for await (const source of readRows(env['MONGODB_URI'] ?? '')) search.look(source);
  for (const source of readStores(directories.stack)) search.look(source);

  const { leaks, placesRead, bytesRead } = search;
  const summary = `${secrets.length} secrets searched for in ${placesRead} places, ${Math.round(bytesRead / 2 ** 20)} MiB: ${leaks.length} hits`;
  return { leaks: [...leaks, ...search.blindFor(KINDS)], summary };
}
