import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ACTIONLINT, INSTALL_MINUTES, findTool, runTool } from './tools';

const WORKFLOWS = resolve(__dirname, '../../../.github/workflows');

const lint = (actionlint: string, input: string) =>
  runTool(actionlint, ['-shellcheck=', '-pyflakes=', '-'], { input });

describe('what actionlint says of the GitHub workflows', () => {
  let actionlint: string;

  beforeAll(async () => {
    actionlint = await findTool(ACTIONLINT);
  }, INSTALL_MINUTES * 60_000);

  test.each(['ci.yml', 'publish.yml'])('%s has no mistake, and one with a misspelt key has', async (name) => {
    const text = readFileSync(join(WORKFLOWS, name), 'utf8');
    expect(await lint(actionlint, text)).toMatchObject({ code: 0, output: '' });
    expect((await lint(actionlint, text.replace('runs-on:', 'run-on:'))).output).toContain('run-on');
  });
});
