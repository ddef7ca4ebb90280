import { mongo } from 'mongoose';
import { SnapshotError } from '../../src/errors';
import { toDatabaseError } from '../../src/mongo/errors';
import type { ObjectStore } from '../../src/ports/objectStore';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { toTemporalError } from '../../src/temporal/errors';
import { tsaClient } from '../../src/tsa/tsaClient';
import { VaultHttp } from '../../src/vault/vaultHttp';
import { VaultSigner } from '../../src/vault/vaultSigner';
import { startScriptedServer, type ReceivedRequest } from '../harness/scriptedServer';
import { storageConfigFor } from '../harness/storageConfig';
import {
  ANSWER_KINDS,
  answerAs,
  answerWell,
  type AnsweringRole,
  type AnswerKind,
} from '../harness/httpAnswers';
import type { FaultKind } from './plan';

/**
 * What the adapters of the product make of an answer, by `port.method kind`: an error in most cases. The simulation has
 * fakes in place of the adapters, so each adapter is asked once, over a socket, and the simulation repeats its outcome.
 */
export type ServerAnswers = ReadonlyMap<string, SnapshotError>;

/** Long enough for a busy machine; for answers that never come, short enough to wait for. */
const LONG_MS = 20_000;
const SHORT_MS = 400;
const UNTIL = new Date('2030-01-01T00:00:00.000Z');
const BYTES = Buffer.from('bytes');

type Call = () => Promise<unknown>;

/** The failure of a call when its server answers like this; undefined where no such answer exists. */
export function answerTo(answers: ServerAnswers, site: string, kind: string): SnapshotError | undefined {
  const known = answers.get(`${site} ${kind}`) ?? answers.get(`${site.replace(/\..*$/, '')} ${kind}`);
  // A copy, as each call of an adapter throws its own error.
  return known && new SnapshotError(known.code, known.message, { retryable: known.retryable });
}

/** False for the answer of a server to a call that it cannot have. */
export function isPossible(answers: ServerAnswers, site: string, kind: FaultKind): boolean {
  return !isAnswer(kind) || answerTo(answers, site, kind) !== undefined;
}

export function isAnswer(kind: FaultKind | undefined): kind is AnswerKind {
  return (ANSWER_KINDS as readonly (FaultKind | undefined)[]).includes(kind);
}

let recorded: Promise<ServerAnswers> | undefined;

/** Recorded once in a process. */
export function recordServerAnswers(): Promise<ServerAnswers> {
  recorded ??= record();
  return recorded;
}

async function record(): Promise<ServerAnswers> {
  const answers = new Map<string, SnapshotError>();
  await using server = await startScriptedServer((request, response) => {
    const kind = faultyKind(request);
    if (kind === undefined) answerWell(request, response);
    else answerAs(kind, serverOf(request), response);
  });
  const calls = ANSWER_KINDS.flatMap((kind) =>
    Object.entries(callsWith(kind, server.url)).map(([site, call]) => ({ name: `${site} ${kind}`, call })),
  );
  await Promise.all(calls.map(async ({ name, call }) => answers.set(name, await failureOf(name, call))));
  for (const [name, error] of [...databaseAnswers(), ...temporalAnswers()]) answers.set(name, error);
  return answers;
}

/** Every call of an adapter over HTTP that sealing makes; the server sees the kind in its path. */
function callsWith(kind: AnswerKind, url: string): Readonly<Record<string, Call>> {
  const unanswered = kind === 'silent' || kind === 'stalled';
  const deadlineMs = unanswered ? SHORT_MS : LONG_MS;
  const deadlines = { connectMs: LONG_MS, idleMs: deadlineMs, requestMs: deadlineMs };
  const store = connectObjectStore(storageConfigFor(url, { deadlines }));
  const vault = { address: url, key: `answers-${kind}`, credentials: { token: 'token' } };
  const signer = new VaultSigner(vault, new VaultHttp(vault, deadlineMs));
  const tsa = tsaClient(`${url}/tsa/answers-${kind}`, { deadlines });
  const key = `answers-${kind}/key`;
  return {
    'store.putOnce': () => store.putOnce(key, BYTES, UNTIL),
    'store.replace': () => store.replace(key, BYTES, UNTIL, '"etag"'),
    'store.get': () => store.get(key, 100),
    'store.listVersions': () => firstOf(store.listVersions(key)),
    'store.readLock': () => store.readLock(key, 'v1'),
    'store.extendLock': () => store.extendLock(`extend-${key}`, 'v1', UNTIL),
    'signer.listKeys': () => signer.listKeys(),
    'signer.sign': () => signer.sign(BYTES, 1),
    ...(kind === 'outdated' ? {} : { 'timestamper.timestamp': () => tsa.timestamp(Buffer.alloc(32)) }),
  };
}

function firstOf(versions: ReturnType<ObjectStore['listVersions']>): Promise<unknown> {
  return versions[Symbol.asyncIterator]().next();
}

/** The lock of an object is read before it is extended; the fault is in the second request. */
function faultyKind({ method, path }: ReceivedRequest): AnswerKind | undefined {
  if (method === 'HEAD' && path.includes('extend-')) return undefined;
  const [, name] = /answers-(\w+)/.exec(path) ?? [];
  return ANSWER_KINDS.find((kind) => kind === name);
}

function serverOf({ path }: ReceivedRequest): AnsweringRole {
  if (path.startsWith('/tsa/')) return 'other';
  return path.startsWith('/v1/') ? 'vault' : 'storage';
}

async function failureOf(name: string, call: Call): Promise<SnapshotError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw new Error(`${name}: an error that is not translated: ${String(error)}`, { cause: error });
  }
  throw new Error(`${name}: taken for a success`);
}

const DATABASE_PORTS = ['records', 'snapshots', 'leases', 'assets', 'ledger', 'jobs', 'writeCheck'] as const;

/** Errors of the driver, by what the server or the connection did; the database speaks no HTTP. */
const DATABASE_ERRORS: Partial<Record<AnswerKind, mongo.MongoError>> = {
  silent: new mongo.MongoNetworkTimeoutError('connection timed out'),
  stalled: new mongo.MongoNetworkTimeoutError('connection timed out'),
  overloaded: serverError(365, 'TemporarilyUnavailable'),
  outdated: serverError(112, 'WriteConflict'),
  standby: serverError(10107, 'NotWritablePrimary'),
  full: serverError(14031, 'OutOfDiskSpace'),
  denied: serverError(13, 'Unauthorized'),
};

/** Numbers of gRPC statuses. */
const TEMPORAL_STATUSES: Partial<Record<AnswerKind, number>> = {
  silent: 4,
  stalled: 4,
  overloaded: 8,
  standby: 14,
  denied: 7,
};

function serverError(code: number, codeName: string): mongo.MongoServerError {
  return new mongo.MongoServerError({ ok: 0, code, codeName, errmsg: codeName });
}

function databaseAnswers(): [string, SnapshotError][] {
  return Object.entries(DATABASE_ERRORS).flatMap(([kind, error]) =>
    DATABASE_PORTS.map((port): [string, SnapshotError] => [
      `${port} ${kind}`,
      toDatabaseError(port, error) as SnapshotError,
    ]),
  );
}

function temporalAnswers(): [string, SnapshotError][] {
  return Object.entries(TEMPORAL_STATUSES).map(([kind, code]) => {
    const error = Object.assign(new Error(kind), { code, details: kind, metadata: {} });
    return [`workflowStatus ${kind}`, toTemporalError('workflow', error)];
  });
}
