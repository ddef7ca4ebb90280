import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { EVIDENCE } from './evidence';
import { LEDGER } from './ledger';
import { PROCESSES } from './processes';
import type { RuleCase } from './ruleCase';
import { SEALING } from './sealing';

export const CASES: readonly RuleCase[] = [...SEALING, ...EVIDENCE, ...LEDGER, ...PROCESSES];

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

/** Every alert of a rules file. */
export function readRules(path: string): AlertRule[] {
  const { groups } = parse(readFileSync(path, 'utf8')) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** The cases as a file for `promtool test rules`; JSON is YAML. */
export function promtoolTests(rulesPath: string, cases: readonly RuleCase[]): string {
  const rules = new Map(readRules(rulesPath).map((rule) => [rule.alert, rule]));
  const tests = cases.map((one) => {
    const { labels, annotations } = rules.get(one.alert)!;
    const firing = {
      exp_labels: { ...one.labels, ...labels },
      exp_annotations: { ...annotations, summary: one.summary },
    };
    const at = (minutes: number, alerts: readonly object[]) => ({
      eval_time: `${minutes}m`,
      alertname: one.alert,
      exp_alerts: alerts,
    });
    return {
      name: `${one.alert}: ${one.when}`,
      interval: '1m',
      input_series: one.series.map(([series, values]) => ({ series, values })),
      alert_rule_test: [at(one.quiet, []), at(one.fires, [firing]), at(one.clears, [])],
    };
  });
  return JSON.stringify({ rule_files: [rulesPath], evaluation_interval: '5m', tests }, null, 1);
}
