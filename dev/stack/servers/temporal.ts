import { Connection } from '@temporalio/client';
import { join } from 'node:path';
import { registerSearchAttributes } from '../../../src/temporal/searchAttributes';
import { SEARCH_ATTRIBUTES } from '../../../src/contract/searchAttributes';
import { SnapshotError, messageOf } from '../../../src/errors';
import type { ServerInstance, Server } from '../server';
import type { Environment } from '../serverName';
import { GO, type Tool } from '../tool';

const NAMESPACE = 'default';
const CALL_TIMEOUT_MS = 3_000;

const VERSION = '1.5.1';
const tool: Tool = {
  name: 'temporal',
  version: VERSION,
  binaries: ['temporal'],
  toolchain: GO,
  effort: 'go install, about 3 minutes',
  steps: (directory, go) => [
    {
      command: go,
      args: ['install', '-ldflags=-s -w', `github.com/temporalio/cli/cmd/temporal@v${VERSION}`],
      env: { CGO_ENABLED: '0', GOBIN: join(directory, 'bin') },
    },
  ],
  built: (directory) => join(directory, 'bin', 'temporal'),
  probe: ['--version'],
};

/** Temporal with its Web UI, on a database file: workflow executions survive a kill. */
export const temporal: Server = {
  name: 'temporal',
  title: 'Temporal',
  tool,
  urlVariable: 'TEMPORAL_ADDRESS',
  variables: ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_UI_URL'],
  portNames: ['grpc', 'ui', 'http', 'metrics'],
  prepare: ({ folder, ports }) => ({
    args: [
      ['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'warn'],
      ['--db-filename', join(folder, 'temporal.db')],
      ['--port', String(ports['grpc']), '--ui-port', String(ports['ui'])],
      ['--http-port', String(ports['http']), '--metrics-port', String(ports['metrics'])],
      ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
        '--search-attribute',
        `${name}=${type}`,
      ]),
    ].flat(),
    env: {},
  }),
  environment: ({ ports }) => ({
    TEMPORAL_ADDRESS: `127.0.0.1:${ports['grpc']}`,
    TEMPORAL_NAMESPACE: NAMESPACE,
    TEMPORAL_UI_URL: `http://127.0.0.1:${ports['ui']}`,
  }),
  reach: describeNamespace,
  provision: addSearchAttributes,
  check: describeNamespace,
};

/** The namespace appears a moment after the port: only both together are an answer. */
async function describeNamespace(variables: Environment): Promise<void> {
  await withConnection(variables, async (connection) => {
    await connection.workflowService.describeNamespace({
      namespace: variables['TEMPORAL_NAMESPACE'] ?? NAMESPACE,
    });
  });
}

/** The flags of a start reach a new database only; data of an older version gets the missing attributes here. */
async function addSearchAttributes(instance: ServerInstance): Promise<void> {
  await withConnection(temporal.environment(instance), (connection) =>
    registerSearchAttributes(connection, NAMESPACE),
  );
}

async function withConnection(
  variables: Environment,
  use: (connection: Connection) => Promise<void>,
): Promise<void> {
  const address = variables['TEMPORAL_ADDRESS'] ?? '';
  try {
    const connection = await Connection.connect({ address, connectTimeout: CALL_TIMEOUT_MS });
    try {
      await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => use(connection));
    } finally {
      await connection.close();
    }
  } catch (cause) {
    throw new SnapshotError(
      'TEMPORAL_UNREACHABLE',
      `Temporal at ${address} does not answer: ${messageOf(cause)}`,
      { retryable: true, cause },
    );
  }
}
