import type { Environment } from '../../dev/stack/serverName';
import { CATALOG } from '../../dev/stack/servers/catalog';

/** The environment without the addresses that the test run's own stack put there: a stack started with it runs its own servers. */
export function embeddedEnvironment(): Environment {
  const named = new Set(Object.values(CATALOG).flatMap(({ variables }) => variables));
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !named.has(name)));
}
