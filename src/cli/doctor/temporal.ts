import {
  missingIfListed,
  registerCommand,
  registerSearchAttributes,
  type SearchAttribute,
} from '../../temporal/searchAttributes';
import { openTemporal } from '../connections/temporal';
import type { Check } from './check';

interface TemporalFacts {
  readonly address: string;
  readonly namespace: string;
  /** Before the repair; undefined: the server does not let this process list them. */
  readonly missingAttributes: readonly SearchAttribute[] | undefined;
  readonly repaired: boolean;
}

/** Reaches the namespace and compares its search attributes; `fix` registers the missing ones. TEMPORAL_*. */
export async function measureTemporal(fix: boolean): Promise<TemporalFacts> {
  await using temporal = await openTemporal();
  const { connection, config } = temporal;
  const { address, namespace } = config;
  const missingAttributes = await missingIfListed(connection, namespace);
  if (fix && missingAttributes !== undefined) await registerSearchAttributes(connection, namespace);
  return { address, namespace, missingAttributes, repaired: fix };
}

/** The checks of the doctor about Temporal: reachable, search attributes. */
export function judgeTemporal(facts: TemporalFacts): readonly Check[] {
  const { address, namespace } = facts;
  return [
    { check: 'Temporal', state: 'ok', found: `${address}, namespace ${namespace}` },
    judgeSearchAttributes(facts),
  ];
}

function judgeSearchAttributes({ namespace, missingAttributes, repaired }: TemporalFacts): Check {
  const check = 'search attributes';
  if (missingAttributes === undefined) {
    const found = `cannot be listed in namespace ${namespace}`;
    return { check, state: 'warn', found, advice: 'compare them with docs/temporal.md' };
  }
  const names = missingAttributes.map(([name]) => name).join(', ');
  if (names === '') return { check, state: 'ok', found: 'all present' };
  if (repaired) return { check, state: 'ok', found: `registered: ${names}` };
  const advice = `audit-snapshot doctor --fix; or: ${registerCommand(namespace, missingAttributes)}`;
  return { check, state: 'fail', found: `missing: ${names}`, advice };
}
