import { mongo as driver } from 'mongoose';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { basename, join } from 'node:path';
import { SnapshotError, messageOf } from '../../../src/errors';
import { createDatabaseIndexes } from '../databaseIndexes';
import { initiateReplicaSet, REPLICA_SET } from './replicaSet';
import type { ServerInstance, Server, ServerCommand } from '../server';
import type { Environment } from '../serverName';
import { CARGO, type Tool } from '../tool';

const DATABASE = 'audit';
const CALL_TIMEOUT_MS = 3_000;

const VERSION = '0.5.3-beta.196';
const tool: Tool = {
  name: 'secantusd-rs',
  version: VERSION,
  binaries: ['mongod', 'secantusd-rs'],
  toolchain: CARGO,
  effort: 'cargo install, about 5 minutes',
  steps: (directory, cargo) => [
    {
      command: cargo,
      args: [
        ['install', 'secantus-mdb', '--version', VERSION, '--locked', '--ignore-rust-version'],
        ['--force', '--root', join(directory, 'root')],
      ].flat(),
      env: {
        CARGO_PROFILE_RELEASE_LTO: 'off',
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
        // cargo's own choice is a temporary folder, which an interrupted build loses
        CARGO_TARGET_DIR: join(directory, 'target'),
      },
    },
  ],
  built: (directory) => join(directory, 'root', 'bin', 'secantusd-rs'),
  probe: ['--help'],
};

/** A MongoDB wire server that acknowledges a write only when it is on disk. */
export const mongo: Server = {
  name: 'mongo',
  title: 'MongoDB',
  tool,
  urlVariable: 'MONGODB_URI',
  variables: ['MONGODB_URI'],
  portNames: ['wire'],
  prepare: (instance) => (isMongod(instance) ? prepareMongod(instance) : prepareSecantus(instance)),
  environment: ({ ports }) => ({
    // direct: also reaches a replica set that is not initiated yet, or is configured with an older port
    MONGODB_URI: `mongodb://127.0.0.1:${ports['wire']}/${DATABASE}?directConnection=true`,
  }),
  reach: ping,
  provision: async (instance) => {
    const environment = mongo.environment(instance);
    await withClient(environment, (client) =>
      initiateReplicaSet(client.db('admin'), `127.0.0.1:${instance.ports['wire']}`),
    );
    await createDatabaseIndexes(environment);
  },
  check: ping,
};

function isMongod({ binary }: ServerInstance): boolean {
  return basename(binary) === 'mongod';
}

function prepareMongod({ folder, ports }: ServerInstance): ServerCommand {
  const data = join(folder, 'mongod');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  return {
    args: [
      ['--bind_ip', '127.0.0.1', '--port', String(ports['wire']), '--dbpath', data],
      ['--replSet', REPLICA_SET, '--wiredTigerCacheSizeGB', '0.5'],
    ].flat(),
    env: {},
  };
}

function prepareSecantus({ folder, ports }: ServerInstance): ServerCommand {
  const config = join(folder, 'secantusd.toml');
  // an empty configuration file, so that none is picked up from the home directory or /etc
  writeFileSync(config, '', { mode: 0o600 });
  return {
    args: [
      ['--config', config, '--host', '127.0.0.1', '--port', String(ports['wire'])],
      ['--storage-path', join(folder, 'secantus'), '--cache-size', '512M'],
      // without it `j: true` is ignored and a kill loses acknowledged writes
      ['--sync-on-commit', '--log-level', 'WARNING'],
    ].flat(),
    env: {},
  };
}

async function ping(variables: Environment): Promise<void> {
  await withClient(variables, async (client) => {
    await client.db('admin').command({ ping: 1 });
  });
}

async function withClient(
  variables: Environment,
  use: (client: driver.MongoClient) => Promise<void>,
): Promise<void> {
  const uri = variables['MONGODB_URI'] ?? '';
  try {
    const client = new driver.MongoClient(uri, {
      serverSelectionTimeoutMS: CALL_TIMEOUT_MS,
      // the driver would load it by a dynamic import(), which a test runner's sandbox refuses
      runtimeAdapters: { os },
    });
    try {
      await use(client);
    } finally {
      await client.close();
    }
  } catch (cause) {
    if (cause instanceof SnapshotError) throw cause;
    // the URI may hold a password: only the driver's own words are shown
    throw new SnapshotError('DATABASE_UNREACHABLE', `MONGODB_URI does not answer: ${messageOf(cause)}`, {
      retryable: true,
      cause,
    });
  }
}
