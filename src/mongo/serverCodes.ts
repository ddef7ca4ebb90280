/**
 * What a code of the server means for a call that failed with it (names as in `src/mongo/base/error_codes.yml` of MongoDB).
 * The labels that the driver puts on an error take precedence. A code that is not listed is final: the same call fails again.
 */
type Meaning = 'transient' | 'unauthorized';

/** The server could not be reached, or by another server of the cluster. */
const NETWORK = [
  6, // HostUnreachable
  7, // HostNotFound
  89, // NetworkTimeout
  202, // NetworkInterfaceExceededTimeLimit
  317, // ConnectionPoolExpired
  9001, // SocketException
];

/** The primary changed, or the server starts, stops or recovers; another one takes over. */
const ELECTION = [
  91, // ShutdownInProgress
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet: no commit point yet after a start or an election
  189, // PrimarySteppedDown
  216, // ElectionInProgress
  10058, // LegacyNotPrimary
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
];

/** The operation or its cursor was ended, by a limit, an administrator or a plan that became invalid; a new one starts over. */
const INTERRUPTED = [
  24, // LockTimeout
  43, // CursorNotFound: it timed out, or its server restarted
  46, // LockBusy
  50, // MaxTimeMSExpired
  136, // CappedPositionLost
  175, // QueryPlanKilled: an index or the collection changed under the cursor
  237, // CursorKilled
  234, // RetryChangeStream
  262, // ExceededTimeLimit
  279, // ClientDisconnect
  11601, // Interrupted: killOp
];

/** Another operation came between; the next try reads the new state. */
const CONFLICT = [
  107, // LockFailed
  112, // WriteConflict
  117, // ConflictingOperationInProgress
  225, // TransactionTooOld
  239, // SnapshotTooOld
  244, // TransactionAborted
  246, // SnapshotUnavailable
  251, // NoSuchTransaction
  267, // PreparedTransactionInProgress
];

/** The router's or shard's view of the cluster is out of date; it is refreshed by the next call. */
const SHARD_VERSION = [
  63, // StaleShardVersion
  70, // ShardNotFound: a shard is being removed
  150, // StaleEpoch
  249, // StaleChunkHistory
  308, // ShardCannotRefreshDueToLocksHeld
  331, // TenantMigrationAborted: the collection moves to another shard
  13388, // StaleConfig
];

/** The server has too little of something for the moment. Sealing waits: nothing is lost, and an operator can help meanwhile. */
const OVERLOADED = [
  64, // WriteConcernFailed: the write may be applied; every write of this product may be repeated
  100, // UnsatisfiableWriteConcern: too few members are up
  146, // ExceededMemoryLimit
  365, // TemporarilyUnavailable
  391, // ReauthenticationRequired: the token of an identity provider expired
  14031, // OutOfDiskSpace
];

const UNAUTHORIZED = [
  11, // UserNotFound
  13, // Unauthorized
  18, // AuthenticationFailed
  31, // RoleNotFound
  33, // MechanismUnavailable
];

/** Atlas uses this code for failed logins and for everything else, such as a full disk quota. */
export const ATLAS_ERROR = 8000;

const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  ...[...NETWORK, ...ELECTION, ...INTERRUPTED, ...CONFLICT, ...SHARD_VERSION, ...OVERLOADED].map(
    (code) => [code, 'transient'] as const,
  ),
  ...UNAUTHORIZED.map((code) => [code, 'unauthorized'] as const),
]);

/** The meaning of a code; undefined for one that is final. */
export function meaningOf(code: number): Meaning | undefined {
  return MEANINGS.get(code);
}

/** Labels with which driver and server say that the call may be repeated, or that its outcome is unknown. */
export const TRANSIENT_LABELS = [
  'RetryableWriteError',
  'RetryableError',
  'TransientTransactionError',
  'UnknownTransactionCommitResult',
  'PoolRequestedRetry',
  'ResumableChangeStreamError',
  'SystemOverloadedError',
];
