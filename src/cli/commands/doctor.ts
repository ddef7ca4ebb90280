import type { Command } from 'commander';
import { SnapshotError, messageOf } from '../../errors';
import { action } from '../action';
import type { Check } from '../doctor/check';
import { judgeDatabase, measureDatabase } from '../doctor/database';
import { judgeJobService, measureJobService } from '../doctor/jobService';
import { judgeLedger, measureLedger } from '../doctor/ledger';
import { judgeLeftOut, measureLeftOut } from '../doctor/leftOut';
import { judgeSigningKey, measureSigningKey } from '../doctor/signingKey';
import { judgeLock, judgeStorage, measureLock, measureStorage } from '../doctor/storage';
import { judgeStuck, measureStuck } from '../doctor/stuck';
import { judgeTemporal, measureTemporal } from '../doctor/temporal';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';

interface DoctorOptions extends JsonOption {
  readonly fix?: boolean;
}

/** In the order in which they run. Each measures first, then says what that means; one that throws has failed. */
const CHECKS: readonly (readonly [check: string, run: (fix: boolean) => Promise<readonly Check[]>])[] = [
  ['database', async (fix) => judgeDatabase(await measureDatabase(fix))],
  ['storage', async () => judgeStorage(await measureStorage())],
  ['object lock', async () => judgeLock(await measureLock())],
  ['ledger', async () => judgeLedger(await measureLedger())],
  ['records that sealing leaves out', async () => judgeLeftOut(await measureLeftOut())],
  ['signing key', async () => judgeSigningKey(await measureSigningKey())],
  ['Temporal', async (fix) => judgeTemporal(await measureTemporal(fix))],
  ['jobs', async () => judgeStuck(await measureStuck())],
  ['job service', async () => judgeJobService(await measureJobService())],
];

/** `doctor`: checks every server, permission and guarantee that sealing depends on. Exit code 1 when a check fails. */
export function define(command: Command): void {
  command
    .description('check every server that sealing needs, and whether the bucket really locks objects')
    .option('--fix', 'register missing search attributes and create missing indexes')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot doctor --fix'))
    .action(action(doctor));
}

async function doctor({ fix = false, json = false }: DoctorOptions, output: Output): Promise<number> {
  const checks: Check[] = [];
  for (const [name, run] of CHECKS) {
    const found = await run(fix).catch((error: unknown) => [failed(name, error)]);
    checks.push(...found);
    if (!json) for (const check of found) output.result(describe(check));
  }
  if (json) output.result(JSON.stringify({ checks }));
  return checks.some(({ state }) => state === 'fail') ? EXIT.error : EXIT.ok;
}

function failed(check: string, error: unknown): Check {
  const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
  return { check, state: 'fail', found: `${code}: ${messageOf(error)}` };
}

function describe({ check, state, found, advice }: Check): string {
  const line = `[${state}]`.padEnd(7) + `${check}: ${found}`;
  return advice === undefined ? line : `${line}\n       ${advice}`;
}
