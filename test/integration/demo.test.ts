import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { identify } from '../../dev/stack/processIdentity';
import { eventually } from '../harness/eventually';

const CLI = resolve(__dirname, '../../dist/src/cli/main.js');

interface Demo {
  readonly process: ChildProcess;
  readonly stdout: string[];
  readonly stderr: string[];
  /** Settles when the demo waits for Ctrl-C. */
  readonly waiting: Promise<void>;
}

function startDemo(...flags: string[]): Demo {
  const child = spawn(process.execPath, [CLI, 'demo', '--records', '300', ...flags], {
    env: { ...process.env, AUDIT_CHUNK_RECORDS: '100' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => stdout.push(line));
  const waiting = new Promise<void>((done, fail) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      stderr.push(line);
      if (line.includes('until Ctrl-C')) done();
    });
    child.once('exit', (code) => fail(new Error(`the demo ended with ${code}:\n${stderr.join('\n')}`)));
  });
  waiting.catch(() => undefined);
  return { process: child, stdout, stderr, waiting };
}

/** Processes of this product that a demo has started. */
function childrenOf({ process: { pid } }: Demo): number[] {
  const listed = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(pid)]).toString();
  const ours = listed.split('\n').filter((line) => /(worker|http)\/main\.js/.test(line));
  return ours.map((line) => Number.parseInt(line, 10));
}

describe('the demo', () => {
  test('the demo verifies its snapshot, names the record that was altered in a copy, and exits with 0', async () => {
    const demo = startDemo();
    const [code] = await once(demo.process, 'exit');
    expect({ code, stderr: demo.stderr.slice(-20) }).toMatchObject({ code: 0 });
    const verdicts = demo.stdout.filter((line) => /^(NOT )?VERIFIED$/.test(line));
    expect(verdicts).toEqual(['VERIFIED', 'NOT VERIFIED']);
    expect(demo.stdout.at(-1)).toMatch(/^tampering caught: record [0-9a-f]{24} was altered, and named$/);
  });

  test('the demo with --json prints one line of JSON and nothing else', async () => {
    const demo = startDemo('--json');
    const [code] = await once(demo.process, 'exit');
    expect({ code, stderr: demo.stderr.slice(-20) }).toMatchObject({ code: 0 });
    expect(demo.stdout).toHaveLength(1);
    expect(JSON.parse(demo.stdout[0]!)).toMatchObject({
      passed: true,
      seconds: { seal: expect.any(Number) },
    });
  });

  test.each([
    ['Ctrl-C, pressed twice', ['SIGINT', 'SIGINT']],
    ['SIGKILL', ['SIGKILL']],
  ] as const)('after %s no process of the demo is left', async (_, signals) => {
    const demo = startDemo('--keep');
    await demo.waiting;
    const children = childrenOf(demo);
    expect(children).toHaveLength(2);
    for (const signal of signals) demo.process.kill(signal);
    await eventually('the end of its processes', () => children.every((pid) => identify(pid) === undefined));
    expect(children.filter((pid) => identify(pid) !== undefined)).toEqual([]);
  });
});
