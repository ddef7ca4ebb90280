import { invalid } from './problems';
import type { Environment } from './schema';

/** Any of these turns traces on, as in every SDK of OpenTelemetry. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
const PROTOCOLS = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'];
const PROTOCOL = 'http/json';

/**
 * Whether traces are exported, by the standard variables of OpenTelemetry
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/): with `OTEL_TRACES_EXPORTER=otlp` or
 * an endpoint. Its SDK reads all other variables itself. CONFIG_INVALID for an exporter or protocol that is not included.
 */
export function readTracingEnabled(env: Environment = process.env): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  const exporter = env['OTEL_TRACES_EXPORTER'] ?? '';
  if (exporter === 'none') return false;
  if (exporter !== '' && exporter !== 'otlp') throw invalid('OTEL_TRACES_EXPORTER is neither otlp nor none');
  if (exporter === '' && !ENDPOINTS.some((name) => isSet(env[name]))) return false;
  for (const name of PROTOCOLS)
    if (isSet(env[name]) && env[name] !== PROTOCOL)
      throw invalid(`${name} is not ${PROTOCOL}, the protocol that this software speaks`);
  return true;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
