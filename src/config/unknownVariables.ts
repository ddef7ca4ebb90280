import { NAMES, type Environment } from './schema';
import { suggestion } from './suggestion';

/** A variable that begins like this is meant for this product, so a name that is not a setting is a mistake. */
const PREFIXES = ['AUDIT_', 'JOB_SERVICE_', 'MONGODB_', 'S3_', 'TEMPORAL_', 'TSA_', 'VAULT_', 'WORKER_'];

/** Variables of this product that are no settings of its processes. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  'AUDIT_SNAPSHOT_CONFIG',
  // the embedded servers, and the check of the container image
  'AUDIT_SNAPSHOT_CACHE',
  'WORKER_HTTP_PORT',
]);

/**
 * Variables that other tools define under the same prefixes and that change nothing about a connection, so ignoring them is
 * safe: output and limits of the command lines of Vault and Temporal.
 */
const OF_OTHER_TOOLS =
  /^(VAULT_(FORMAT|DETAILED|LOG_LEVEL|LOG_FORMAT|CLI_NO_COLOR|CLIENT_TIMEOUT|MAX_RETRIES|RATE_LIMIT|WRAP_TTL|MFA|UI|LICENSE(_PATH)?)|TEMPORAL_(CLI_\w+|ENV|ENV_FILE))$/;

/** The standard variables of Temporal's clients (`@temporalio/envconfig`), which its package reads itself. */
const OF_TEMPORAL =
  /^TEMPORAL_(PROFILE|CONFIG_FILE|API_KEY|TLS|TLS_(CLIENT|SERVER)_\w+|TLS_DISABLE_HOST_VERIFICATION|CODEC_(ENDPOINT|AUTH)|GRPC_META_\w+)$/;

/**
 * Kubernetes sets these in every pod of a namespace for each of its Services, such as one with the name `vault`. The host is
 * always among them.
 */
const SERVICE_LINK =
  /^(\w+?)_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** The variables with one of our prefixes that are no setting, each with the setting that was probably meant. */
export function unknownVariables(env: Environment): readonly string[] {
  return Object.keys(env)
    .filter((name) => isUnknown(name, env))
    .map((name) => `${name} is not a setting${suggestion(name, NAMES)}`);
}

function isUnknown(name: string, env: Environment): boolean {
  if (env[name] === undefined || !PREFIXES.some((prefix) => name.startsWith(prefix))) return false;
  if (NAMES.includes(name) || NAMES.includes(name.replace(/_FILE$/, ''))) return false;
  if (OTHER_VARIABLES.has(name) || OF_OTHER_TOOLS.test(name) || OF_TEMPORAL.test(name)) return false;
  const [, service] = SERVICE_LINK.exec(name) ?? [];
  return service === undefined || env[`${service}_SERVICE_HOST`] === undefined;
}
