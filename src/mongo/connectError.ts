import { SnapshotError, messageOf } from '../errors';
import { toDatabaseError } from './errors';

/** The name does not exist, as opposed to a name server that does not answer. */
const UNKNOWN_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NONAME', 'EBADNAME']);
const SILENT_NAME_SERVER: ReadonlySet<string> = new Set([
  'ESERVFAIL',
  'EREFUSED',
  'ECONNREFUSED',
  'ETIMEOUT',
  'ETIMEDOUT',
  'EAI_AGAIN',
]);
const TLS_FAILURE = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS|^ERR_SSL|^ERR_OSSL|^EPROTO$/;

/** A failure of name resolution or of a socket, as Node.js reports it. */
interface SystemFailure {
  readonly code: string;
  readonly syscall: string;
  readonly host: string;
}

/**
 * Maps a failed connection: DATABASE_HOST_UNKNOWN, DATABASE_UNREACHABLE, DATABASE_UNAUTHORIZED, TLS_FILE_INVALID, CONFIG_INVALID. The cause is
 * dropped and the text searched for the secrets of the URI: both may quote the URI.
 */
export function toConnectError(uri: string, error: unknown): unknown {
  const failures = failuresOf(error);
  const [first] = failures;
  if (first && failures.every(({ code }) => UNKNOWN_NAME.has(code))) return hostUnknown(failures);
  if (first && SILENT_NAME_SERVER.has(first.code) && first.syscall.startsWith('query'))
    return unreachable(`the name server does not answer for ${first.host} (${first.code})`);
  if (first?.syscall === 'open') return missingFile(membersOf(error).path ?? '', first.code);
  if (isSelectionError(error)) return unreachable(failures.map(describeFailure).join(', '));
  if (isRejectedUri(error)) return rejectedUri(error);
  const translated = toDatabaseError('connecting', error);
  if (!(translated instanceof SnapshotError)) return translated;
  const { code, message, retryable } = translated;
  return new SnapshotError(code, withoutSecrets(message, uri), { retryable });
}

function hostUnknown(failures: readonly SystemFailure[]): SnapshotError {
  const names = [...new Set(failures.map(({ host, code }) => `${host} (${code})`))].join(', ');
  const srv = failures.some(({ syscall }) => syscall.startsWith('query'));
  const record = srv ? ' as an SRV record; mongodb+srv:// needs one, other servers need mongodb://' : '';
  const message = `MONGODB_URI names a host that does not resolve${record}: ${names}`;
  return new SnapshotError('DATABASE_HOST_UNKNOWN', message);
}

/** A file that `tlsCAFile` or `tlsCertificateKeyFile` names. */
function missingFile(path: string, code: string): SnapshotError {
  const message = `configuration: MONGODB_URI names a file that cannot be read (${code}): ${path}`;
  return new SnapshotError('TLS_FILE_INVALID', message);
}

function unreachable(reason: string): SnapshotError {
  const why = reason === '' ? '' : ` (${reason})`;
  const message = `the database cannot be reached${why}; check MONGODB_URI and that the server runs`;
  return new SnapshotError('DATABASE_UNREACHABLE', message, { retryable: true });
}

function describeFailure({ code, host }: SystemFailure): string {
  const advice = TLS_FAILURE.test(code)
    ? ': TLS failed; tlsCAFile in MONGODB_URI names the CA, and the certificate must name this host'
    : '';
  return `${host} ${code}${advice}`;
}

/** Recognised by members: errors of Node.js itself are of another realm in a test runner, and `instanceof` fails for them. */
function membersOf(error: unknown): Failure {
  return typeof error === 'object' && error !== null ? error : {};
}

interface Failure {
  readonly name?: string;
  readonly code?: unknown;
  readonly syscall?: string;
  readonly hostname?: string;
  readonly path?: string;
  readonly cause?: unknown;
  /** Of a failed selection: what is known of each server. */
  readonly reason?: { readonly servers?: unknown };
}

function isSelectionError(error: unknown): boolean {
  return membersOf(error).name?.endsWith('ServerSelectionError') ?? false;
}

/** Every server that was tried with its failure; or the one failure of the name lookup, which has no server yet. */
function failuresOf(error: unknown): readonly SystemFailure[] {
  if (!isSelectionError(error)) return systemFailure(error, undefined);
  const servers = membersOf(error).reason?.servers;
  return servers instanceof Map
    ? [...(servers as Map<string, { readonly error?: unknown }>)].flatMap(([address, state]) =>
        systemFailure(state.error, address),
      )
    : [];
}

function systemFailure(error: unknown, address: string | undefined): readonly SystemFailure[] {
  const { code, syscall = '', hostname = '', cause } = membersOf(error);
  if (typeof code === 'string') return [{ code, syscall, host: address ?? hostname }];
  return cause === undefined ? [] : systemFailure(cause, address);
}

/** What the driver throws before it connects. */
function isRejectedUri(error: unknown): boolean {
  return /^(URIError|TypeError|MongoParseError|MongoAPIError|MongoRuntimeError|MongoInvalidArgumentError|MongoMissing\w+Error)$/.test(
    membersOf(error).name ?? '',
  );
}

/** Of the driver's text only the name of an option is shown: the rest may quote the URI. */
function rejectedUri(error: unknown): SnapshotError {
  const [, option] = /\boption[s]? "?([A-Za-z]{2,40})\b/.exec(messageOf(error)) ?? [];
  const what = option === undefined ? 'its form or one of its options' : `the option ${option}`;
  const message = `configuration: the driver rejects MONGODB_URI: ${what} (${membersOf(error).name})`;
  return new SnapshotError('CONFIG_INVALID', message);
}

/** Options of a URI that hold a secret: of a key file, of a SOCKS5 proxy, and a session token of AWS. */
const SECRET_OPTION =
  /^(tlsCertificateKeyFilePassword|proxyPassword|proxyUsername|authMechanismProperties)$/i;

function withoutSecrets(text: string, uri: string): string {
  const [, userInfo = ''] = /^[^/]*\/\/([^/]*)@/.exec(uri) ?? [];
  const options = [...new URLSearchParams(uri.slice(uri.indexOf('?') + 1))];
  const given = options.flatMap(([name, value]) =>
    SECRET_OPTION.test(name) ? [value, ...value.split(/[,:]/)] : [],
  );
  const secrets = [userInfo, ...userInfo.split(':'), ...given].flatMap((part) => [part, decoded(part)]);
  return secrets
    .filter((secret) => secret !== '')
    .reduce((shown, secret) => shown.replaceAll(secret, '…'), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
