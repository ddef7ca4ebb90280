import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CASES, promtoolTests } from './rules/promtoolTests';
import { INSTALL_MINUTES, PROMTOOL, findTool, runTool } from './tools';

const ROOT = resolve(__dirname, '../../..');
const RULES = join(ROOT, 'deploy/prometheus/rules.yml');
const DASHBOARD = join(ROOT, 'deploy/grafana/dashboard.json');

/** Queries as a file of recording rules, which promtool can check. */
const rulesOf = (queries: readonly string[]) =>
  JSON.stringify({
    groups: [{ name: 'queries', rules: queries.map((expr, index) => ({ record: `query:${index}`, expr })) }],
  });

describe('what Prometheus makes of the rules', () => {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-rules-'));
  const fileOf = (name: string, content: string) => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  let promtool: string;
  const check = (name: string, queries: readonly string[]) =>
    runTool(promtool, ['check', 'rules', fileOf(name, rulesOf(queries))]);

  beforeAll(async () => {
    promtool = await findTool(PROMTOOL);
  }, INSTALL_MINUTES * 60_000);

  test('the rules and the configuration of the compose profile are valid', async () => {
    const config = join(ROOT, 'deploy/prometheus/prometheus.yml');
    expect(await runTool(promtool, ['check', 'rules', RULES])).toMatchObject({ code: 0 });
    expect(await runTool(promtool, ['check', 'config', config])).toMatchObject({ code: 0 });
  }, 120_000);

  test('every alert fires in its cases with the summary that a person reads, and clears', async () => {
    const tests = fileOf('tests.json', promtoolTests(RULES, CASES));
    expect(await runTool(promtool, ['test', 'rules', tests])).toMatchObject({ code: 0 });
  }, 120_000);

  test('a case whose alert does not fire is reported', async () => {
    const [first] = CASES;
    const never = { ...first!, series: first!.series.map(([name]) => [name, '0x400'] as const) };
    const tests = fileOf('never.json', promtoolTests(RULES, [never]));
    const { code, output } = await runTool(promtool, ['test', 'rules', tests]);
    expect(code).not.toBe(0);
    expect(output).toContain(`alertname: ${first!.alert}`);
  }, 120_000);

  test('every query of the dashboard is PromQL', async () => {
    const text = readFileSync(DASHBOARD, 'utf8')
      .replaceAll('$__rate_interval', '5m')
      .replaceAll('$job', '.*');
    const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(await check('queries.json', queries)).toMatchObject({ code: 0 });
    expect(queries.length).toBeGreaterThan(20);
    expect(await check('wrong.json', [queries[0]!.slice(0, -1)])).not.toMatchObject({ code: 0 });
  }, 120_000);
});
