import { join, resolve } from 'node:path';
import { ERROR_CODES } from '../../../src/errors';
import { CASES, readRules } from '../../integration/deploy/rules/promtoolTests';
import { anchorsOf } from './anchors';
import { unknownIn } from './metrics';

const ROOT = resolve(__dirname, '../../..');
const RULES = readRules(join(ROOT, 'deploy/prometheus/rules.yml'));

describe.each(RULES.map((rule) => [rule.alert, rule] as const))('%s', (name, rule) => {
  test('asks for metrics and labels that the product reports', () => {
    expect(unknownIn(rule.expr)).toEqual([]);
  });

  test('says how severe it is, in a sentence what is wrong, and where to read what to do', () => {
    expect(['critical', 'warning']).toContain(rule.labels.severity);
    expect(rule.annotations.summary).toMatch(/^\S.*\.$/);
    const [page, anchor] = rule.annotations.runbook_url.split('#');
    expect(page).toBe('docs/operations.md');
    expect(anchorsOf(page!)).toContain(anchor);
  });

  test('has a case in which it fires and clears', () => {
    expect(CASES.map(({ alert }) => alert)).toContain(name);
  });
});

test('every code that a rule names in full is an error code', () => {
  const named = RULES.flatMap(({ expr }) => [...expr.matchAll(/code=~?"([^"]*)"/g)]).flatMap(([, codes]) =>
    codes!.split('|'),
  );
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((code) => !(ERROR_CODES as readonly string[]).includes(code))).toEqual([]);
});

test('a metric or a label that nobody reports is found', () => {
  expect(unknownIn('rate(audit_snapshot_sealed_total[5m]) > 0')).toEqual(['audit_snapshot_sealed_total']);
  expect(unknownIn('audit_snapshot_workers{status="dead"}')).toEqual(['audit_snapshot_workers{status}']);
});
