import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { NAMES, SECRETS } from '../../../src/config/schema';
import { CHART, NEWEST, OLDEST, RELEASE, REQUIRED, helm, render, type Manifest, type PodSpec } from './chart';
import { readRules } from './rules/promtoolTests';
import { HELM, INSTALL_MINUTES, KUBERNETES_VALIDATE, findTool, runTool, type Ran } from './tools';

const ROOT = resolve(__dirname, '../../..');
const EVERYTHING = {
  ...REQUIRED,
  monitoring: {
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    rules: {
      enabled: true,
      except: ['AuditSnapshotRetentionEnding'],
      runbookBase: 'https://git.example.com/',
    },
    dashboard: { enabled: true },
  },
};

let program: string;
let modules: string;
let manifests: Manifest[];

beforeAll(
  async () => {
    program = await findTool(HELM);
    modules = await findTool(KUBERNETES_VALIDATE);
    manifests = await render(program, EVERYTHING);
  },
  2 * INSTALL_MINUTES * 60_000,
);

const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
const named = (kind: string, name: string) =>
  ofKind(kind).find(({ metadata }) => metadata.name === `${RELEASE}-audit-snapshot-${name}`)!;
const podOf = (manifest: Manifest) => manifest.spec.template.spec as PodSpec;
const workloads = () => ['StatefulSet', 'Deployment', 'Job'].flatMap(ofKind);

/** What the schemas of a version of Kubernetes have against manifests. */
function validate(all: readonly Manifest[], version: string): Promise<Ran> {
  const minor = version.replace(/\.\d+$/, '');
  const args = ['-m', 'kubernetes_validate', '--strict', '--quiet', '--no-warn', '-k', minor, '-'];
  const input = all.map((one) => `---\n${stringify(one)}`).join('');
  return runTool('python3', args, { env: { ...process.env, PYTHONPATH: modules }, input });
}

const secretsOf = (manifest: Manifest) =>
  podOf(manifest).volumes[0]!.projected.sources.flatMap(({ secret }) => secret.items.map(({ path }) => path));

describe('the chart as Helm and Kubernetes see it', () => {
  test('helm lint has nothing against it once it knows the servers, and names the settings that are missing', async () => {
    expect(await helm(program, ['lint', '--strict'], REQUIRED)).toMatchObject({ code: 0 });
    const bare = await helm(program, ['lint', '--strict'], {});
    expect(bare.code).not.toBe(0);
    for (const setting of Object.keys(REQUIRED.settings)) expect(bare.output).toContain(setting);
  });

  test('what it makes is valid for the oldest and the newest Kubernetes, and a wrong type is not', async () => {
    expect(await validate(manifests, NEWEST)).toMatchObject({ code: 0, output: '' });
    expect(await validate(await render(program, EVERYTHING, OLDEST), OLDEST)).toMatchObject({
      code: 0,
      output: '',
    });
    const wrong = structuredClone(named('StatefulSet', 'worker'));
    wrong.spec.replicas = 'two';
    expect((await validate([wrong], NEWEST)).output).toContain('spec.replicas');
  }, 120_000);

  test.each([
    ...SECRETS,
    'JOB_SERVICE_KEYS',
    'S3_ACCESS_KEY',
    'VAULT_ROLE_ID',
    'JOB_SERVICE_INSECURE_NO_AUTH',
  ])('the value of %s is not taken as a setting', async (secret) => {
    const settings = { ...REQUIRED.settings, [secret]: 'x' };
    const { code, output } = await helm(program, ['template', RELEASE], { settings });
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining(secret) });
  });

  test('a value that the chart does not know is refused', async () => {
    const { code, output } = await helm(program, ['template', RELEASE], { ...REQUIRED, wroker: {} });
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('wroker') });
  });
});

describe('every pod', () => {
  test('is run by nobody, writes nowhere and gains nothing', () => {
    expect(workloads().map(({ kind }) => kind)).toEqual(['StatefulSet', 'Deployment', 'Job']);
    for (const pod of workloads().map(podOf)) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 10001,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.automountServiceAccountToken).toBe(false);
      const [container] = pod.containers;
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.stringMatching(/m$/), memory: expect.stringMatching(/Mi$/) },
        limits: { memory: expect.stringMatching(/i$/) },
      });
    }
  });

  test('is given settings that exist, and each secret as a file that is mounted', () => {
    for (const workload of workloads()) {
      const pod = podOf(workload);
      const [{ env, volumeMounts }] = pod.containers;
      const variables = env.map(({ name }) => name).filter((name) => !name.startsWith('POD_'));
      const known = variables.filter((name) => NAMES.includes(name.replace(/_FILE$/, '')));
      expect(known).toEqual(variables);
      const mounted = secretsOf(workload);
      const files = env.filter(({ name }) => name.endsWith('_FILE')).map(({ value }) => value!);
      expect(files).toEqual(mounted.map((path) => `${volumeMounts[0]!.mountPath}/${path}`));
    }
  });

  test('is given no more secrets than it needs', () => {
    expect(secretsOf(named('StatefulSet', 'worker'))).toEqual([
      'MONGODB_URI',
      'VAULT_ROLE_ID',
      'VAULT_SECRET_ID',
      'S3_ACCESS_KEY',
      'S3_SECRET_KEY',
    ]);
    expect(secretsOf(named('Deployment', 'job-service'))).toEqual(['MONGODB_URI', 'JOB_SERVICE_KEYS']);
    expect(secretsOf(named('Job', 'indexes'))).toEqual(['MONGODB_URI']);
  });

  test('of the services is asked whether it lives and whether it can work, on a port that it has', () => {
    const services = manifests.filter(({ kind }) => ['StatefulSet', 'Deployment'].includes(kind));
    expect(services).toHaveLength(2);
    for (const pod of services.map(podOf)) {
      const [{ livenessProbe, readinessProbe, ports }] = pod.containers;
      const port = ports![0]!.name;
      expect(livenessProbe!.httpGet).toEqual({ path: '/livez', port });
      expect(readinessProbe!.httpGet).toEqual({ path: '/readyz', port });
    }
  });
});

describe('the objects of a release fit together', () => {
  test('a worker has no probe where its endpoint is turned off', async () => {
    const unprobed = await render(program, { ...EVERYTHING, worker: { probes: { enabled: false } } });
    const [container] = podOf(unprobed.find(({ kind }) => kind === 'StatefulSet')!).containers;
    expect(Object.keys(container).filter((name) => name.endsWith('Probe'))).toEqual([]);
  });

  test('a worker is known by the name of its pod, so that its successor is known by it too', () => {
    const { env } = podOf(named('StatefulSet', 'worker')).containers[0];
    expect(env.slice(0, 3)).toEqual([
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'WORKER_IDENTITY', value: '$(POD_NAMESPACE)/$(POD_NAME)' },
    ]);
  });

  test('indexes are created before anything else of an installation or upgrade', () => {
    const job = named('Job', 'indexes');
    expect(podOf(job).containers[0].args).toEqual(['indexes', 'create']);
    expect(job.metadata.annotations!['helm.sh/hook']).toBe('pre-install,pre-upgrade');
  });

  test('services, budgets and network policies select the pods of their process', () => {
    for (const [component, kind] of [
      ['worker', 'StatefulSet'],
      ['job-service', 'Deployment'],
    ] as const) {
      const { labels } = named(kind, component).spec.template.metadata as { labels: Record<string, string> };
      const selectors = [
        named('Service', component).spec.selector,
        named('PodDisruptionBudget', component).spec.selector.matchLabels,
        named('NetworkPolicy', component).spec.podSelector.matchLabels,
        named(kind, component).spec.selector.matchLabels,
      ] as object[];
      for (const selector of selectors) expect(labels).toMatchObject(selector);
      expect(labels['app.kubernetes.io/component']).toBe(component);
      const monitor = named('ServiceMonitor', component);
      expect(named('Service', component).metadata.labels).toMatchObject(
        monitor.spec.selector.matchLabels as object,
      );
      const wanted = Object.entries(monitor.spec.selector.matchLabels as object);
      const ports = ofKind('Service')
        .filter(({ metadata: { labels: given } }) => wanted.every(([name, value]) => given[name] === value))
        .flatMap(({ spec }) => spec.ports as { name: string }[]);
      expect(ports.map(({ name }) => name)).toContain(monitor.spec.endpoints[0].port);
    }
  });

  test('the alerts and the dashboard are those of the repository, less what was left out', () => {
    const [{ spec }] = ofKind('PrometheusRule') as [Manifest];
    const rules = (spec.groups as { rules: { alert: string; annotations: object }[] }[]).flatMap(
      (group) => group.rules,
    );
    const expected = readRules(join(ROOT, 'deploy/prometheus/rules.yml'))
      .filter(({ alert }) => alert !== 'AuditSnapshotRetentionEnding')
      .map((rule) => ({
        ...rule,
        annotations: {
          ...rule.annotations,
          runbook_url: `https://git.example.com/${rule.annotations.runbook_url}`,
        },
      }));
    expect(rules).toEqual(expected);
    const dashboard = named('ConfigMap', 'dashboard').data!['audit-snapshot.json'];
    expect(dashboard).toBe(readFileSync(join(ROOT, 'deploy/grafana/dashboard.json'), 'utf8'));
  });

  test('without a job service nothing of it is left', async () => {
    const names = (await render(program, { ...EVERYTHING, jobService: { enabled: false } })).map(
      ({ metadata }) => metadata.name,
    );
    expect(names.filter((name) => name.includes('job-service'))).toEqual([]);
    expect(names).toContain(`${RELEASE}-audit-snapshot-worker`);
  });

  test('the version of the image is that of the package', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const image = (podOf(named('StatefulSet', 'worker')).containers[0] as unknown as { image: string }).image;
    expect(image).toBe(`audit-snapshot:${version}`);
    expect(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')).toContain(`\nversion: ${version}\n`);
  });
});
