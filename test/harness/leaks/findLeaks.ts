import type { Variables } from '../../../dev/stack/serverName';
import { plantControl } from './control';
import {
  KINDS,
  readHistories,
  readOutputs,
  readRows,
  readStores,
  type Kind,
  type Source,
} from './leakSources';
import { readSecrets } from './secretRegistry';
import { SecretSearch } from './secretSearch';

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
  const search = new SecretSearch([...secrets, control]);
  const leaks: string[] = [];
  const controlled = new Set<Kind>();
  let [sources, bytesRead] = [0, 0];
  const look = ({ kind, name, bytes }: Source) => {
    sources++;
    bytesRead += bytes.length;
    for (const found of search.find(bytes))
      if (found === control.name) controlled.add(kind);
      else leaks.push(`${found} is in ${kind} ${name}`);
  };

  for (const source of readOutputs(directories.run, directories.stack)) look(source);
  for (const text of stopSampling())
    look({ kind: 'arguments', name: text.slice(0, 60), bytes: Buffer.from(text) });
  for await (const source of readHistories()) look(source);
  for await (const source of readRows(env['MONGODB_URI'] ?? '')) look(source);
  for (const source of readStores(directories.stack)) look(source);

  const blind = KINDS.filter((kind) => !controlled.has(kind)).map(
    (kind) => `the search for secrets does not see what is in ${kind}`,
  );
  const summary = `${secrets.length} secrets searched for in ${sources} places, ${Math.round(bytesRead / 2 ** 20)} MiB: ${leaks.length} hits`;
  return { leaks: [...leaks, ...blind], summary };
}
