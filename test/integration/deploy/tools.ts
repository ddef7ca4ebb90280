import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot } from '../../../dev/stack/cache';
import { withLock } from '../../../dev/stack/lock';
import { findOnPath } from '../../../dev/stack/searchPath';

/** A program that checks deployment files, and the shell script that installs it into the working directory. */
interface CheckTool {
  readonly name: string;
  readonly version: string;
  readonly script: string;
  /** What the script leaves, relative to the working directory. */
  readonly result: string;
}

export const INSTALL_MINUTES = 20;

const goInstall = (path: string) => `CGO_ENABLED=0 GOBIN="$PWD" go install -ldflags='-s -w' ${path}`;

export const HELM: CheckTool = {
  name: 'helm',
  version: '3.22.0',
  script: goInstall('helm.sh/helm/v3/cmd/helm@v3.22.0'),
  result: 'helm',
};

/** With apt, Debian's package is unpacked in seconds. Otherwise Go builds it, which takes several minutes. */
export const PROMTOOL: CheckTool = {
  name: 'promtool',
  version: '1',
  script: `
    if command -v apt-get dpkg > /dev/null; then
      mkdir -p apt/lists/partial apt/archives/partial
      apt="apt-get -q -o Dir::State::Lists=$PWD/apt/lists -o Dir::Cache=$PWD/apt -o APT::Sandbox::User="
      $apt update
      $apt download prometheus
      dpkg -x prometheus_*.deb unpacked
      mv unpacked/usr/bin/promtool .
      rm -r apt unpacked prometheus_*.deb
    else
      ${goInstall('github.com/prometheus/prometheus/cmd/promtool@v0.316.0')}
    fi`,
  result: 'promtool',
};

/** The server, for the campaign of the alerts; promtool comes in the same package. */
export const PROMETHEUS: CheckTool = {
  ...PROMTOOL,
  name: 'prometheus',
  script: PROMTOOL.script.replaceAll('promtool', 'prometheus'),
  result: 'prometheus',
};

/** A folder of Python modules that contains the schemas of all recent versions of Kubernetes. */
export const KUBERNETES_VALIDATE: CheckTool = {
  name: 'kubernetes-validate',
  version: '1.37.0',
  script: `
    python3 -m venv venv
    venv/bin/pip install --quiet --target modules kubernetes-validate==1.37.0
    rm -r venv`,
  result: 'modules',
};

/** Path of a tool: on PATH, else in the user-level cache, where it is installed first if need be. */
export async function findTool(tool: CheckTool): Promise<string> {
  const found = findOnPath(tool.name, process.env);
  if (found !== undefined && tool.result === tool.name) return found;
  const directory = join(cacheRoot(process.env), tool.name, tool.version);
  const room = `${directory}.draft`;
  mkdirSync(dirname(directory), { recursive: true });
  await withLock(`${directory}.lock`, {}, async () => {
    if (existsSync(directory)) return;
    rmSync(room, { recursive: true, force: true });
    mkdirSync(room);
    await promisify(execFile)('timeout', [`${INSTALL_MINUTES}m`, 'sh', '-euc', tool.script], { cwd: room });
    renameSync(room, directory);
  });
  return join(directory, tool.result);
}

/** Checks the syntax of GitHub workflows, and the expressions in them. */
export const ACTIONLINT: CheckTool = {
  name: 'actionlint',
  version: '1.7.12',
  script: goInstall('github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'),
  result: 'actionlint',
};

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** Both streams. */
  readonly output: string;
}

/** Runs a program for at most a minute: how it ended, and what it printed. */
export function runTool(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<Ran> {
  return new Promise((settle) => {
    const { env = process.env, input } = options;
    const child = execFile(
      program,
      [...args],
      { env, timeout: 60_000, maxBuffer: 2 ** 26 },
      (_, stdout, stderr) => settle({ code: child.exitCode ?? -1, stdout, output: `${stdout}${stderr}` }),
    );
    if (input !== undefined) child.stdin?.end(input);
  });
}
