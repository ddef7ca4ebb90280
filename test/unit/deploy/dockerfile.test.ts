import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { environmentOf, lastStage, parseDockerfile } from '../../integration/deploy/dockerfile';

const ROOT = resolve(__dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('the Dockerfile', () => {
  const instructions = parseDockerfile(read('deploy/Dockerfile'));
  const image = lastStage(instructions);
  const textOf = (name: string) => image.find((instruction) => instruction.name === name)!.rest;

  test('copies from the checkout exactly what .dockerignore allows', () => {
    const copied = instructions
      .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from='))
      .flatMap(({ rest }) => rest.split(' ').slice(0, -1));
    const [, ...allowed] = read('.dockerignore')
      .split('\n')
      .filter((line) => /^[^#]/.test(line));
    expect(new Set(allowed)).toEqual(new Set(copied.map((path) => `!${path}`)));
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names every base image by an exact version', () => {
    const version = instructions.find(({ name }) => name === 'ARG')!.rest.split('=')[1];
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const bases = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest.split(' ')[0]);
    expect(bases).toEqual([
      'node:${NODE_VERSION}-bookworm',
      expect.stringMatching(/^debian:bookworm-\d{8}-slim$/),
    ]);
  });

  test('runs as a numeric user who is not root, and listens where others can reach it', () => {
    expect(textOf('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(environmentOf(image)).toEqual({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      PORT: '8080',
      WORKER_HTTP_PORT: '9464',
      JOB_SERVICE_METRICS_PORT: '9465',
    });
    expect(textOf('EXPOSE')).toBe('8080 9464 9465');
  });

  test('is the command line of the package, and a worker by default', () => {
    const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> };
    expect(JSON.parse(textOf('ENTRYPOINT'))).toEqual(['node', bin['audit-snapshot']]);
    expect(JSON.parse(textOf('CMD'))).toEqual(['worker']);
    expect(textOf('HEALTHCHECK')).toMatch(/ CMD \["node", "deploy\/healthcheck\.cjs"\]$/);
  });
});

test('a continued line is one instruction, also with a comment in its middle', () => {
  expect(parseDockerfile('FROM a AS b\nRUN one \\\n  # why\n  && two\n')).toEqual([
    { name: 'FROM', rest: 'a AS b' },
    { name: 'RUN', rest: 'one && two' },
  ]);
});
