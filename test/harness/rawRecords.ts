import { connect } from 'node:net';
import { once } from 'node:events';
import { mongo, type Connection } from 'mongoose';

const OP_MSG = 2013;

/**
 * Inserts BSON documents byte for byte: the driver would serialise them again, and cannot express repeated keys or invalid
 * UTF-8 at all. Sends one OP_MSG without credentials; rejects when the server refuses the insert.
 */
export async function insertRaw(
  { host, port, db }: Connection,
  collection: string,
  documents: readonly Uint8Array[],
): Promise<void> {
  const command = mongo.BSON.serialize({
    insert: collection,
    $db: db?.databaseName,
    writeConcern: { w: 'majority', j: true },
  });
  const field = Buffer.from('documents\0');
  const size = Buffer.alloc(4);
  size.writeInt32LE(documents.reduce((sum, { length }) => sum + length, size.length + field.length));
  const body = [Buffer.of(0), command, Buffer.of(1), size, field, ...documents];
  const answer = mongo.BSON.deserialize(await exchange(host, port, body));
  const [refusal] = (answer['writeErrors'] ?? []) as { errmsg: string }[];
  if (answer['ok'] !== 1 || refusal) {
    throw new Error(`insert refused: ${refusal?.errmsg ?? String(answer['errmsg'])}`);
  }
}

/** Sends one message and returns the body document of the answer. */
async function exchange(host: string, port: number, sections: readonly Uint8Array[]): Promise<Buffer> {
  const header = Buffer.alloc(20);
  header.writeInt32LE(
    sections.reduce((sum, { length }) => sum + length, header.length),
    0,
  );
  header.writeInt32LE(1, 4);
  header.writeInt32LE(OP_MSG, 12);
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    socket.write(Buffer.concat([header, ...sections]));
    let received = Buffer.alloc(0);
    for await (const part of socket) {
      received = Buffer.concat([received, part as Buffer]);
      // The document comes after header, flags and section kind.
      if (received.length >= 4 && received.length >= received.readInt32LE(0)) return received.subarray(21);
    }
    throw new Error('the server hung up');
  } finally {
    socket.destroy();
  }
}
