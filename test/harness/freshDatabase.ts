import { randomUUID } from 'node:crypto';
import { connectDatabase, ensureIndexes } from '../../src/mongo/connection';

export type Connection = Awaited<ReturnType<typeof connectDatabase>>;

/** Empty databases of the test stack with their indexes; all of them are closed at the end. */
export class FreshDatabases {
  readonly #connections: Connection[] = [];

  async connect(): Promise<Connection> {
    const uri = new URL(process.env['MONGODB_URI'] ?? '');
    uri.pathname = `/t${randomUUID().slice(0, 8)}`;
    const connection = await connectDatabase(uri.href);
    this.#connections.push(connection);
    await ensureIndexes(connection);
    return connection;
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }
}
