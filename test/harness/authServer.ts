import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { mongo } from 'mongoose';
import { locateInCache } from '../../dev/stack/cache';
import { mongo as MONGO_SERVER } from '../../dev/stack/servers/mongo';
import { keepSecret } from './leaks/secretRegistry';
import type { Role } from './roleScript';

const PASSWORD = keepSecret('a password of MongoDB', `canary-${randomUUID()}`);

/** An embedded MongoDB server of its own: with users and roles, and with `tls` only over TLS. */
export class AuthServer implements AsyncDisposable {
  readonly admin: mongo.MongoClient;
  readonly #address: string;
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #options: string;

  private constructor(process: ChildProcess, directory: string, address: string, options: string) {
    this.#process = process;
    this.#directory = directory;
    this.#address = address;
    this.#options = options;
    this.admin = new mongo.MongoClient(this.uri('root', 'admin').replace('/admin?', '/?'), {
      runtimeAdapters: { os },
    });
  }

  /** `more` are arguments of the server, `options` those of every URI. */
  static async start(more: readonly string[] = [], options = ''): Promise<AuthServer> {
    const { binary } = locateInCache(MONGO_SERVER.tool, process.env);
    const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-auth-'));
    writeFileSync(join(directory, 'empty.toml'), '');
    const args = ['--config', join(directory, 'empty.toml'), '--host', '127.0.0.1', '--port', '0'];
    const store = [
      '--storage-path',
      join(directory, 'data'),
      '--cache-size',
      '128M',
      '--log-level',
      'WARNING',
    ];
    const child = spawn(binary, [...args, ...store, '--auth', ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines = createInterface({ input: child.stderr });
    createInterface({ input: child.stdout }).on('line', (line) => lines.emit('line', line));
    for (;;) {
      const [line] = (await once(lines, 'line')) as [string];
      const [, address] = /listening on (\S+)/.exec(line) ?? [];
      if (address === undefined) continue;
      const server = new AuthServer(child, directory, address, options);
      await server.#createRoot();
      return server;
    }
  }

  /** The URI of a database for one of its users. */
  uri(user: string, database: string, authSource = database): string {
    return `mongodb://${user}:${PASSWORD}@${this.#address}/${database}?directConnection=true&authSource=${authSource}${this.#options}`;
  }

  /** Creates a user with exactly this role, both named after the role. */
  async grant(database: string, { name, privileges }: Role): Promise<string> {
    const db = this.admin.db(database);
    await db.command({ createRole: name, privileges, roles: [] });
    await db.command({ createUser: name, pwd: PASSWORD, roles: [name] });
    return this.uri(name, database);
  }

  /** Replaces the rights of a role; connections that are open have the new ones from then on. */
  async replace(database: string, { name, privileges }: Role): Promise<void> {
    await this.admin.db(database).command({ updateRole: name, privileges, roles: [] });
  }

  async #createRoot(): Promise<void> {
    // The first user of a server is created without a login, from the machine itself.
    const first = new mongo.MongoClient(`mongodb://${this.#address}/?directConnection=true${this.#options}`, {
      runtimeAdapters: { os },
    });
    await first.db('admin').command({ createUser: 'root', pwd: PASSWORD, roles: ['root'] });
    await first.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.admin.close();
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await exit;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
