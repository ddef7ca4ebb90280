/** Where a process serves its metrics. */
export interface EndpointAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** False for a default port: if another process uses it, this process runs without the endpoint. */
  readonly configured: boolean;
  /** The setting of the port, for messages. */
  readonly setting: string;
}

const DEFAULT_PORTS = { WORKER_HTTP_PORT: 9464, JOB_SERVICE_METRICS_PORT: 9465 } as const;

/** The endpoint that a setting describes; undefined for `off`. */
export function endpointOf(
  setting: keyof typeof DEFAULT_PORTS,
  given: string | undefined,
  host: string,
): EndpointAddress | undefined {
  if (given === 'off') return undefined;
  const configured = given !== undefined;
  return { host, port: configured ? Number(given) : DEFAULT_PORTS[setting], configured, setting };
}
