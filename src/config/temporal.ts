import { readFileSync } from 'node:fs';
import { loadClientConfigProfile } from '@temporalio/envconfig';
import type { z } from 'zod';
import { messageOf, type ErrorCode } from '../errors';
import { hostAndPort } from './addresses';
import { configError, invalid } from './problems';
import { VARIABLES, type Environment } from './schema';
import { findSetting, replaceableSecret } from './sources';
import { tlsFileProblem } from './tlsFiles';

export interface TemporalConfig {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly uiUrl: string | undefined;
  /** Undefined: TLS with an API key, plain text without one. */
  readonly tls: boolean | TemporalTls | undefined;
  /** Returns the current key: its file may be replaced. */
  readonly apiKey: (() => string) | undefined;
  /** gRPC headers that are sent with every call. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Where Vault has the keys that payloads are encrypted with; undefined: they are not encrypted. */
  readonly codecSecret?: string | undefined;
}

/** In the form of Temporal's SDK. */
interface TemporalTls {
  readonly serverNameOverride?: string;
  readonly serverRootCACertificate?: Buffer;
  readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
}

type TemporalSettings = z.output<z.ZodObject<typeof VARIABLES.temporal>>;
type Profile = ReturnType<typeof loadClientConfigProfile>;
type Source = NonNullable<Profile['tls']>['clientCert'];

const META_PREFIX = 'TEMPORAL_GRPC_META_';

/**
 * Joins our settings with the profile file of Temporal's own tools (`@temporalio/envconfig`), over which our settings have
 * precedence. CONFIG_INVALID, ADDRESS_INVALID, TLS_FILE_INVALID.
 */
export function temporalConfigOf(settings: TemporalSettings, env: Environment): TemporalConfig {
  const profile = profileOf(env);
  return {
    address: temporalAddressOf(env),
    namespace: profile.namespace ?? settings.TEMPORAL_NAMESPACE,
    taskQueue: settings.TEMPORAL_TASK_QUEUE,
    uiUrl: settings.TEMPORAL_UI_URL,
    tls: tlsOf(profile.tls),
    apiKey: apiKeyOf(profile, env),
    metadata: metadataOf(profile),
    codecSecret: settings.TEMPORAL_CODEC_SECRET,
  };
}

/** The address, of our settings or of a profile. CONFIG_INVALID without one, ADDRESS_INVALID, ADDRESS_HAS_CREDENTIALS. */
export function temporalAddressOf(env: Environment): string {
  const { address = '' } = profileOf(env);
  if (address === '') throw invalid('TEMPORAL_ADDRESS is not set');
  checkAddress(address);
  return address;
}

/** An address of a profile file is checked like that of a variable. */
function checkAddress(address: string): void {
  const [issue] = hostAndPort.safeParse(address).error?.issues ?? [];
  if (issue === undefined) return;
  const code = (issue.code === 'custom' ? issue.params?.['code'] : undefined) as ErrorCode | undefined;
  throw configError([{ code: code ?? 'ADDRESS_INVALID', message: `TEMPORAL_ADDRESS ${issue.message}` }]);
}

function profileOf(env: Environment): Profile {
  const given = givenVariables(env);
  const named = given['TEMPORAL_CONFIG_FILE'];
  // The library takes a file that does not exist for an empty one.
  if (named !== undefined) readNamed(named);
  try {
    return loadClientConfigProfile({ overrideEnvVars: given, configFileStrict: true });
  } catch (error) {
    throw invalid(`${named ?? "the profile file of Temporal's tools"} ${problemOf(error)}`);
  }
}

/** The standard variables, each from the environment or from our own configuration file. */
function givenVariables(env: Environment): Record<string, string> {
  const own = Object.keys(VARIABLES.temporal).flatMap((name) => {
    const found = findSetting(name, env);
    return found === undefined ? [] : [[name, found.value]];
  });
  // Where the library looks for its file, and headers, whose names are not fixed.
  const others = ['HOME', 'XDG_CONFIG_HOME', 'APPDATA', ...Object.keys(env).filter(isHeader)].flatMap(
    (name) => (env[name] === undefined ? [] : [[name, env[name]]]),
  );
  return Object.fromEntries([...own, ...others]) as Record<string, string>;
}

function isHeader(name: string): boolean {
  return name.startsWith(META_PREFIX);
}

function readNamed(path: string): void {
  try {
    readFileSync(path);
  } catch {
    throw invalid(`TEMPORAL_CONFIG_FILE cannot be read: ${path}`);
  }
}

/** Only messages of the library that quote no line of the file, because a line may contain a key. */
function problemOf(error: unknown): string {
  const message = messageOf(error);
  if (message.startsWith("Profile '")) return 'has no such profile; check TEMPORAL_PROFILE';
  if (message.startsWith('Validation error: '))
    return `is invalid: ${message.replace('Validation error: ', '')}`;
  if (message.startsWith('Cannot specify both'))
    return 'and the variables give a path and data for the same thing; remove one of them';
  return 'is not TOML with a table [profile.default]';
}

function tlsOf(tls: Profile['tls']): TemporalConfig['tls'] {
  if (tls === undefined) return undefined;
  if (tls.disabled === true) return false;
  const crt = pemOf(tls.clientCert, 'TEMPORAL_TLS_CLIENT_CERT_PATH');
  const key = pemOf(tls.clientKey, 'TEMPORAL_TLS_CLIENT_KEY_PATH');
  const ca = pemOf(tls.serverCACert, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH');
  // The library leaves the pair out when one of the two is missing.
  if ((crt === undefined) !== (key === undefined))
    throw invalid('TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH must be set together');
  return {
    ...(tls.serverName === undefined ? {} : { serverNameOverride: tls.serverName }),
    ...(ca === undefined ? {} : { serverRootCACertificate: ca }),
    ...(crt === undefined || key === undefined ? {} : { clientCertPair: { crt, key } }),
  };
}

const PEM = /-----BEGIN [A-Z0-9 ]+-----[\s\S]+-----END [A-Z0-9 ]+-----/;

function pemOf(source: Source, name: string): Buffer | undefined {
  if (source === undefined) return undefined;
  if ('path' in source) {
    const problem = tlsFileProblem(name, source.path);
    if (problem) throw configError([problem]);
    return contentOf(source.path);
  }
  const data = Buffer.from(source.data);
  if (PEM.test(data.toString('latin1'))) return data;
  const message = `${name.replace('_PATH', '_DATA')} is not PEM`;
  throw configError([{ code: 'TLS_FILE_INVALID', message }]);
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** The key of a profile file has no file of its own. */
function apiKeyOf({ apiKey }: Profile, env: Environment): TemporalConfig['apiKey'] {
  if (apiKey === undefined) return undefined;
  const own = replaceableSecret('TEMPORAL_API_KEY', env);
  if (own) return own;
  if (!HEADER_TEXT.test(apiKey.trim()))
    throw invalid('the API key of the profile contains a character that no HTTP header may have');
  return () => apiKey.trim();
}

const HEADER_TEXT = /^[ -~]*$/;

/** Temporal's library quotes a value that no header may have in its errors. */
function metadataOf({ grpcMeta = {} }: Profile): Readonly<Record<string, string>> {
  const wrong = Object.keys(grpcMeta).filter((name) => !HEADER_TEXT.test(grpcMeta[name] ?? ''));
  if (wrong.length === 0) return grpcMeta;
  throw invalid(`the gRPC headers ${wrong.join(', ')} contain a character that no HTTP header may have`);
}
