import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

const ROOT = resolve(__dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Job {
  readonly uses?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: { readonly node?: readonly number[] } };
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly { readonly run?: string; readonly uses?: string }[];
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflowOf = (name: string) => parse(read(`.github/workflows/${name}.yml`)) as Workflow;
const runsOf = (job: Job) => (job.steps ?? []).flatMap(({ run }) => run ?? []);

test('continuous integration runs the test command of the README on every supported Node', () => {
  const { test: job } = workflowOf('ci').jobs;
  const [command] = /^npm ci && npm test$/m.exec(read('README.md'))!;
  expect(runsOf(job!).at(-1)).toBe(command);
  expect(job!.strategy!.matrix.node).toEqual([20, 22, 24]);
});

test.each(['ci', 'publish'])('%s pins every action to a commit, and every job has a limit', (name) => {
  const jobs = Object.values(workflowOf(name).jobs);
  const actions = jobs.flatMap(({ steps = [] }) => steps.flatMap(({ uses }) => uses ?? []));
  expect(actions.length).toBeGreaterThan(2);
  expect(actions.filter((action) => !/^actions\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
  expect(jobs.filter((job) => !job.uses && job['timeout-minutes'] === undefined)).toEqual([]);
});

test.each(['ci', 'publish'])('%s may only read, except where a job says more', (name) => {
  expect(workflowOf(name).permissions).toEqual({ contents: 'read' });
});

test('a release is tested, and published once with provenance and its list of packages', () => {
  const { jobs } = workflowOf('publish');
  expect(jobs['test']).toEqual({ uses: './.github/workflows/ci.yml' });
  expect(jobs['package']!.permissions).toEqual({ contents: 'write', 'id-token': 'write' });
  const runs = runsOf(jobs['package']!).join('\n');
  expect(runs.match(/npm pack/g)).toHaveLength(1);
  expect(runs).toContain('deploy/sbom.sh > release/sbom.cdx.json');
  expect(runs).toContain('npm publish --provenance --access public --ignore-scripts release/*.tgz');
});
