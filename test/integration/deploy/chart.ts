import { resolve } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { runTool, type Ran } from './tools';

export const CHART = resolve(__dirname, '../../../deploy/chart/audit-snapshot');
export const RELEASE = 'prod';

/** Versions of Kubernetes that the chart is for: its kubeVersion, and the newest whose schemas there are. */
export const OLDEST = '1.27.0';
export const NEWEST = '1.37.0';

/** What has to be said before the chart can be installed. */
export const REQUIRED = {
  settings: {
    AUDIT_ORIGIN: 'example.com/audit',
    TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    VAULT_ADDR: 'https://vault.example.com',
    S3_ENDPOINT: 'https://s3.example.com',
  },
};

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly ports?: readonly { readonly name: string }[];
  readonly securityContext: object;
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly livenessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly readinessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface SecretSource {
  readonly secret: { readonly name: string; readonly items: readonly { readonly path: string }[] };
}

export interface PodSpec {
  readonly containers: readonly [Container];
  readonly securityContext: object;
  readonly automountServiceAccountToken: boolean;
  readonly volumes: readonly { readonly projected: { readonly sources: readonly SecretSource[] } }[];
}

export interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // Each kind has another shape; the schemas of Kubernetes check it.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly spec: any;
  readonly data?: Readonly<Record<string, string>>;
}

/** Runs helm on the chart with values in place of its own where they differ. */
export function helm(
  program: string,
  command: readonly string[],
  values: object,
  version = NEWEST,
): Promise<Ran> {
  const args = [...command, CHART, '--kube-version', version, '--values', '-'];
  return runTool(program, args, { input: stringify(values) });
}

/** The manifests of a release with these values. */
export async function render(program: string, values: object, version?: string): Promise<Manifest[]> {
  const { code, stdout, output } = await helm(program, ['template', RELEASE], values, version);
  if (code !== 0) throw new Error(output);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
}
