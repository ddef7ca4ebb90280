import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeAddress } from '../../src/worker/sdkMetrics';
import { eventually } from './eventually';

/** The rules of a file with their times in seconds; the signing key counts as old when it is older than `keyAgeSeconds`. */
export function shortRules(file: string, keyAgeSeconds: number): string {
  return readFileSync(file, 'utf8')
    .replaceAll(/\bfor: \d+[mh]\b/g, 'for: 1s')
    .replaceAll(/\[(1h|15m)\]/g, '[30s]')
    .replaceAll('offset 1h', 'offset 30s')
    .replaceAll('[1d]', '[20s]')
    .replaceAll('offset 1d', 'offset 20s')
    .replaceAll('335 * 86400', String(keyAgeSeconds));
}

/** Prometheus with a folder of its own. */
export class Prometheus {
  readonly #folder = mkdtempSync(join(tmpdir(), 'audit-snapshot-prometheus-'));
  readonly #program: string;
  #process: ChildProcess | undefined;
  #url = '';

  constructor(program: string) {
    this.#program = program;
  }

  async start(rules: string, targets: readonly string[]): Promise<void> {
    const at = (name: string) => join(this.#folder, name);
    const address = await freeAddress();
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      scrape_configs: [{ job_name: 'audit-snapshot', static_configs: [{ targets }] }],
    };
    mkdirSync(at('data'));
    writeFileSync(at('rules.yml'), rules);
    writeFileSync(at('prometheus.yml'), JSON.stringify(config));
    const args = [
      `--config.file=${at('prometheus.yml')}`,
      `--storage.tsdb.path=${at('data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ];
    this.#process = spawn(this.#program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#url = `http://${address}`;
    await eventually('Prometheus', () =>
      fetch(`${this.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  }

  /** Names of the alerts that fire now. */
  async firing(): Promise<ReadonlySet<string>> {
    const response = await fetch(`${this.#url}/api/v1/alerts`);
    const { data } = (await response.json()) as {
      readonly data: { readonly alerts: readonly { state: string; labels: { alertname: string } }[] };
    };
    const firing = data.alerts.filter(({ state }) => state === 'firing');
    return new Set(firing.map(({ labels }) => labels.alertname.replace('AuditSnapshot', '')));
  }

  async stop(): Promise<void> {
    if (!this.#process) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill();
    await exit;
  }
}
