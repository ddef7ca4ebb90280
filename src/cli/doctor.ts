import { SnapshotError, messageOf } from '../errors';
import type { Diagnosis } from './diagnosis';
import { CHECKS } from './doctorChecks';
import { EXIT, type Output } from './output';

export interface DoctorOptions {
  /** Register and make what is missing and can be made. */
  readonly fix?: boolean;
  readonly json?: boolean;
}

/** Looks at every server, permission and promise that sealing rests on. Exit code 1 when something fails. */
export async function doctor({ fix = false, json = false }: DoctorOptions, output: Output): Promise<number> {
  const findings: Diagnosis[] = [];
  for (const [check, run] of CHECKS) {
    const found = await run(fix).catch((error: unknown) => [failed(check, error)]);
    findings.push(...found);
    if (!json) for (const finding of found) output.result(describe(finding));
  }
  if (json) output.result(JSON.stringify({ findings }));
  return findings.some(({ state }) => state === 'fail') ? EXIT.error : EXIT.ok;
}

function failed(check: string, error: unknown): Diagnosis {
  const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
  return { check, state: 'fail', found: `${code}: ${messageOf(error)}` };
}

function describe({ check, state, found, advice }: Diagnosis): string {
  const line = `[${state}]`.padEnd(7) + `${check}: ${found}`;
  return advice === undefined ? line : `${line}\n       ${advice}`;
}
