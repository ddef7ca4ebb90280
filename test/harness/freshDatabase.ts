import { connectDatabase } from '../../src/mongo/connection';
import { createIndexes } from '../../src/mongo/indexes';
import { databaseUri, uniqueName } from './deployment';

export type Connection = Awaited<ReturnType<typeof connectDatabase>>;

/** Empty databases of the test stack with their indexes; `close` closes all of them. */
export class FreshDatabases {
  readonly #connections: Connection[] = [];

  async connect(): Promise<Connection> {
    const connection = await connectDatabase(databaseUri(uniqueName('t')));
    this.#connections.push(connection);
    await createIndexes(connection);
    return connection;
  }

  /** Another connection to the database of a connection. */
  async reconnect({ name }: Connection): Promise<Connection> {
    const connection = await connectDatabase(databaseUri(name));
    this.#connections.push(connection);
    return connection;
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }
}
