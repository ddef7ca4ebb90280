import type { Connection } from 'mongoose';
import { insertRaw } from './rawRecords';

/** A copy of every document of a database, byte for byte, as a backup has it. */
export class DatabaseCopy {
  readonly #collections: ReadonlyMap<string, readonly Uint8Array[]>;

  private constructor(collections: ReadonlyMap<string, readonly Uint8Array[]>) {
    this.#collections = collections;
  }

  static async take(connection: Connection): Promise<DatabaseCopy> {
    const collections = new Map<string, readonly Uint8Array[]>();
    for (const { collectionName } of await connection.db!.collections()) {
      const documents = connection.collection(collectionName).find<Buffer>({}, { raw: true });
      collections.set(collectionName, await documents.toArray());
    }
    return new DatabaseCopy(collections);
  }

  /** Makes the database what it was. */
  async putBack(connection: Connection): Promise<void> {
    for (const { collectionName } of await connection.db!.collections()) {
      await connection.collection(collectionName).deleteMany({});
      const documents = this.#collections.get(collectionName) ?? [];
      if (documents.length > 0) await insertRaw(connection, collectionName, documents);
    }
  }
}
