import { messageOf } from '../../src/errors';
import { embeddedInstance } from './bringUp';
import type { Server } from './server';
import { SERVER_NAMES, type Environment, type ServerName, type Variables } from './serverName';
import { CATALOG } from './servers/catalog';
import type { StackDirectory } from './stackDirectory';
import { readState, runningProcess, type ServerRecord } from './state';

export interface ServerStatus {
  readonly server: ServerName;
  readonly title: string;
  /** `unhealthy`: the process runs or the address is set, but the server is not ready. */
  readonly state: 'running' | 'external' | 'unhealthy' | 'stopped';
  readonly address: string | undefined;
  readonly pid: number | undefined;
  readonly logPath: string | undefined;
  readonly reason: string | undefined;
}

/** Asks every server of the stack how it is; a stack that never ran has four stopped ones. */
export async function readStatus(
  directory: StackDirectory,
  environment: Environment,
): Promise<ServerStatus[]> {
  const state = readState(directory);
  return Promise.all(
    SERVER_NAMES.map((name) => statusOf(CATALOG[name], state[name], directory, environment)),
  );
}

/** The environment that the stack gives to programs; for an external server, what `environment` has about it. */
export function readStackEnvironment(directory: StackDirectory, environment: Environment): Variables {
  const state = readState(directory);
  return Object.assign(
    {},
    ...SERVER_NAMES.map((name) => variablesOf(CATALOG[name], state[name], directory, environment)),
  );
}

/** The variables of one server; none when the stack has no record of it. */
function variablesOf(
  server: Server,
  record: ServerRecord | undefined,
  directory: StackDirectory,
  environment: Environment,
): Variables {
  if (record === undefined) return {};
  if (record.kind === 'embedded') return server.environment(embeddedInstance(server, directory, record));
  const names = server.variables.flatMap((name) => [name, `${name}_FILE`]);
  const entries = names.map((name) => [name, environment[name]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== ''));
}

async function statusOf(
  server: Server,
  record: ServerRecord | undefined,
  directory: StackDirectory,
  environment: Environment,
): Promise<ServerStatus> {
  const embedded = record?.kind === 'embedded';
  const pid = runningProcess(record)?.pid;
  const variables = variablesOf(server, record, directory, environment);
  const common = {
    server: server.name,
    title: server.title,
    address: record?.kind === 'external' ? record.address : variables[server.urlVariable],
    pid,
    logPath: embedded ? directory.logPath(server.name) : undefined,
    reason: undefined,
  };
  if (record === undefined || (embedded && pid === undefined)) return { ...common, state: 'stopped' };
  try {
    await server.check(variables);
    return { ...common, state: embedded ? 'running' : 'external' };
  } catch (error) {
    return { ...common, state: 'unhealthy', reason: messageOf(error) };
  }
}
