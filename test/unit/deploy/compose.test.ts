import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { NAMES } from '../../../src/config/schema';

const ROOT = resolve(__dirname, '../../..');
const FILE = join(ROOT, 'docker-compose.temporal.yml');
const SCHEMA = join(dirname(require.resolve('dclint/package.json')), 'schemas/compose.schema.json');

interface Service {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[];
}

const readFile = () =>
  parse(readFileSync(FILE, 'utf8'), { merge: true }) as { services: Record<string, Service> };

/** What the schema of the compose specification has against a file. */
function complaints(file: object): string[] {
  const { $schema: _, ...schema } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as Record<string, unknown>;
  const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
  const validate = ajv.compile(schema);
  validate(file);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('docker-compose.temporal.yml', () => {
  const { services } = readFile();
  const of = (profile?: string) =>
    Object.keys(services).filter((name) =>
      (services[name]!.profiles ?? [undefined]).includes(profile as never),
    );

  test('is a compose file by the schema of the specification, which refuses one with a misspelt member', () => {
    expect(complaints(readFile())).toEqual([]);
    const { services: wrong } = readFile();
    Object.assign(wrong['worker']!, { enviroment: {} });
    expect(complaints({ services: wrong })).not.toEqual([]);
  });

  test('starts the servers alone by default, and the product and its monitoring by profile', () => {
    expect(of()).toEqual([
      'temporal',
      'mongo',
      'vault',
      'vault-provision',
      'storage',
      'storage-folders',
      'storage-provision',
    ]);
    expect(of('app')).toEqual(['indexes', 'worker', 'service']);
    expect(of('watch')).toEqual(['prometheus', 'grafana']);
  });

  test('publishes every port on the loopback address alone', () => {
    const ports = Object.values(services).flatMap(({ ports: published = [] }) => published);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(ports.length).toBeGreaterThan(5);
  });

  test('pins every image by a version', () => {
    const tags = Object.values(services).map(({ image }) => image.split(':')[1]);
    expect(tags.filter((tag) => !/^(v?\d+\.\d+\.\d+|local)$/.test(tag ?? ''))).toEqual([]);
  });

  test('mounts files and folders that are in the repository', () => {
    const mounted = Object.values(services)
      .flatMap(({ volumes = [] }) => volumes)
      .filter((volume) => volume.startsWith('./'))
      .map((volume) => volume.split(':')[0]!);
    expect(mounted.length).toBeGreaterThan(2);
    expect(mounted.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('leaves the health check of worker and job service to the image', () => {
    for (const name of ['worker', 'service']) expect(services[name]).not.toHaveProperty('healthcheck');
  });

  test.each(of('app'))(
    'gives the %s settings that exist, and never the volume with the key of the vault',
    (name) => {
      const { environment = {}, volumes = [] } = services[name]!;
      const settings = Object.keys(environment).map((variable) => variable.replace(/_FILE$/, ''));
      expect(settings.filter((setting) => !NAMES.includes(setting))).toEqual([]);
      expect(volumes.filter((volume) => volume !== 'app-secrets:/run/app:ro')).toEqual([]);
    },
  );
});
